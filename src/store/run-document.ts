/**
 * The run document: the only authoritative write. It holds what {@link Run} holds, and the newest history.
 *
 * I1  A commit names the revision it was made from; the store refuses it unless that revision stands.
 * I8  Data, vars and what the history holds are encoded exactly, or refused with their path before anything is written.
 * I10 A document that is damaged, foreign or of a newer format is told apart from an absent one when it is read.
 * I11 Its size does not grow with the number of steps: large parts and old history are pieces.
 */
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Happening, HistoryEvent } from '../model/history.ts'
import { joinKey } from '../model/identifier.ts'
import { TIMERS, type Run } from '../model/run.ts'
import { STATUSES } from '../model/status.ts'
import { encodeHappening } from './encoded-happening.ts'
import { findData, HistoryLog, isCheckpoint, readHistory, type HistoryPosition } from './history-log.ts'
import { refuseLocked } from './locked-row.ts'
import { PieceShelf } from './piece-shelf.ts'
import { endRows, timerRows } from './run-rows.ts'
import type { Batch, Put, Row, Store } from './store.ts'
import { isTombstone } from './tombstone.ts'
import { undoPut, type UndoEntry } from './undo-list.ts'

const FORMAT = 1

/** A run as it is stored, `data` and `vars` still encoded. */
export type StoredRun = Run & { readonly history: HistoryPosition; readonly tail: readonly HistoryEvent[] }

const failureSchema = z.looseObject({ name: z.string(), message: z.string() })
const storedSchema = z.looseObject({
  format: z.literal(FORMAT),
  id: z.string(),
  workflow: z.string(),
  version: z.number(),
  status: z.enum(STATUSES),
  state: z.string(),
  visits: z.record(z.string(), z.number()),
  attempt: z.number(),
  session: z.string(),
  recoveries: z.number(),
  memos: z.number(),
  timer: z.object({ kind: z.enum(TIMERS), at: z.number() }).optional(),
  signal: z.looseObject({ name: z.string(), id: z.string() }).optional(),
  failure: failureSchema.optional(),
  history: z.looseObject({ seq: z.number(), chain: z.string(), segment: z.string().optional() }),
  tail: z.array(z.looseObject({ seq: z.number(), type: z.string() })),
})

/** What else must happen together with a commit; `undo` is noted down as what can be undone later. */
export type Along = Pick<Batch, 'put' | 'delete' | 'check'> & { readonly undo?: UndoEntry }

/** Waits, and says whether to try a write again that failed for the `tries`th time. */
export type Patience = (error: StepwrightError, tries: number) => Promise<boolean>

const impatient: Patience = () => Promise.resolve(false)

/** One run's document in the hands of whoever drives it. */
export class RunDocument {
  readonly #store: Store
  readonly #shelf: PieceShelf
  #run: Run
  #revision: number
  #log: HistoryLog

  private constructor(store: Store, shelf: PieceShelf, run: Run, revision: number, log: HistoryLog) {
    this.#store = store
    this.#shelf = shelf
    this.#run = run
    this.#revision = revision
    this.#log = log
  }

  /** A run that is not stored yet; the first commit creates it. */
  static create(store: Store, run: Run, newId: () => string): RunDocument {
    return new RunDocument(store, new PieceShelf(newId), run, 0, new HistoryLog())
  }

  /** The stored run with its data, or `undefined` where there is none. */
  static async load(store: Store, id: string, newId: () => string): Promise<RunDocument | undefined> {
    const [row] = await store.get('run', [id])
    if (!row || isTombstone(row)) return undefined
    const { data, vars, signal, votes, undoing, history, tail, ...rest } = readStored(id, row)
    const shelf = new PieceShelf(newId)
    const found = findData(data, tail)
    const rare = { ...(signal && { signal }), ...(votes && { votes }), ...(undoing && { undoing }) }
    const whole = { data: found.data, vars, ...rare }
    const decoded = (await shelf.decode(whole, store)) as Pick<Run, 'data' | 'vars' | 'signal'>
    const { format: _format, crc: _crc, ...run } = rest as typeof rest & { format: unknown; crc: unknown }
    return new RunDocument(
      store,
      shelf,
      { ...run, ...decoded } as Run,
      row.revision,
      new HistoryLog(history, tail, found.inTail ? decoded.data : undefined),
    )
  }

  get run(): Run {
    return this.#run
  }

  get revision(): number {
    return this.#revision
  }

