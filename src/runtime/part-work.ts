import { quote } from '../errors/stepwright-error.ts'
import { isChild, type Branch, type ForkState, type Work } from '../definition/definition.ts'
import type { WorkList } from '../definition/shape.ts'
import { FatalError, toFailure } from '../model/failure.ts'
import type { Memos } from '../store/memos.ts'
import type { Part, PartList } from '../store/part-list.ts'
import type { Schema } from '../model/schema.ts'
import type { Put } from '../store/store.ts'
import type { Kept } from './attempt-parts.ts'
import { edgeFor, judgeBy } from './failing.ts'
import { fit } from '../model/fitting.ts'
import type { Hold } from './hold.ts'
import { invoke, STOPPED, type CallParts } from './invocation.ts'
import type { PartBook } from './part-book.ts'
import { redactionFor } from './secrets.ts'
import type { Next } from './part-queue.ts'

/** What an item asks of the work list, in order. */
type Asked =
  | { readonly items: readonly unknown[]; readonly priority: number }
  | { readonly priorityOf: (item: unknown, index: number) => number }

/** How an attempt of a part ended, and what goes with it. */
export interface Ended {
  readonly part: Part
  readonly session: Kept['session']
  readonly asked: readonly Asked[]
}

/** What becomes of the work list when a result is saved. */
export interface Listed {
  readonly rows: readonly NamedRow[]
  readonly added: readonly string[]
  readonly priorities: ReadonlyMap<string, number>
}

/** A row of a part, with its name. */
interface NamedRow {
  readonly name: string
  readonly part: Part
  readonly put: Put
}

/** Calls the methods of branches and items. */
export class PartWork {
  readonly #hold: Hold
  readonly #state: ForkState
  readonly #call: CallParts
  readonly #book: PartBook

  constructor(hold: Hold, state: ForkState, call: CallParts, book: PartBook) {
    this.#hold = hold
    this.#state = state
    this.#call = call
    this.#book = book
  }

