/**
 * The run document: the only authoritative write. It holds what {@link Run} holds, and the newest history.
 *
 * I1  A commit names the revision it was made from; the store refuses it unless that revision stands.
 * I8  Data, vars and what the history holds are encoded exactly, or refused with their path before anything is written.
 * I10 A document that is damaged, foreign or of a newer format is told apart from an absent one when it is read.
 * I11 Its size does not grow with the number of steps: large parts and old history are pieces.
 */
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Happening, HistoryEvent } from '../model/history.ts'
import { joinKey } from '../model/identifier.ts'
import type { Run } from '../model/run.ts'
import { encodeHappening } from './encoded-happening.ts'
import { findData, HistoryLog, isCheckpoint, type HistoryPosition } from './history-log.ts'
import { PieceShelf } from './piece-shelf.ts'
import { endRows, timerRows } from './run-rows.ts'
import type { Seal } from './seal.ts'
import type { Batch, Put, Row, Store } from './store.ts'
import { FORMAT, readStored, type Framed } from './stored-run.ts'
import { undoPut, type UndoEntry } from './undo-list.ts'

/** What documents are read and written with. */
export interface DocumentParts {
  readonly store: Store
  readonly newId: () => string
  readonly seal: Seal
}

/** What else must happen together with a commit; `undo` is noted down as what can be undone later. */
export type Along = Pick<Batch, 'put' | 'delete' | 'check'> & { readonly undo?: UndoEntry }

/** Waits, and says whether to try a write again that failed for the `tries`th time. */
export type Patience = (error: StepwrightError, tries: number) => Promise<boolean>

/** The store does not answer, or is not to be had, for now. */
export function isAway(error: unknown): error is StepwrightError {
  return error instanceof StepwrightError && ['store-unavailable', 'store-busy'].includes(error.code)
}

const impatient: Patience = () => Promise.resolve(false)

/** One run's document in the hands of whoever drives it. */
export class RunDocument {
  readonly #parts: DocumentParts
  readonly #shelf: PieceShelf
  #run: Run
  #revision: number
  #log: HistoryLog

  private constructor(parts: DocumentParts, shelf: PieceShelf, run: Run, revision: number, log: HistoryLog) {
    this.#parts = parts
    this.#shelf = shelf
    this.#run = run
    this.#revision = revision
    this.#log = log
  }

  /** A run that is not stored yet; the first commit creates it. */
  static create(parts: DocumentParts, run: Run): RunDocument {
    return new RunDocument(parts, new PieceShelf(parts.newId), run, 0, new HistoryLog(parts.seal))
  }

  /** The stored run with its data. */
  static async load(parts: DocumentParts, id: string, row: Row): Promise<RunDocument> {
    const { store, newId, seal } = parts
    const stored = readStored(id, row, seal)
    const { data, vars, signal, votes, undoing, history, tail, ...rest } = stored
    const shelf = new PieceShelf(newId)
    const found = await findData({ id, data, tail }, store, seal)
    const rare = { ...(signal && { signal }), ...(votes && { votes }), ...(undoing && { undoing }) }
    const whole = { data: found.data, vars, ...rare }
    const decoded = (await shelf.decode(whole, store)) as Pick<Run, 'data' | 'vars' | 'signal'>
    const { format: _f, crc: _c, mac: _m, head: _h, ...run } = rest as typeof rest & Framed
    const log = HistoryLog.stored(seal, history, tail, decoded.data, found.carrier)
    return new RunDocument(parts, shelf, { ...run, ...decoded } as Run, row.revision, log)
  }

  /** A run whose document was lost, in place of what is stored at that revision; the next commit writes it. */
  static rebuilt(
    parts: DocumentParts,
    run: Run,
    revision: number,
    history: HistoryPosition,
    tail: readonly HistoryEvent[],
  ): RunDocument {
    const log = HistoryLog.stored(parts.seal, history, tail, run.data, 'document')
    return new RunDocument(parts, new PieceShelf(parts.newId), run, revision, log)
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
      put: [put, ...fresh, ...timers.put, ...endRows(this.#run, next), ...undo, ...(along.put ?? [])],
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
        return (await this.#parts.store.write(batch)) || (tries > 1 && (await this.#landed(value)))
      } catch (error) {
        if (!isAway(error)) throw error
        if (await this.#landed(value).catch(() => false)) return true
        if (!(await patience(error, tries))) throw error
      }
    }
  }

  /** Whether a write of unknown outcome took place: the stored text is ours to the letter. A hash of its history would not do: two workers can tell the same. */
  async #landed(value: string): Promise<boolean> {
    const [row] = await this.#parts.store.get('run', [this.#run.id])
    return row?.revision === this.#revision + 1 && row.value === value
  }

  #encode(next: Run, happenings: readonly Happening[]): { put: Put; log: HistoryLog } {
    const shelf = this.#shelf
    try {
      const data = shelf.encode(next.data, 'data')
      const part = (value: unknown, where: string): unknown =>
        value === next.data ? data : shelf.encode(value, where)
      const encoded = happenings.map((h) => encodeHappening(h, part))
      const carries = happenings.some((h) => isCheckpoint(h) && h.data === next.data)
      const log = this.#log.with(encoded, next.updatedAt, carries ? next.data : undefined)
      const own = JSON.stringify(headOf(next, shelf))
      const { store, seal } = this.#parts
      const { fields, tail } = log.write(
        next.id,
        own.length,
        next.data,
        data,
        shelf,
        this.#revision === 0 || store.crowded === true,
      )
      const head = `${own.slice(1, -1)},${fields}`
      const value = `{${seal.mark(head)},"head":${head.length},${head},"tail":[${tail}]}`
      const { status, worker } = this.#run
      const sameTag = this.#revision > 0 && status === next.status && worker === next.worker
      const tag = sameTag ? {} : { tag: tagOf(next) }
      return { put: { collection: 'run', key: next.id, value, expect: this.#revision, ...tag }, log }
    } catch (error) {
      shelf.forget(shelf.takeFresh())
      throw error
    }
  }
}

type Headed = Record<Exclude<keyof Run, 'data'>, unknown>

/** What a document holds besides data and history, encoded. One literal, so that all heads have one shape. */
function headOf(run: Run, shelf: PieceShelf): Headed & { readonly format: number } {
  const { signal, votes, undoing } = run
  return {
    format: FORMAT,
    id: run.id,
    workflow: run.workflow,
    version: run.version,
    status: run.status,
    state: run.state,
    visits: run.visits,
    since: run.since,
    attempt: run.attempt,
    spent: run.spent,
    childrenSpent: run.childrenSpent,
    vars: shelf.encode(run.vars, 'vars'),
    session: run.session,
    signal: signal && shelf.encode(signal, 'signal'),
    votes: votes && shelf.encode(votes, 'signal'),
    reminded: run.reminded,
    reminding: run.reminding,
    timer: run.timer,
    recoveries: run.recoveries,
    memos: run.memos,
    worker: run.worker,
    failure: run.failure,
    undoing: undoing && shelf.encode(undoing, 'data'),
    undoable: run.undoable,
    transaction: run.transaction,
    paused: run.paused,
    deadline: run.deadline,
    parent: run.parent,
    schedule: run.schedule,
    forkedFrom: run.forkedFrom,
    startedBy: run.startedBy,
    inputHash: run.inputHash,
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
  }
}

/** `status/worker`: what a worker has to recover is listed without reading documents. */
export function tagOf({ status, worker }: Pick<Run, 'status' | 'worker'>): string {
  return `${status}/${worker === undefined ? '' : joinKey(worker)}`
}
