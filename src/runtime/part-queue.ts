import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { MapState } from '../definition/definition.ts'
import { FatalError } from '../model/failure.ts'
import { itemName, type Part } from '../store/part-list.ts'

/** A part that can begin. */
export interface Next {
  readonly name: string
  readonly item?: unknown
}

/** Items of a map or names of branches, in the order in which they begin. */
export class PartQueue {
  /** What does not follow from the state's data alone was saved, by name. */
  readonly #saved: ReadonlyMap<string, Part>
  readonly #items: readonly unknown[]
  readonly #stream: AsyncIterator<unknown> | undefined
  readonly #most: number
  readonly #where: string
  readonly #priorities = new Map<string, number>()
  readonly #retrying = new Set<string>()
  /** Not begun, the next one last. */
  #open: string[] = []
  #count: number
  #ended: boolean

  private constructor(
    saved: ReadonlyMap<string, Part>,
    items: readonly unknown[],
    stream: AsyncIterator<unknown> | undefined,
    most: number,
    where: string,
  ) {
    this.#saved = saved
    this.#items = items
    this.#stream = stream
    this.#most = most
    this.#where = where
    this.#count = items.length
    this.#ended = stream === undefined || saved.has(SOURCE)
  }

  /** The branches of a parallel state, or the one child of a child state. */
  static ofNames(names: readonly string[], saved: ReadonlyMap<string, Part>): PartQueue {
    const queue = new PartQueue(saved, [], undefined, Infinity, '')
    queue.#count = names.length
    queue.#fill([...names].reverse())
    return queue
  }

  /** The items of a map; `source` is what `over` is called with besides the data. */
  static ofMap(
    state: MapState,
    data: unknown,
    saved: ReadonlyMap<string, Part>,
    resources: object,
  ): PartQueue {
    const taken = [...saved.values()].filter(({ item }) => item !== undefined).length
    const over = state.over(data, { ...resources, taken })
    const where = quote(state.name)
    const isStream = Symbol.asyncIterator in Object(over)
    if (!isStream && !(Symbol.iterator in Object(over)))
      throw new FatalError(`over of ${where} gave ${quote(over)}, which cannot be iterated`)
    const stream = isStream ? (over as AsyncIterable<unknown>)[Symbol.asyncIterator]() : undefined
    const items = isStream ? [] : [...(over as Iterable<unknown>)]
    const queue = new PartQueue(saved, items, stream, state.most, where)
    for (const name of saved.keys())
      if (name !== SOURCE) queue.#count = Math.max(queue.#count, Number(name) + 1)
    queue.#check(queue.#count)
    queue.#fill(Array.from({ length: queue.#count }, (_, i) => itemName(queue.#count - 1 - i)))
    return queue
  }

  #fill(names: readonly string[]): void {
    for (const name of names) {
      const part = this.#saved.get(name)
      if (part === undefined || part.status === 'open' || part.status === 'retry') this.#open.push(name)
      if (part?.status === 'retry') this.#retrying.add(name)
      if (part?.priority !== undefined) this.#priorities.set(name, part.priority)
    }
    if (this.#priorities.size > 0) this.#sort()
  }

  /** All items are known. */
  get ended(): boolean {
    return this.#ended
  }

  /** Items known so far. */
  get count(): number {
    return this.#count
  }

  itemOf(name: string): unknown {
    const index = Number(name)
    return index < this.#items.length ? this.#items[index] : this.#saved.get(name)?.item
  }

  /** The next part that may begin now; `undefined`: none is left, or all that are left wait for their next attempt. */
  take(now: number): Next | undefined {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const name = this.#open[i] as string
      if ((this.#saved.get(name)?.retryAt ?? 0) > now) continue
      this.#open.splice(i, 1)
      this.#retrying.delete(name)
      return { name, item: this.itemOf(name) }
    }
    return undefined
  }

  /** Puts a part back that will be tried again. */
  putBack(name: string): void {
    this.#open.push(name)
    this.#retrying.add(name)
    if (this.#priorities.size > 0) this.#sort()
  }

  /** When the next part that waits may begin. */
  get nextAt(): number | undefined {
    const times = [...this.#retrying].map((name) => this.#saved.get(name)?.retryAt ?? 0)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** The next item of the stream, named; it has to be saved before it begins. */
  async pull(): Promise<Next | undefined> {
    if (this.#ended || !this.#stream) return undefined
    const { done, value } = await this.#stream.next()
    if (!done) return this.add([value])[0]
    this.#ended = true
    return undefined
  }

  /** Names new items. They begin once they were opened. */
  add(items: readonly unknown[]): readonly Next[] {
    this.#check(this.#count + items.length)
    return items.map((item) => ({ name: itemName(this.#count++), item }))
  }

  open(names: readonly string[], priority: number): void {
    for (const name of names) {
      this.#open.push(name)
      if (priority !== 0) this.#priorities.set(name, priority)
    }
    this.#sort()
  }

  /** Gives every part that has not begun a priority, and says which. */
  prioritize(priorityOf: (item: unknown, index: number) => number): ReadonlyMap<string, number> {
    const given = new Map(
      this.#open.map((name) => [name, Number(priorityOf(this.itemOf(name), Number(name)))]),
    )
    for (const [name, priority] of given) this.#priorities.set(name, priority)
    this.#sort()
    return given
  }

  /** Ends the stream, if there is one and it was not read to its end. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#stream?.return?.()
  }

  /** Highest priority last, then the earliest. */
  #sort(): void {
    if (this.#priorities.size === 0) {
      this.#open.sort((a, b) => (a < b ? 1 : -1))
      return
    }
    const of = (name: string): number => this.#priorities.get(name) ?? 0
    this.#open.sort((a, b) => of(a) - of(b) || (a < b ? 1 : -1))
  }

  #check(count: number): void {
    if (count <= this.#most) return
    throw new StepwrightError('too-many-items', {
      what: `${this.#where} has ${count} items, and its bound is ${this.#most}`,
      remedy: 'Raise "most" of the map, or give it fewer items',
      details: { count, most: this.#most },
    })
  }
}

/** The name under which it is noted that a stream has ended. */
export const SOURCE = 'source'
