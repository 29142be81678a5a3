import { bind, type Bindable, type Recorded, type Scope } from '../definition/scope.ts'
import type { RunInfo } from '../definition/shape.ts'
import { spentIn, type EarlyNote, type Happening, type Note } from '../model/history.ts'
import type { RecordedOutcome } from './item.ts'
import { NOTHING_SPENT, plus, type Spent } from '../model/model-call.ts'

/** What an item has done on its way to its output. */
export interface Trace {
  /** The states that its run has visited, in order. Empty for a function. */
  readonly path: readonly string[]
  /** The tools that a model has called, in order: those of branches, items and child runs where they were joined, by name and number. */
  readonly tools: readonly string[]
  /** The history of its run; of a function its model calls and tool calls. */
  readonly history: readonly Happening[]
  /** What all its model calls have cost. */
  readonly spent: Spent
}

/** Writes down what an item does. */
export class Tracer implements Trace {
  readonly history: Happening[] = []
  readonly path: string[] = []
  readonly tools: string[] = []
  /** What has cost something outside the history: child runs. */
  #more: Spent = NOTHING_SPENT

  get spent(): Spent {
    return plus(spentIn(this.history), this.#more)
  }

  tell(...happenings: readonly Happening[]): void {
    for (const each of happenings) {
      this.history.push(each)
      if (each.type === 'started' || each.type === 'moved') this.path.push(each.to)
      if (each.type === 'tool-called') this.tools.push(each.tool)
    }
  }

  /** All tools that were called, once that is known. */
  called(tools: readonly string[]): void {
    this.tools.splice(0, Infinity, ...tools)
  }

  /** What was done at another time. */
  recall({ path = [], tools = [], spent = NOTHING_SPENT }: Omit<RecordedOutcome, 'output'>): void {
    this.path.push(...path)
    this.tools.push(...tools)
    this.#more = plus(this.#more, spent)
  }

  /** What another run has done for this one. */
  tellOther(happenings: readonly Happening[]): void {
    this.#more = plus(this.#more, spentIn(happenings))
  }
}

/** One item outside a run, as a resource sees it: nothing is kept, and each call is told to the tracer. */
export class ItemScope implements Scope {
  readonly run: RunInfo
  readonly session: string
  readonly #tracer: Tracer

  constructor(id: string, evaluation: string, tracer: Tracer, signal: AbortSignal) {
    this.#tracer = tracer
    this.session = id
    const once = { visit: 1, attempt: 1, votes: [], signal }
    this.run = { id, workflow: evaluation, state: 'item', idempotencyKey: id, ...once }
  }

  get spent(): Spent {
    return this.#tracer.spent
  }

  async record<T>(_key: string, make: () => Promise<Recorded<T>>, early?: () => EarlyNote): Promise<T> {
    const { value, note } = await make()
    if (note) this.#tracer.tell({ ...early?.(), ...note } as Note)
    return value
  }

  /** Nobody follows it. */
  stream(key: string) {
    return { name: key, push: () => undefined, end: () => Promise.resolve() }
  }

  tell(note: Note): void {
    this.#tracer.tell(note)
  }
}

/** A resource whose calls are told to a scope; itself where it knows of none. */
export function boundTo<T>(resource: T, scope: Scope): T {
  const bindable = resource as Partial<Bindable<T>> | null | undefined
  return typeof bindable?.[bind] === 'function' ? bindable[bind](scope) : resource
}