  /** What a write must find for this document still to be the newest one. */
  get fence(): NonNullable<Batch['check']>[number] {
    return { collection: 'run', key: this.#run.id, revision: this.#revision }
  }

  /**
   * Writes the next revision with its history and what belongs to it. `false`: another one stands; nothing was
   * written. While the store is unavailable the same write is tried again for as long as `patience` says so.
   */
  async commit(
    next: Run,
    happenings: readonly Happening[],
    along: Along = {},
    patience: Patience = impatient,
  ): Promise<boolean> {
    const { put, log } = this.#encode(next, happenings)
    const undo = along.undo ? [undoPut(next.id, next.undoable ?? 0, along.undo, this.#shelf)] : []
    const timers = timerRows(this.#revision === 0 ? undefined : this.#run, next)
    const fresh = this.#shelf.takeFresh()
    const batch: Batch = {
      put: [...fresh, put, ...timers.put, ...endRows(this.#run, next), ...undo, ...(along.put ?? [])],
      delete: [...timers.delete, ...(along.delete ?? [])],
      check: along.check ?? [],
    }
    let written = false
    try {
      written = await this.#write(batch, put.value, patience)
    } finally {
      if (!written) this.#shelf.forget(fresh)
    }
    if (!written) return false
    this.#run = next
    this.#revision += 1
    this.#log = log
    return true
  }

  async #write(batch: Batch, value: string, patience: Patience): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return (await this.#store.write(batch)) || (tries > 1 && (await this.#landed(value)))
      } catch (error) {
        if (!(error instanceof StepwrightError) || error.code !== 'store-unavailable') throw error
        if (await this.#landed(value).catch(() => false)) return true
        if (!(await patience(error, tries))) throw error
      }
    }
  }

  /** Whether a write of unknown outcome took place: the stored text is ours to the letter. A hash of its history would not do: two workers can tell the same. */
  async #landed(value: string): Promise<boolean> {
    const [row] = await this.#store.get('run', [this.#run.id])
    return row?.revision === this.#revision + 1 && row.value === value
  }

  #encode(next: Run, happenings: readonly Happening[]): { put: Put; log: HistoryLog } {
    const { data: plainData, vars: plainVars, signal, votes, undoing, ...rest } = next
    try {
      const data = this.#shelf.encode(plainData, 'data')
      const vars = this.#shelf.encode(plainVars, 'vars')
      const part = (value: unknown, where: string): unknown =>
        value === plainData ? data : this.#shelf.encode(value, where)
      const encoded = happenings.map((h) => encodeHappening(h, part))
      const carried = happenings.some((h) => isCheckpoint(h) && h.data === plainData)
      const log = this.#log.with(encoded, next.updatedAt, carried ? plainData : undefined)
      const head = JSON.stringify({
        format: FORMAT,
        ...rest,
        ...(signal && { signal: this.#shelf.encode(signal, 'signal') }),
        ...(votes && { votes: this.#shelf.encode(votes, 'signal') }),
        ...(undoing && { undoing: this.#shelf.encode(undoing, 'data') }),
        vars,
      })
      const body = `${head.slice(1, -1)},${log.write(head.length, plainData, data, this.#shelf)}}`
      const value = `{"crc":${crc32(body)},${body}`
      const { status, worker } = this.#run
      const sameTag = this.#revision > 0 && status === next.status && worker === next.worker
      const tag = sameTag ? {} : { tag: tagOf(next) }
      return { put: { collection: 'run', key: next.id, value, expect: this.#revision, ...tag }, log }
    } catch (error) {
      this.#shelf.forget(this.#shelf.takeFresh())
      throw error
    }
  }
}

/** `status/worker`: what a worker has to recover is listed without reading documents. */
export function tagOf({ status, worker }: Pick<Run, 'status' | 'worker'>): string {
  return `${status}/${worker === undefined ? '' : joinKey(worker)}`
}

/** Reads and checks one row. */
export function readStored(id: string, { value }: Row): StoredRun {
  refuseLocked(value)
  const damaged = (why: string, cause?: unknown): StepwrightError =>
    new StepwrightError('corrupt-document', {
      what: `The document of run ${JSON.stringify(id)} ${why}`,
      remedy: 'Restore it from a backup; other runs are not affected',
      cause,
      details: { run: id },
    })
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch (error) {
    throw damaged('is not JSON', error)
  }
  const { crc, format } = (parsed ?? {}) as { crc?: unknown; format?: unknown }
  if (typeof crc !== 'number' || crc32(value.slice(value.indexOf(',') + 1)) !== crc)
    throw damaged('was changed or cut off (its checksum does not fit)')
  if (typeof format === 'number' && format > FORMAT) {
    throw new StepwrightError('store-newer', {
      what: `The document of run ${JSON.stringify(id)} has format ${format}; this version knows ${FORMAT}`,
      remedy: 'Install the newer stepwright',
      details: { run: id },
    })
  }
  const checked = storedSchema.safeParse(parsed)
  if (!checked.success)
    throw damaged(
      `does not have the shape of a run: ${checked.error.issues[0]?.path.join('.')} ${checked.error.issues[0]?.message}`,
    )
  if (checked.data.id !== id) throw damaged(`is that of run ${JSON.stringify(checked.data.id)}`)
  return parsed as StoredRun
}

/** The history of a stored run after entry number `after`, decoded. */
export async function readEvents(
  store: Store,
  stored: StoredRun,
  after: number,
): Promise<readonly HistoryEvent[]> {
  const entries = await readHistory(store, stored.history, stored.tail, after)
  return (await new PieceShelf(() => '').decode(entries, store)) as readonly HistoryEvent[]
}
