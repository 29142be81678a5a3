import { quote } from '../errors/stepwright-error.ts'
import { isChild, type Branch, type ForkState, type Work } from '../definition/definition.ts'
import type { WorkList } from '../definition/shape.ts'
import type { Memos } from '../store/memos.ts'
import type { Part, PartList } from '../store/part-list.ts'
import type { Schema } from '../model/schema.ts'
import type { Put } from '../store/store.ts'
import type { Kept } from './context.ts'
import { edgeFor, judgeBy } from './failing.ts'
import { fit } from './fitting.ts'
import type { Hold } from './hold.ts'
import { invoke, STOPPED, type CallParts } from './invocation.ts'
import type { Next, PartQueue } from './part-queue.ts'

/** How an attempt of a part ended, and what goes with it. */
export interface Ended {
  readonly part: Part
  readonly session: Kept['session']
  readonly added: { readonly items: readonly unknown[]; readonly priority: number; next?: readonly Next[] }[]
  readonly prioritized: ((item: unknown, index: number) => number)[]
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
  readonly #queue: PartQueue
  readonly #open: () => number

  constructor(hold: Hold, state: ForkState, call: CallParts, queue: PartQueue, open: () => number) {
    this.#hold = hold
    this.#state = state
    this.#call = call
    this.#queue = queue
    this.#open = open
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
    const added: Ended['added'] = []
    const prioritized: Ended['prioritized'] = []
    const what = quote(`${this.#state.name}/${name}`)
    const invocation = {
      method,
      args: this.#state.kind === 'map' ? [item, run.data] : [run.data],
      timeoutMs,
      heartbeatMs,
      what,
      memos: this.#hold.bookOf(memos),
      part: { name, attempt: attempts },
      ...(this.#state.kind === 'map' ? { more: { work: this.#workList(added, prioritized) } } : {}),
    }
    const log = (): Pick<Part, 'log'> => (kept.log.length > 0 ? { log: kept.log } : {})
    const none = { session: [], added: [], prioritized: [] }
    try {
      const returned = await invoke(run, invocation, this.#call, kept)
      if (returned === STOPPED) return undefined
      const result = await fit(schema, returned, 'invalid-data', `The result of ${what}`)
      const part: Part = { status: 'done', at: host.now(), attempts, result, ...keepItem(before), ...log() }
      return { part, session: kept.session, added, prioritized }
    } catch (thrown) {
      const { failure, retryAt } = judgeBy(retry, attempts, thrown, host)
      const failed = { at: host.now(), attempts, failure, ...keepItem(before), ...log() }
      if (retryAt !== undefined) return { part: { status: 'retry', retryAt, ...failed }, ...none }
      return { part: { status: 'failed', ...failed, ...this.edgeOf(thrown) }, ...none }
    }
  }

  /** The catch edge of the state that an error is for, by number, since its class is not stored. */
  edgeOf(thrown: unknown): Pick<Part, 'edge'> {
    const edge = edgeFor(this.#state, thrown)
    return edge ? { edge: this.#state.catches.indexOf(edge) } : {}
  }

  /** The rows of items that a handler has added, and of priorities it has given. */
  addedRows(
    { added, prioritized }: Ended,
    list: PartList,
    parts: ReadonlyMap<string, Part>,
  ): readonly NamedRow[] {
    const at = this.#call.host.now()
    const rows = new Map<string, Part>()
    for (const each of added) {
      each.next = this.#queue.add(each.items)
      for (const { name, item } of each.next)
        rows.set(name, { status: 'open', at, item, priority: each.priority })
    }
    for (const priorityOf of prioritized)
      for (const [name, priority] of this.#queue.prioritize(priorityOf))
        rows.set(name, { ...(parts.get(name) ?? { status: 'open', at }), priority })
    return [...rows].map(([name, part]) => ({ name, ...list.put(name, part) }))
  }

  /** Items that were saved may begin. */
  openAdded({ added }: Ended): void {
    for (const { next = [], priority } of added)
      this.#queue.open(
        next.map(({ name }) => name),
        priority,
      )
  }

  #workList(added: Ended['added'], prioritized: Ended['prioritized']): WorkList {
    const open = this.#open
    return {
      get open() {
        return open()
      },
      add: (items, { priority = 0 } = {}) => void added.push({ items: [...items], priority }),
      prioritize: (priorityOf) => void prioritized.push(priorityOf),
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
function keepItem(before: Part | undefined): Pick<Part, 'item'> {
  return before && 'item' in before ? { item: before.item } : {}
}
