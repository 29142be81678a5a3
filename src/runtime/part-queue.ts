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
  /** Those that may begin, sorted, the next one last. */
  #open: string[] = []
  /** Those that wait for their next attempt. */
  readonly #retrying = new Set<string>()
  /** When the first of those may begin. */
  #retryAt = Infinity
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
    const taken = [...saved.values()].filter((part) => part.streamed).length
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
      if (part?.priority !== undefined) this.#priorities.set(name, part.priority)
      if (part?.status === 'retry') this.putBack(name)
      else if (part === undefined || part.status === 'open') this.#open.push(name)
    }
    if (this.#priorities.size > 0) this.#open.sort(this.#compare)
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
    if (now >= this.#retryAt) this.#openDue(now)
    const name = this.#open.pop()
    return name === undefined ? undefined : { name, item: this.itemOf(name) }
  }

  /** Puts a part back that will be tried again. */
  putBack(name: string): void {
    this.#retrying.add(name)
    this.#retryAt = Math.min(this.#retryAt, this.#saved.get(name)?.retryAt ?? 0)
  }

  /** When the next part that waits may begin. */
  get nextAt(): number | undefined {
    return this.#retrying.size === 0 ? undefined : this.#retryAt
  }

  #openDue(now: number): void {
    this.#retryAt = Infinity
    for (const name of this.#retrying) {
      const { retryAt = 0 } = this.#saved.get(name) ?? {}
      if (retryAt > now) {
        this.#retryAt = Math.min(this.#retryAt, retryAt)
        continue
      }
      this.#retrying.delete(name)
      this.#insert(name)
    }
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

  /** Takes back the names that were given last. */
  forget(added: number): void {
    this.#count -= added
  }

  /** Lets new items begin. */
  open(names: readonly string[]): void {
    for (const name of names) this.#insert(name)
  }

  /** Those that have not begun, or wait for their next attempt. */
  get names(): readonly string[] {
    return [...this.#open, ...this.#retrying]
  }

  priorityOf(name: string): number {
    return this.#priorities.get(name) ?? 0
  }

  prioritize(priorities: ReadonlyMap<string, number>): void {
    if (priorities.size === 0) return
    for (const [name, priority] of priorities) this.#priorities.set(name, priority)
    this.#open.sort(this.#compare)
  }

  /** Ends the stream, if there is one and it was not read to its end. It may take its time: nobody waits for that. */
  close(): void {
    if (this.#ended) return
    void (async () => this.#stream?.return?.())().catch(() => undefined)
  }

  #insert(name: string): void {
    let low = 0
    for (let high = this.#open.length; low < high;) {
      const middle = (low + high) >>> 1
      if (this.#compare(this.#open[middle] as string, name) < 0) low = middle + 1
      else high = middle
    }
    this.#open.splice(low, 0, name)
  }

  /** Highest priority last; among equals the earliest. */
  readonly #compare = (a: string, b: string): number => {
    const difference = this.#priorities.size === 0 ? 0 : this.priorityOf(a) - this.priorityOf(b)
    return difference || (a < b ? 1 : -1)
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

/** The list has outgrown its bound: that concerns the state, not the item that was the last straw. */
export function isTooMany(error: unknown): boolean {
  return error instanceof StepwrightError && error.code === 'too-many-items'
}
