/** What operators do with runs. Each verb is one commit, recorded in the history; see {@link verbsFor} for what fits when. */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Machine } from '../compile/machine.ts'
import { exitsOf } from '../definition/exit.ts'
import { readCaller, type Caller } from '../model/caller.ts'
import { hasLeft, type Run } from '../model/run.ts'
import { isHeld, isParked } from '../model/status.ts'
import { duePut } from '../store/due-list.ts'
import { noticePuts } from '../store/inbox.ts'
import { Memos } from '../store/memos.ts'
import { PartList } from '../store/part-list.ts'
import type { RunDocument } from '../store/run-document.ts'
import { type Along } from '../store/run-document.ts'
import { dropUndoMemos, nextUndo, type Undoable } from '../store/undo-list.ts'
import { telling } from '../runtime/advance.ts'
import { advanceAll, carried } from '../runtime/mapping.ts'
import type { RunEvent } from '../runtime/event.ts'
import { fit } from '../model/fitting.ts'
import type { Kernel } from '../runtime/kernel.ts'
import { orphanPuts } from '../runtime/orphans.ts'
import { checkVerb, spoken, type Verb } from '../runtime/verbs.ts'

/** Why, and by whom. */
export interface Said {
  readonly reason?: string
  readonly as?: Caller
}

