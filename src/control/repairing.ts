/**
 * Makes the document of a run anew from its history, where that document is damaged, and takes out damaged rows beside it
 * that the run can do without. What is lost with a document is at
 * most the entries since the last sealed segment: the run stands again where it stood then, and waits for a person.
 *
 * I1 It is written in place of the revision that was found damaged; where another one stands by then, nothing is.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Happening, HistoryEvent } from '../model/history.ts'
import { checkId, joinKey } from '../model/identifier.ts'
import { type Run } from '../model/run.ts'
import { isEnded, type Status } from '../model/status.ts'
import { decode } from '../store/codec.ts'
import { chainOf, type HistoryPosition } from '../store/history-log.ts'
import { gatherPieces } from '../store/piece-shelf.ts'
import { RunDocument, type Along, type DocumentParts } from '../store/run-document.ts'
import { salvage, type Link, type Salvage } from '../store/salvage.ts'
import { readSegments } from '../store/segment.ts'
import type { Delete, Row, Store } from '../store/store.ts'
import { undoDrops, undoHeights } from '../store/undo-list.ts'
import { inputHashOf, startedKey } from '../runtime/creation.ts'
import type { Kernel } from '../runtime/kernel.ts'
import { isEndedPhase, retell, Untold, type Told } from './retelling.ts'
import { unknownRun } from './run-store.ts'
import { findDroppable, type SideDamage } from './side-damage.ts'

/** How a run is repaired. */
export interface RepairOptions {
  /** Only says what would be done. */
  readonly dryRun?: boolean
}

/** What a repaired run is now, and what was lost. */
export interface RepairReport {
  readonly run: string
  /** `false` for a dry run. */
  readonly done: boolean
  /** Its document was damaged and is made anew; else only rows beside it are taken out, and it stands as it did. */
  readonly rebuilt: boolean
  /** Of one that is rebuilt `paused`, or as it had ended. */
  readonly status: Status
  readonly state: string
  /** The newest history entry that is left. */
  readonly upTo: number
  /** How many entries came after it, where that is known. */
  readonly lost?: number
  /** Damaged rows beside its document that are taken out, where there are any, and what comes of it. */
  readonly out?: readonly Out[]
  /** What its damaged document still says of where it stood, where its checksum fits that. */
  readonly was?: { readonly status: string; readonly state: string }
}

/** A row that is taken out. */
type Out = Pick<SideDamage, 'collection' | 'key'> & { readonly without: string }

/** Repairs a run. Throws `not-possible` for one of which nothing is damaged that it can do without, and `corrupt-document` where nothing of its history is left. */
export async function repairRun(
  id: string,
  { dryRun = false }: RepairOptions,
  kernel: Pick<Kernel, 'documents' | 'host' | 'announce'>,
): Promise<RepairReport> {
  const { documents, host, announce } = kernel
  const { parts } = documents
  checkId('run', id)
  for (;;) {
    const [row] = await parts.store.get('run', [id])
    if (!row) throw unknownRun(id, parts.store)
    const document = await readable(id, row, kernel)
    if (document) {
      const { run } = document
      const out = await outOf(parts.store, run)
      if (out.length === 0) throw notDamaged(id)
      if (!dryRun && !(await parts.store.write({ check: [document.fence], delete: out.map(deleted) })))
        continue
      const { status, state } = run
      const upTo = documents.read(id, row).history.seq
      return { run: id, done: !dryRun, rebuilt: false, status, state, upTo, lost: 0, out }
    }
    const saved = await salvage(parts.store, parts.seal, id, row.value)
    const { told, position, tail } = await read(id, saved, parts)
    const lost =
      saved.tail.length > 0 && tail.at(-1)?.seq === told.seq
        ? 0
        : saved.head && saved.head.history.seq - told.seq
    const heights = await undoHeights(parts.store, id)
    const happening = repairedEvent(told, lost, heights)
    const run = runOf(id, retell(told, { seq: told.seq + 1, at: host.now(), ...happening }))
    const { status, state } = run
    const was = saved.head && { was: { status: saved.head.status, state: saved.head.state } }
    const out = await outOf(parts.store, run)
    const report = {
      ...{ run: id, rebuilt: true, status, state, upTo: told.seq },
      ...(lost === undefined ? {} : { lost }),
      ...(out.length > 0 ? { out } : {}),
      ...was,
    }
    if (dryRun) return { ...report, done: false }
    const damaged: Run = { ...run, worker: 'none', ...(status === 'paused' ? { status: 'corrupt' } : {}) } // so that its tag is written too
    const rebuilt = RunDocument.rebuilt(parts, damaged, row.revision, position, tail)
    const { put, delete: stale = [] } = rowsOf(run, heights)
    const along = { ...(put ? { put } : {}), delete: [...stale, ...out.map(deleted)] }
    if (!(await rebuilt.commit(run, [happening], along))) continue // it was written meanwhile
    announce({ run, revision: rebuilt.revision, happenings: [happening] })
    return { ...report, done: true }
  }
}