  /** One attempt; `undefined`: it was stopped. Never throws for what a handler does. */
  async attempt(
    name: string,
    item: unknown,
    before: Part | undefined,
    memos: Memos,
  ): Promise<Ended | undefined> {
    const { host } = this.#call
    const { run } = this.#hold
    const { method, timeoutMs, heartbeatMs, retry, schema } = this.#workOf(name)
    const attempts = (before?.attempts ?? 0) + 1
    const kept: Kept = { log: [], session: [] }
    const asked: Asked[] = []
    const what = quote(`${this.#state.name}/${name}`)
    const invocation = {
      method,
      args: this.#state.kind === 'map' ? [item, run.data] : [run.data],
      timeoutMs,
      heartbeatMs,
      what: () => what,
      memos: this.#hold.bookOf(memos),
      part: { name, attempt: attempts },
      ...(this.#state.kind === 'map' ? { more: { work: this.#workList(asked) } } : {}),
    }
    const log = (lines: NonNullable<Part['log']> = [...memos.notes, ...kept.log]): Pick<Part, 'log'> =>
      lines.length > 0 ? { log: lines } : {}
    const none = { session: [], asked: [] }
    try {
      const returned = await invoke(run, invocation, this.#call, kept)
      if (returned === STOPPED) return undefined
      const result = await fit(
        schema,
        returned,
        'invalid-data',
        `The result of ${what}`,
        this.#call.limits.value,
      )
      const part: Part = { status: 'done', at: host.now(), attempts, result, ...keepItem(before), ...log() }
      return { part, session: kept.session, asked }
    } catch (raw) {
      const redaction = redactionFor(run, this.#call.machine, { session: this.#call.session })
      const thrown = redaction ? redaction.thrown(raw) : raw
      const { failure, retryAt } = judgeBy(retry, attempts, thrown, host)
      const failed = { at: host.now(), attempts, failure, ...keepItem(before) }
      if (retryAt !== undefined)
        return { part: { status: 'retry', retryAt, ...failed, ...log(kept.log) }, ...none }
      return { part: { status: 'failed', ...failed, ...log(), ...this.#edgeOf(thrown) }, ...none }
    }
  }

  /** A part that could not be kept as it had ended. What it has said is left out: that may be the cause. */
  unkept({ status, at, attempts = 0, failure, retryAt, ...part }: Part, thrown: unknown): Part {
    // an item that cannot be stored is the cause itself
    const same = { at, attempts, ...keepItem({ ...part, ...(status === 'open' ? { item: undefined } : {}) }) }
    if (status === 'retry' && failure && retryAt !== undefined) return { status, ...same, failure, retryAt }
    return { status: 'failed', ...same, failure: failure ?? toFailure(thrown), ...this.#edgeOf(thrown) }
  }

  /** The catch edge of the state that an error is for, by number, since its class is not stored. */
  #edgeOf(thrown: unknown): Pick<Part, 'edge'> {
    const edge = edgeFor(this.#state, thrown)
    return edge ? { edge: this.#state.catches.indexOf(edge) } : {}
  }

  /** What an item has asked of the work list, as rows. Where it cannot be done, nothing of it is. */
  listed({ asked }: Ended, list: PartList): Listed {
    const at = this.#call.host.now()
    const rows = new Map<string, Part>()
    const priorities = new Map<string, number>()
    const added: Next[] = []
    try {
      for (const each of asked) {
        if ('items' in each) {
          const fresh = this.#book.queue.add(each.items)
          added.push(...fresh)
          for (const { name, item } of fresh)
            rows.set(name, { status: 'open', at, item, priority: each.priority })
          if (each.priority !== 0) for (const { name } of fresh) priorities.set(name, each.priority)
          continue
        }
        for (const { name, item } of [
          ...added,
          ...this.#book.queue.names.map((n) => ({ name: n, item: this.#book.queue.itemOf(n) })),
        ]) {
          const priority = readPriority(each.priorityOf(item, Number(name)))
          if (priority === (priorities.get(name) ?? this.#book.queue.priorityOf(name))) continue
          priorities.set(name, priority)
          rows.set(name, {
            ...(rows.get(name) ?? this.#book.parts.get(name) ?? { status: 'open', at }),
            priority,
          })
        }
      }
      return {
        rows: [...rows].map(([name, part]) => ({ name, ...list.put(name, part) })),
        added: added.map(({ name }) => name),
        priorities,
      }
    } catch (error) {
      this.#book.queue.forget(added.length)
      throw error
    }
  }

  /** What was saved counts. */
  openListed({ added, priorities }: Listed): void {
    this.#book.queue.prioritize(priorities)
    this.#book.queue.open(added)
  }

  #workList(asked: Asked[]): WorkList {
    const book = this.#book
    return {
      get open() {
        return book.open
      },
      add: (items, { priority = 0 } = {}) =>
        void asked.push({ items: [...items], priority: readPriority(priority) }),
      prioritize: (priorityOf) => void asked.push({ priorityOf }),
    }
  }

  #workOf(name: string): Work & { readonly schema: Schema } {
    const state = this.#state
    if (state.kind === 'parallel') return state.branches.get(name) as Branch
    if (state.kind === 'map' && !isChild(state.item)) return state.item
    throw new TypeError(`${quote(state.name)} has no method for ${quote(name)}`)
  }
}

/** The item stays with its part where it does not follow from the state's data. */
function keepItem(before: Pick<Part, 'item' | 'streamed'> | undefined): Pick<Part, 'item' | 'streamed'> {
  if (!before || !('item' in before)) return {}
  return { item: before.item, ...(before.streamed ? { streamed: true } : {}) }
}

function readPriority(priority: unknown): number {
  if (typeof priority === 'number' && Number.isFinite(priority)) return priority
  throw new FatalError(`a priority is ${String(priority)}, not a number`)
}