export class Control {
  readonly #kernel: Kernel

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /**
   * Pauses, cancels or terminates. A run that a worker has is told, and its worker acts on it: a pause lets the
   * handler at work finish, the others abort it. Resolves when that is stored.
   */
  async ask(kind: 'pause' | 'cancel' | 'terminate', id: string, { reason, as }: Said = {}): Promise<void> {
    const { store, host } = this.#kernel
    const by = as && readCaller(as)
    for (;;) {
      const document = await this.#load(id)
      const { run } = document
      checkVerb(kind, run)
      // what a cancel has to undo is known to the workflow's code alone
      if (isHeld(run) || (kind === 'cancel' && !this.#kernel.library.of(run))) {
        const payload = reason === undefined ? {} : { reason }
        const letter = { payload, at: host.now(), ...(by ? { caller: by } : {}) }
        await store
          .write({ put: noticePuts(id, host.newId(), kind, letter) })
          .finally(() => this.#kernel.nudge()) // a write whose reply was lost is there all the same
        return
      }
      const orphans = kind === 'pause' ? [] : await orphanPuts(run, kind, this.#kernel)
      const said = spoken(reason === undefined ? {} : { reason }, by)
      if (await this.#commit(document, { type: kind, ...said }, { put: orphans })) return
    }
  }

  /** Goes on with a run that is paused or was set aside. One that is active is looked at again. */
  async resume(id: string, { as }: Said = {}): Promise<void> {
    const by = as ? { by: readCaller(as) } : {}
    for (;;) {
      const document = await this.#load(id)
      const { run } = document
      checkVerb('resume', run)
      const parked = isParked(run.status)
      if (!parked && run.status !== 'paused') return
      const event: RunEvent = { type: parked ? 'unparked' : 'unpause', ...by }
      const mapped = run.status === 'needs-migration' ? await this.#mapped(run) : []
      if (await this.#commit(document, [...mapped, event])) return
    }
  }

  /** Tries the failed step again, in the same run: with what it had saved, or with other data, as a new visit. */
  async retry(
    id: string,
    { data, as }: { readonly data?: unknown; readonly as?: Caller } = {},
  ): Promise<void> {
    for (;;) {
      const document = await this.#load(id)
      const { run } = document
      checkVerb('retry', run)
      const { schema } = this.#machine(run).state(run.state)
      const fitted =
        data === undefined
          ? undefined
          : await fit(schema, data, 'invalid-data', `The data for ${quote(run.state)}`)
      const failed = await this.#failedParts(run)
      const event: RunEvent = {
        type: 'retry-by-hand',
        ...(fitted === undefined ? {} : { data: fitted }),
        ...(as ? { by: readCaller(as) } : {}),
      }
      if (await this.#commit(document, event, failed)) return
    }
  }

  /** What fits the loaded code is not mapped; what does not fit it cannot go on. */
  async #mapped(run: Run): Promise<readonly RunEvent[]> {
    const fate = await this.#kernel.library.fateOf(run)
    if (fate.fate === 'maps') return [{ type: 'migrated', ...fate.to }]
    if (fate.fate === 'fits') return []
    if (fate.fate === 'unknown') throw this.#kernel.library.unknown(run.workflow)
    const { reason, remedy } = fate
    throw new StepwrightError('needs-migration', {
      what: `Run ${quote(run.id)} cannot go on: ${reason}`,
      remedy,
      details: { run: run.id, state: run.state, reason },
    })
  }

  /** Moves a run that stands still to one of the declared targets of its state, without its handler. */
  async skip(id: string, target: string | number, data: unknown, { reason, as }: Said = {}): Promise<void> {
    if (as) readCaller(as)
    for (;;) {
      const document = await this.#load(id)
      const { run } = document
      checkVerb('skip', run)
      const machine = this.#machine(run)
      const exits = run.undoing ? [] : exitsOf(machine.state(run.state))
      const { states } = machine.definition
      const to = [...states.values()].find(({ member }) => member === target)?.name ?? String(target)
      const exit = exits.find((each) => each.to === to)
      if (!exit) {
        const targets = [...new Set(exits.map((each) => each.to))]
        throw new StepwrightError('illegal-move', {
          what: `${run.workflow}: ${quote(run.state)} does not go to ${quote(to)}`,
          remedy:
            targets.length > 0
              ? `Skip to one of ${targets.map(quote).join(', ')}`
              : 'It is being undone: resume or terminate it, or leave out the compensation that failed',
          details: { run: id, from: run.state, to, targets },
        })
      }
      const fitted = await fit(machine.state(to).schema, data, 'invalid-data', `The data for ${quote(to)}`)
      const message = `skipped${as ? ` by ${as.id}` : ''}${reason === undefined ? '' : `: ${reason}`}`
      const log = [{ type: 'log', level: 'info', message }] as const
      const orphans = await orphanPuts(run, 'cancel', this.#kernel)
      const plain = exit.by === 'catch' ? ({ by: 'catch', to } as const) : exit
      if (
        await this.#commit(
          document,
          { type: 'moved', exit: plain, data: fitted, cause: 'skip', log },
          { put: orphans },
        )
      )
        return
    }
  }

  /** Leaves out the compensation that failed and goes on with the next. */
  async skipCompensation(id: string, { reason, as }: Said = {}): Promise<void> {
    if (as) readCaller(as)
    for (;;) {
      const document = await this.#load(id)
      const { run } = document
      const { since = 0, part } = run.undoing ?? {}
      checkVerb('skip-compensation', run)
      const entry = await nextUndo(this.#kernel.store, id, since)
      if (!entry) continue // it was left out meanwhile
      const message = `compensation left out${as ? ` by ${as.id}` : ''}${reason === undefined ? '' : `: ${reason}`}`
      const log = [{ type: 'log', level: 'warn', message }] as const
      const of = part === undefined ? {} : { part }
      const event: RunEvent = { type: 'undone', entry, ...of, skipped: true, log }
      if (await this.#commit(document, event, await this.#leftOut(id, entry, part))) return
    }
  }

  /** A part that is left out leaves the others of its visit to be undone. */
  async #leftOut(id: string, { state, visit, done }: Undoable, part: string | undefined): Promise<Along> {
    const { store } = this.#kernel
    const of = { id, state, visits: { [state]: visit } }
    const { delete: memos } = await Memos.dropAll(store, of)
    if (part === undefined) return { delete: [done, ...memos] }
    const list = new PartList(of)
    const left = (await list.load(store)).get(part)
    return { put: left ? [list.put(part, { ...left, undone: true }).put] : [], delete: memos }
  }

  async #load(id: string): Promise<RunDocument> {
    const document = await this.#kernel.documents.load(id)
    if (document) return document
    throw new StepwrightError('unknown-run', {
      what: `There is no run ${quote(id)} in ${this.#kernel.store.name}`,
      remedy: 'List the runs there are with engine.list() or `stepwright list`',
      details: { run: id },
    })
  }

  #machine(run: Run): Machine {
    const loaded = this.#kernel.library.of(run)
    if (loaded) return loaded.machine
    throw this.#kernel.library.unknown(run.workflow)
  }

  /** Failed parts are tried again with their state. */
  async #failedParts(run: Run): Promise<Along> {
    const list = new PartList(run)
    const parts = await list.load(this.#kernel.store)
    const anew = [...parts].flatMap(([name, part]) =>
      part.status === 'failed' ? [list.anew(name, part)] : [],
    )
    return { put: anew.flatMap(({ put = [] }) => put), delete: anew.flatMap((batch) => batch.delete ?? []) }
  }

  /** One commit, with an entry that lets a worker go on from there. `false`: the run has moved meanwhile. */
  async #commit(
    document: RunDocument,
    events: RunEvent | readonly RunEvent[],
    along: Along = {},
  ): Promise<boolean> {
    const { host } = this.#kernel
    const before = document.run
    const now = host.now()
    const advanced = advanceAll(this.#kernel.library, before, [events].flat(), now)
    const over = hasLeft(before, advanced.run)
    const { store } = this.#kernel
    const saved = over ? [await Memos.dropAll(store, before), await dropUndoMemos(store, before)] : []
    const { run, happenings, undo } = telling(
      advanced,
      saved.flatMap(({ notes }) => notes),
    )
    const put = [...(along.put ?? []), ...carried(before, run, host.newId), duePut(now, run.id, host.newId())]
    const memos = saved.flatMap((dropped) => dropped.delete)
    const batch = { put, delete: [...memos, ...(along.delete ?? [])], ...(undo ? { undo } : {}) }
    if (!(await document.commit(run, happenings, batch))) return false
    this.#kernel.announce({ run, revision: document.revision, happenings })
    this.#kernel.nudge()
    return true
  }
}

/** Verbs that can be done with many runs at once. */
export type BulkVerb = Exclude<Verb, 'skip' | 'skip-compensation'>
