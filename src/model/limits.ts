import { StepwrightError } from '../errors/stepwright-error.ts'

/** How much is taken in at once, so that one caller or one handler does not take all there is. Sizes in characters of JSON. */
export interface Limits {
  /** What is handed to a state, the vars, a result, a session, a reply: each. Default 8,388,608: writing one holds up its process for a tenth of a second. */
  readonly value: number
  /** The payload of a signal. Default 1,048,576. */
  readonly signal: number
  /** What one `memo` saves. Default 8,388,608. */
  readonly memo: number
  /** Starts that this process may have waiting to be written. Default 1,000. */
  readonly starts: number
}

export const LIMITS: Limits = { value: 2 ** 23, signal: 2 ** 20, memo: 2 ** 23, starts: 1_000 }

/** In characters; a circle passes it after a few rounds. */
const SMALL = 10_000

/** Throws `too-large`, with the path of what is the most of it. `where` names the value. */
export function checkSize(value: unknown, limit: number, where: string | (() => string)): void {
  // first without a look at what is met twice: most values are small trees
  if (new Measure(Math.min(limit, SMALL), undefined).of(value) <= Math.min(limit, SMALL)) return
  const size = new Measure(Infinity, new Set()).of(value)
  if (size <= limit) return
  const path = heaviest(value, limit)
  const most = path === '' ? '' : `; most of it is at ${path}`
  throw new StepwrightError('too-large', {
    what: `${typeof where === 'string' ? where : where()} has about ${size} characters, and its limit is ${limit}${most}`,
    remedy: 'Keep it elsewhere and hand over where it is, or raise the limit in the option "limits"',
    details: { path, size, limit },
  })
}

/** Adds up about how many characters the JSON of a value has; stops where it has passed `enough`. */
class Measure {
  readonly #enough: number
  readonly #seen: Set<object> | undefined
  #sum = 0

  constructor(enough: number, seen: Set<object> | undefined) {
    this.#enough = enough
    this.#seen = seen
  }

  of(value: unknown): number {
    this.#add(value, 0)
    return this.#sum
  }

  #add(value: unknown, depth: number): void {
    if (typeof value === 'string') this.#sum += value.length + 2
    else if (typeof value !== 'object' || value === null) this.#sum += 8
    else if (this.#seen?.has(value) !== true && depth <= DEEPEST) {
      this.#seen?.add(value)
      this.#sum += 2
      this.#addParts(value, depth + 1)
    }
  }

  #addParts(value: object, depth: number): void {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length && this.#sum <= this.#enough; i++) this.#add(value[i], depth)
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      this.#sum += Math.ceil((value.byteLength * 4) / 3)
    } else if (value instanceof Map || value instanceof Set) {
      for (const [key, item] of value.entries() as Iterable<[unknown, unknown]>) {
        if (this.#sum > this.#enough) return
        this.#add(key, depth)
        if (item !== key) this.#add(item, depth)
      }
    } else {
      if (value instanceof Error) this.#add([value.message, value.stack, value.cause], depth)
      for (const key in value) {
        if (this.#sum > this.#enough) return
        this.#sum += key.length + 4
        this.#add((value as Record<string, unknown>)[key], depth)
      }
    }
  }
}

/** Deeper values are refused elsewhere. */
const DEEPEST = 250

/** The path to the smallest part that is by itself more than half of the limit. */
function heaviest(value: unknown, limit: number): string {
  let path = ''
  for (let at = value; typeof at === 'object' && at !== null;) {
    const entries = Array.isArray(at) ? at.entries() : Object.entries(at)
    const found = [...entries].find(([, part]) => new Measure(Infinity, new Set()).of(part) > limit / 2)
    if (!found) break
    path += Array.isArray(at) ? `[${found[0]}]` : `.${found[0]}`
    if (path.length > 200) break // it goes round in a circle
    at = found[1]
  }
  return path
}
