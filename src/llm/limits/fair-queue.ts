/** Something that waits for its turn. */
export interface Queued {
  /** Whose it is: flows take turns. */
  readonly flow: string
  /** What it waits for: of one flow, those that wait for the same go in the order in which they came. */
  readonly lane: string
  /** What its turn costs the flow. */
  readonly cost: number
  /** It does not wait any more, and is passed over. */
  readonly gone: boolean
}

interface Flow<T extends Queued> {
  readonly name: string
  /** What the flow has had, divided by its weight. The flow that has had least is next. */
  pass: number
  readonly lanes: Map<string, Lane<T>>
}

/**
 * Weighted fair queueing: the flow that has had least goes next, and one that comes anew begins where the others stand.
 * So of n flows that always have something waiting, each gets its share whatever the others have queued up.
 * Source: Waldspurger and Weihl, "Stride Scheduling", MIT, 1995.
 */
export class FairQueue<T extends Queued> {
  readonly #weight: (flow: string) => number
  readonly #flows = new Map<string, Flow<T>>()
  /** Those that wait, by what they have had. */
  #waiting: Flow<T>[] = []
  #now = 0
  #count = 0
  #sweepAt = 1_000

  constructor(weight: (flow: string) => number = () => 1) {
    this.#weight = weight
  }

  /** Flows that have something waiting. */
  get flows(): number {
    return this.#waiting.length
  }

  push(item: T): void {
    const flow = this.#flows.get(item.flow) ?? { name: item.flow, pass: 0, lanes: new Map<string, Lane<T>>() }
    const comes = flow.lanes.size === 0
    const lane = flow.lanes.get(item.lane) ?? new Lane<T>()
    lane.push(item, (this.#count += 1))
    flow.lanes.set(item.lane, lane)
    if (!comes) return
    flow.pass = Math.max(flow.pass, this.#now)
    this.#flows.set(item.flow, flow)
    this.#enter(flow)
  }

  /** The one whose turn it is, of those for which `mayGo` holds. It stays where it is. */
  next(mayGo: (item: T) => boolean): T | undefined {
    let left = false
    let item: T | undefined
    for (const flow of this.#waiting) {
      item = firstOf(flow, mayGo)
      if (item) break
      left ||= flow.lanes.size === 0
    }
    if (left) this.#waiting = this.#waiting.filter(({ lanes }) => lanes.size > 0)
    return item
  }

  /** Takes out the one that `next` has given. */
  take(item: T): void {
    const flow = this.#flows.get(item.flow)
    const lane = flow?.lanes.get(item.lane)
    if (!flow || !lane) return
    lane.shift()
    if (!lane.first) flow.lanes.delete(item.lane)
    this.#waiting.splice(this.#waiting.indexOf(flow), 1)
    this.#now = Math.max(this.#now, flow.pass)
    flow.pass += item.cost / this.#weight(item.flow)
    if (flow.lanes.size > 0) this.#enter(flow)
    else if (this.#flows.size > this.#sweepAt) this.#sweep()
  }

  /** Behind those that have had as much. */
  #enter(flow: Flow<T>): void {
    let low = 0
    let high = this.#waiting.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#waiting[middle]?.pass ?? 0) <= flow.pass) low = middle + 1
      else high = middle
    }
    this.#waiting.splice(low, 0, flow)
  }

  /** What an absent flow has had too much is remembered until the others have caught up, or nobody waits. */
  #sweep(): void {
    const idle = this.#waiting.length === 0
    for (const [name, { lanes, pass }] of this.#flows)
      if (lanes.size === 0 && (idle || pass <= this.#now)) this.#flows.delete(name)
    this.#sweepAt = Math.max(1_000, 2 * this.#flows.size)
  }
}

/** The one that came first, of the heads of a flow's lanes. */
function firstOf<T extends Queued>(flow: Flow<T>, mayGo: (item: T) => boolean): T | undefined {
  let best: { readonly item: T; readonly number: number } | undefined
  for (const [name, lane] of flow.lanes) {
    const { first } = lane
    if (!first) flow.lanes.delete(name)
    else if ((!best || first.number < best.number) && mayGo(first.item)) best = first
  }
  return best?.item
}

/** First in, first out; those that are gone are dropped when they come to the front. */
class Lane<T extends Queued> {
  #items: { readonly item: T; readonly number: number }[] = []
  #head = 0

  get first(): { readonly item: T; readonly number: number } | undefined {
    while (this.#items[this.#head]?.item.gone) this.shift()
    return this.#items[this.#head]
  }

  push(item: T, number: number): void {
    this.#items.push({ item, number })
  }

  shift(): void {
    this.#head += 1
    if (this.#head < 1_000 || this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
