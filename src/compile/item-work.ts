import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { MapState } from '../definition/definition.ts'
import type { Settled, WorkList } from '../definition/shape.ts'
import { JoinError, toFailure } from '../model/failure.ts'

interface Entry {
  readonly item: unknown
  readonly index: number
  priority: number
}

/** Works on one item; what it does to the list counts when its result is there. */
export type Work = (item: unknown, index: number, list: WorkList) => Promise<unknown>

/** The items of a map, worked on in memory. */
export class ItemWork {
  readonly #state: MapState
  readonly #work: Work
  readonly #waiting: Entry[] = []
  /** By index, how the items have ended. */
  readonly #ended: Settled<unknown>[] = []
  #count = 0
  #failed = 0
  #settled = 0
  #error: { readonly thrown: unknown } | undefined

  constructor(state: MapState, work: Work) {
    this.#state = state
    this.#work = work
  }

  /** The results of all items in their order, at most `concurrency` worked on at once. Throws where too many fail. */
  async run(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<readonly unknown[]> {
    for await (const item of items) this.#add(item, 0)
    const running = new Set<Promise<void>>()
    for (;;) {
      while (!this.#error && running.size < this.#state.concurrency) {
        const entry = this.#take()
        if (!entry) break
        const one: Promise<void> = this.#workOn(entry).finally(() => running.delete(one))
        running.add(one)
      }
      if (this.#error) throw this.#error.thrown
      if (running.size === 0) break
      await Promise.race(running)
    }
    const { tolerance, collects } = this.#state
    if ('share' in tolerance && this.#failed > tolerance.share * this.#count) throw this.#tooMany()
    return collects ? this.#ended : this.#ended.map((end) => (end.ok ? end.value : undefined))
  }

  #add(item: unknown, priority: number): void {
    const { most, name } = this.#state
    if (this.#count >= most) {
      throw new StepwrightError('invalid-data', {
        what: `${quote(name)} has more than ${most} items`,
        remedy: 'Give it fewer, or declare a higher `most`',
      })
    }
    this.#waiting.push({ item, index: this.#count++, priority })
  }

  /** The highest priority first, and of the same one the item that came first. */
  #take(): Entry | undefined {
    const next = this.#waiting.reduce<Entry | undefined>(
      (best, entry) => (best && best.priority >= entry.priority ? best : entry),
      undefined,
    )
    if (next) this.#waiting.splice(this.#waiting.indexOf(next), 1)
    return next
  }

  /** Never rejects: an error that ends the map is kept for `run`. */
  async #workOn({ item, index }: Entry): Promise<void> {
    const changes: (() => void)[] = []
    const list: WorkList = {
      open: this.#count - this.#settled,
      add: (items, { priority = 0 } = {}) =>
        void changes.push(() => items.forEach((added) => this.#add(added, priority))),
      prioritize: (priorityOf) =>
        void changes.push(() => {
          for (const entry of this.#waiting) entry.priority = priorityOf(entry.item, entry.index)
        }),
    }
    try {
      this.#ended[index] = { ok: true, value: await this.#work(item, index, list) }
    } catch (error) {
      this.#fail(index, error)
    }
    this.#settled++
    try {
      if (this.#ended[index]?.ok) for (const change of changes) change()
    } catch (thrown) {
      this.#error ??= { thrown }
    }
  }

  #fail(index: number, thrown: unknown): void {
    this.#ended[index] = { ok: false, error: toFailure(thrown) }
    this.#failed++
    const { tolerance, collects } = this.#state
    if ('count' in tolerance && this.#failed > tolerance.count)
      this.#error ??= { thrown: collects ? this.#tooMany() : thrown }
  }

  #tooMany(): JoinError {
    return new JoinError(`${this.#failed} of the ${this.#count} items of ${quote(this.#state.name)} failed`)
  }
}
