/**
 * Whether what is stored of a run is as the engine wrote it: every entry of its history against the hashes, every piece
 * against what refers to it, the document against what the history leads to, and the rows beside it against their checksums.
 */
import { isDeepStrictEqual } from 'node:util'
import { StepwrightError, quote, whatOf } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import { checkId } from '../model/identifier.ts'
import type { Run } from '../model/run.ts'
import { decode, piecesIn } from '../store/codec.ts'
import { walkHistory, type Problem } from '../store/history-walk.ts'
import { gatherPieces } from '../store/piece-shelf.ts'
import { sideRows } from '../store/side-rows.ts'
import type { DocumentParts } from '../store/run-document.ts'
import type { Store } from '../store/store.ts'
import type { StoredRun } from '../store/stored-run.ts'
import { inputHashOf } from '../runtime/creation.ts'
import type { Kernel } from '../runtime/kernel.ts'
import { phaseOf, retell, Untold, type Told } from './retelling.ts'
import { unknownRun } from './run-store.ts'
import { damageIn } from './side-damage.ts'

/** What was found out about a run. */
export interface Verification {
  readonly run: string
  /** Nothing is wrong with it. */
  readonly ok: boolean
  /** With a key: nobody without it could have changed anything unseen. */
  readonly signed: boolean
  /** Entries of its history. */
  readonly entries: number
  /** Sealed parts of its history. */
  readonly segments: number
  /** Large values of their own. */
  readonly pieces: number
  /** Rows beside its document: letters, saved results, parts, and what is to be undone. */
  readonly rows: number
  readonly problems: readonly Problem[]
}

/** Reads all that is stored of a run and checks it. Throws `unknown-run`, `key-missing`, `store-newer`. */
export async function verifyRun(id: string, { documents }: Pick<Kernel, 'documents'>): Promise<Verification> {
  const { store } = documents.parts
  const audit = new Audit(documents.parts)
  checkId('run', id)
  const rows = await audit.attempt(() => store.get('run', [id]))
  if (rows && !rows[0]) throw unknownRun(id, store)
  const row = rows?.[0]
  const stored = row && (await audit.attempt(() => documents.read(id, row)))
  if (stored) await audit.attempt(() => audit.read(stored))
  if (stored && audit.sound)
    await audit.attempt(async () => audit.compare((await documents.load(id, row))?.run))
  await audit.attempt(() => audit.readSides(id, stored))
  return audit.report(id)
}

class Audit {
  readonly #parts: DocumentParts
  readonly #problems: Problem[] = []
  readonly #pieces = new Set<string>()
  #entries = 0
  #segments = 0
  #rows = 0
  #told: Told | undefined

  constructor(parts: DocumentParts) {
    this.#parts = parts
  }

  get sound(): boolean {
    return this.#problems.length === 0
  }

  report(run: string): Verification {
    const { signs: signed } = this.#parts.seal
    const [entries, segments, pieces] = [this.#entries, this.#segments, this.#pieces.size]
    const [rows, problems] = [this.#rows, this.#problems]
    return { run, ok: this.sound, signed, entries, segments, pieces, rows, problems }
  }

  /** What is damaged is a problem, and no error. */
  async attempt<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StepwrightError) || error.code !== 'corrupt-document') throw error
      this.#problems.push({ what: whatOf(error) })
      return undefined
    }
  }

  async read(stored: StoredRun): Promise<void> {
    const { store, seal } = this.#parts
    for await (const { entries, segments, problems } of walkHistory(store, seal, stored)) {
      this.#entries += entries.length
      this.#segments += segments
      this.#problems.push(...problems)
      const texts = await this.#gather(entries, store)
      if (this.sound) this.#retell(entries, texts)
    }
    if (this.sound && stored.history.seq !== this.#entries)
      this.#problems.push({
        what: `Its document says that it has ${stored.history.seq} history entries, and it has ${this.#entries}`,
      })
    const { data, vars, signal, votes, undoing } = stored
    await this.#gather([{ data, vars, signal, votes, undoing }], store)
  }

  async readSides(id: string, stored: StoredRun | undefined): Promise<void> {
    const { store } = this.#parts
    for await (const rows of sideRows(store, id)) {
      this.#rows += rows.length
      for (const { collection, key, what, remedy } of damageIn(rows, stored))
        this.#problems.push({ what, row: { collection, key }, remedy })
      await this.#gather(
        rows.map(({ encoded }) => encoded),
        store,
      )
    }
  }

  /** The texts of all pieces that these refer to; one by one only where some are lost, to say by which. */
  async #gather(values: readonly unknown[], store: Store): Promise<ReadonlyMap<string, string>> {
    const { texts, lost } = await gatherPieces(values, store)
    for (const ref of texts.keys()) this.#pieces.add(ref)
    if (lost.length === 0) return texts
    for (const value of values) {
      if (piecesIn(value).length === 0) continue
      for (const { piece, why } of (await gatherPieces(value, store)).lost) {
        const { seq } = value as Partial<HistoryEvent>
        this.#problems.push({
          what: `A value is ${why}`,
          ...(seq === undefined ? {} : { entry: seq }),
          piece,
        })
      }
    }
    return texts
  }

  #retell(entries: readonly HistoryEvent[], texts: ReadonlyMap<string, string>): void {
    for (const entry of entries) {
      try {
        this.#told = retell(this.#told, decode(entry, (ref) => texts.get(ref) as string) as HistoryEvent)
      } catch (error) {
        const why = error instanceof Untold ? error.message : 'it cannot be read'
        this.#problems.push({ what: `Its history does not make sense: ${why}`, entry: entry.seq })
        return
      }
    }
  }

  /** The document must say what the history leads to. */
  compare(run: Run | undefined): void {
    const told = this.#told
    if (!run || !told) {
      this.#problems.push({ what: 'It has no history' })
      return
    }
    for (const [field, is, was] of claims(run, told))
      if (!isDeepStrictEqual(is, was))
        this.#problems.push({
          what: `Its document says ${field} ${quote(is)}, and its history leads to ${quote(was)}`,
        })
  }
}

/** What document and history both say. */
function* claims(run: Run, told: Told): Generator<readonly [field: string, is: unknown, was: unknown]> {
  const same = [
    'workflow',
    'version',
    'state',
    'visits',
    'since',
    'data',
    'vars',
    'session',
    'transaction',
    'startedBy',
    'forkedFrom',
    'parent',
    'schedule',
    'spent',
    'childrenSpent',
    'createdAt',
    'updatedAt',
  ] as const
  for (const field of same) yield [field, run[field], told[field]]
  yield ['status', phaseOf(run.status), told.phase]
  yield ['undoable', run.undoable ?? 0, told.undoable]
  yield ['inputHash', run.inputHash, inputHashOf(told.input, told.forkedFrom)]
  if (run.deadline !== undefined) yield ['deadline', run.deadline, told.deadline]
  yield ['votes', (run.votes ?? []).map(sent), told.votes.map(sent)]
}

/** A signal without the time it came, which the history does not tell. */
function sent({ at: _at, ...signal }: NonNullable<Run['votes']>[number]): object {
  return signal
}
