/** Neighbouring buckets are so far apart: what a sketch says of a time is within 2.5 % of it. */
const GROWTH = 1.05
/** The bucket of what took no time. */
const NONE = -1

/** A {@link Sketch} as plain data. */
export interface SketchJson {
  /** Milliseconds. */
  readonly sum: number
  /** The number of a bucket and how many times are in it. Bucket `i` ends at `1.05 ** i` milliseconds; -1 holds zeros. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[]
}

/**
 * How long something took, of any number of times, in bounded space: counts in buckets that grow by 5 %, so ten years
 * are some 550 of them. Two sketches add up to exactly the one of all their times.
 */
export class Sketch {
  readonly #buckets = new Map<number, number>()
  #count = 0
  #sum = 0

  /** A sketch from plain data. */
  static from({ sum, buckets }: SketchJson): Sketch {
    const sketch = new Sketch()
    for (const [bucket, count] of buckets) sketch.#put(bucket, count)
    sketch.#sum = sum
    return sketch
  }

  /** How many times are in it. */
  get count(): number {
    return this.#count
  }

  /** Milliseconds; exact. 0 without any. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** Adds one time, in milliseconds. */
  add(ms: number): void {
    this.#put(bucketOf(ms), 1)
    this.#sum += ms
  }

  /** Adds all times of another one. */
  merge(other: Sketch): void {
    for (const [bucket, count] of other.#buckets) this.#put(bucket, count)
    this.#sum += other.#sum
  }

  /** The time that a share of all do not exceed, from 0 to 1. Milliseconds; `undefined` without any. */
  quantile(share: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(share * this.#count))
    let below = 0
    for (const [bucket, count] of this.#sorted()) {
      below += count
      if (below >= rank) return middleOf(bucket)
    }
    return undefined
  }

  /** Of the times that are longer than that one: how many, and their mean. Milliseconds. */
  beyond(ms: number): { readonly count: number; readonly mean: number } {
    const from = bucketOf(ms)
    let [count, sum] = [0, 0]
    for (const [bucket, n] of this.#buckets) {
      if (bucket <= from) continue
      count += n
      sum += n * middleOf(bucket)
    }
    return { count, mean: count === 0 ? 0 : sum / count }
  }

  toJSON(): SketchJson {
    return { sum: this.#sum, buckets: this.#sorted() }
  }

  #sorted(): readonly (readonly [number, number])[] {
    return [...this.#buckets].sort(([a], [b]) => a - b)
  }

  #put(bucket: number, count: number): void {
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count)
    this.#count += count
  }
}

function bucketOf(ms: number): number {
  return ms < 1 ? NONE : Math.ceil(Math.log(ms) / Math.log(GROWTH))
}

/** What stands for the times of a bucket: no further from its lower end than from its upper, in proportion. */
function middleOf(bucket: number): number {
  return bucket === NONE ? 0 : (2 * GROWTH ** bucket) / (1 + GROWTH)
}