/** The document, where it can be read. */
async function readable(
  id: string,
  row: Row,
  { documents }: Pick<Kernel, 'documents'>,
): Promise<RunDocument | undefined> {
  try {
    return await documents.load(id, row)
  } catch (error) {
    if (error instanceof StepwrightError && error.code === 'corrupt-document') return undefined
    throw error
  }
}

async function outOf(store: Store, run: Run): Promise<readonly Out[]> {
  const found = await findDroppable(store, run)
  return found.map(({ collection, key, without = '' }) => ({ collection, key, without }))
}

function deleted({ collection, key }: Out): Delete {
  return { collection, key }
}

function notDamaged(id: string): StepwrightError {
  return new StepwrightError('not-possible', {
    what: `The document of run ${quote(id)} can be read, so there is nothing to repair`,
    remedy: 'See whether all else that is stored of it can be read too with `stepwright verify`',
    details: { run: id },
  })
}

interface Reading {
  readonly told: Told
  readonly position: HistoryPosition
  /** Entries that do not stand in a segment, or in one that cannot be kept as a whole. */
  readonly tail: readonly HistoryEvent[]
}

/** Reads what was saved of a history as far as its values can be read too. */
async function read(id: string, { links, tail }: Salvage, { store, seal }: DocumentParts): Promise<Reading> {
  let told: Told | undefined
  const kept: Link[] = []
  let rest: readonly HistoryEvent[] = []
  for (const link of [...links, undefined]) {
    const entries = link ? ((await readSegments(store, seal, id, [link.piece]))[0]?.entries ?? []) : tail
    const whole = await retellAll(told, entries, store)
    told = whole.told
    if (link && whole.read === entries.length) {
      kept.push(link)
      continue
    }
    rest = entries.slice(0, whole.read)
    break
  }
  if (!told)
    throw new StepwrightError('corrupt-document', {
      what: `Nothing is left of the history of run ${quote(id)} in ${store.name}`,
      remedy: 'Restore the store from a backup, or start the work again under a new id',
      details: { run: id },
    })
  const base = kept.at(-1)?.end ?? ''
  const texts = rest.map((entry) => JSON.stringify(entry))
  const chain = chainOf(seal, base, texts).at(-1) ?? base
  const named = kept.slice(
    Math.max(
      0,
      kept.findLastIndex(({ before }) => before.length > 0),
    ),
  )
  const segments = named.map(({ piece }) => piece)
  return { told, position: { seq: told.seq, chain, base, segments }, tail: rest }
}

/** Goes on with the story, entry by entry where some values are lost. */
async function retellAll(
  before: Told | undefined,
  entries: readonly HistoryEvent[],
  store: DocumentParts['store'],
): Promise<{ readonly told: Told | undefined; readonly read: number }> {
  const { texts, lost } = await gatherPieces(entries, store)
  let told = before
  for (const [read, entry] of entries.entries()) {
    if (lost.length > 0 && (await gatherPieces(entry, store)).lost.length > 0) return { told, read }
    try {
      told = retell(told, decode(entry, (ref) => texts.get(ref) as string) as HistoryEvent)
    } catch (error) {
      if (error instanceof Untold) return { told, read }
      throw error
    }
  }
  return { told, read: entries.length }
}

/** What is kept to be undone fits the history; what was noted down later comes again with the steps that are done again. */
function repairedEvent(
  { seq, phase, undoing, undoable }: Told,
  lost: number | undefined,
  heights: readonly number[],
): Happening {
  const gap = heights.findIndex((height, i) => height !== i + 1)
  const height = gap < 0 ? heights.length : gap
  const left = (undoing ?? phase === 'compensating') ? height : Math.min(height, undoable)
  return {
    type: 'repaired',
    upTo: seq,
    ...(lost === undefined ? {} : { lost }),
    undoable: isEndedPhase(phase) ? undoable : left,
  }
}

/** A run as its history tells it, in nobody's hands. */
function runOf(id: string, told: Told): Run {
  const { seq: _seq, phase, paused, input, votes, signal, undoing, failure, undoable, ...same } = told
  return {
    ...same,
    id,
    status: phase === 'active' ? 'pending' : phase,
    ...(phase === 'paused' ? { paused: paused === 'compensating' ? 'compensating' : 'pending' } : {}),
    attempt: 1,
    recoveries: 0,
    memos: 0,
    ...(signal ? { signal } : {}),
    ...(votes.length > 0 ? { votes } : {}),
    ...(undoable > 0 ? { undoable } : {}),
    ...(undoing ? { undoing } : {}),
    ...(failure ? { failure } : {}),
    inputHash: inputHashOf(input, told.forkedFrom),
  }
}

/** Its place in the lists, and nothing more to undo than the run knows of. */
function rowsOf({ id, session, createdAt, status, undoable = 0 }: Run, heights: readonly number[]): Along {
  const stale = isEnded(status) ? [] : heights.filter((height) => height > undoable)
  return {
    put: [
      { collection: 'started', key: startedKey(createdAt, id), value: '{}' },
      { collection: 'member', key: joinKey(session, id), value: '{}' },
    ],
    delete: undoDrops(id, stale),
  }
}
