/** Undoes what a run has done, the last first, each with its own attempts. */
import { quote } from '../errors/stepwright-error.ts'
import { isChild, type StateDefinition, type Work } from '../definition/definition.ts'
import type { Run } from '../model/run.ts'
import { Memos } from '../store/memos.ts'
import { PartList, type Part } from '../store/part-list.ts'
import { nextUndo, type Undoable } from '../store/undo-list.ts'
import type { Kept } from './attempt-parts.ts'
import { judgeBy } from './failing.ts'
import { isOurs, type Hold } from './hold.ts'
import { invoke, STOPPED } from './invocation.ts'
import { SOURCE } from './part-queue.ts'

/** The parts of one visit that are being undone. */
interface Undoing {
  readonly key: string
  readonly parts: ReadonlyMap<string, Part>
  readonly items: readonly unknown[]
  /** Names that are left, the next one last. */
  readonly left: string[]
}

/** What is undone next: one visit, or one part of it. */
interface Target {
  readonly part?: string
  readonly work: Work
  readonly args: readonly unknown[]
}

export class Undoer {
  readonly #hold: Hold
  #undoing: Undoing | undefined

  constructor(hold: Hold) {
    this.#hold = hold
  }

  /** Undoes one thing, or ends the undoing. `false`: it was stopped. */
  async next(stop: AbortSignal): Promise<boolean> {
    const { run, kernel, turn } = this.#hold
    const entry = await nextUndo(kernel.store, run.id, run.undoing?.since ?? 0)
    if (!entry) {
      await this.#hold.commit({ type: 'all-undone', worker: kernel.worker })
      return true
    }
    const { name, states } = turn.loaded.machine.definition
    const state = states.get(entry.state)
    if (!state || !undoes(state)) {
      // it was noted down because there was something to undo
      const message = `${name} has no compensation of ${quote(entry.state)} any more`
      const failure = { name: 'Error', message, code: 'needs-migration' }
      await this.#hold.commit({ type: 'undo-failed', entry, failure })
      return true
    }
    const target = await this.#target(entry, state)
    if (!target) {
      await this.#hold.commit({ type: 'undone', entry }, { delete: [entry.done] })
      return true
    }
    return this.#undo(entry, target, stop)
  }

  async #undo(entry: Undoable, { part, work, args }: Target, stop: AbortSignal): Promise<boolean> {
    const { run, kernel } = this.#hold
    const name = `${part === undefined ? '' : `${part}/`}undo`
    // the handler sees the visit that it undoes
    const { signal: _none, ...rest } = run
    const visit: Run = { ...rest, state: entry.state, visits: { ...run.visits, [entry.state]: entry.visit } }
    const memos = await Memos.load(kernel.store, visit, `/${name}`)
    const kept: Kept = { log: [], session: [] }
    const what = `${work.method} of ${quote(entry.state)}`
    const list = new PartList(visit)
    const of = part === undefined ? {} : { part }
    try {
      const { method, timeoutMs, heartbeatMs } = work
      const invocation = {
        method,
        args,
        timeoutMs,
        heartbeatMs,
        what: () => what,
        memos: this.#hold.bookOf(memos),
        part: { name, attempt: run.attempt },
      }
      if ((await invoke(visit, invocation, await this.#hold.callParts(stop), kept)) === STOPPED) return false
      const row =
        part === undefined
          ? undefined
          : list.put(part, { ...(this.#undoing?.parts.get(part) as Part), undone: true })
      const event = { type: 'undone', entry, log: [...kept.log, ...memos.notes], ...of } as const
      const along = { put: row ? [row.put] : [], delete: [...memos.dropped(), ...(row ? [] : [entry.done])] }
      await this.#hold.commitOutcome({ event, session: kept.session }, along)
    } catch (thrown) {
      if (isOurs(thrown)) throw thrown
      const { failure, retryAt } = judgeBy(work.retry, run.attempt, thrown, kernel.host)
      const again = retryAt === undefined ? {} : { retryAt }
      await this.#hold.commit({ type: 'undo-failed', entry, ...of, failure, log: kept.log, ...again })
    }
    return true
  }

  async #target(entry: Undoable, state: StateDefinition): Promise<Target | undefined> {
    if (state.kind === 'final') return undefined
    if (entry.result) {
      const { machine } = this.#hold.turn.loaded
      const { to, data } = entry.result
      const member = machine.definition.states.get(to)?.member ?? to
      return state.undo && { work: state.undo, args: [entry.input, { state: member, data }] }
    }
    const { left, parts, items } = await this.#partsOf(entry, state)
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const part = parts.get(name)
      const work = state.kind === 'parallel' ? state.branches.get(name)?.undo : state.undo
      if (!part || !work) continue
      const item: unknown = part.item ?? items[Number(name)]
      return {
        part: name,
        work,
        args: state.kind === 'parallel' ? [entry.input, part.result] : [part.result, item],
      }
    }
    return undefined
  }

  /** The parts of a visit that have done something, read once. */
  async #partsOf(entry: Undoable, state: StateDefinition): Promise<Undoing> {
    // its place in the stack is used again after a transaction was undone
    const key = `${entry.done.key} ${entry.state} ${entry.visit} ${this.#hold.run.attempt}`
    if (this.#undoing?.key === key) return this.#undoing
    const { run, kernel } = this.#hold
    const { store } = kernel
    const parts = await new PartList({
      id: run.id,
      state: entry.state,
      visits: { [entry.state]: entry.visit },
    }).load(store)
    const over =
      state.kind === 'map' && !isChild(state.item)
        ? state.over(entry.input, { ...kernel.resources, taken: 0 })
        : []
    const items = Symbol.iterator in Object(over) ? [...(over as Iterable<unknown>)] : []
    const left = [...parts]
      .filter(
        ([name, { status, undone }]) =>
          (state.kind !== 'map' || name !== SOURCE) && status === 'done' && undone !== true,
      )
      .sort(([a, x], [b, y]) => x.at - y.at || (a < b ? -1 : 1))
      .map(([name]) => name)
    return (this.#undoing = { key, parts, items, left })
  }
}

function undoes(state: StateDefinition): boolean {
  if (state.kind === 'parallel') return [...state.branches.values()].some(({ undo }) => undo !== undefined)
  return state.kind !== 'final' && state.undo !== undefined
}
