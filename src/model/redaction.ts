import { MASK } from './masking.ts'

/** Shorter texts stand in too many places by chance. */
const SHORTEST = 4

/** Takes secret texts out of what people will read, wherever they stand in it. */
export class Redaction {
  readonly #pattern: RegExp

  private constructor(pattern: RegExp) {
    this.#pattern = pattern
  }

  /** `undefined`: there is nothing to take out. Texts of less than four characters are left. */
  static of(secrets: Iterable<string>): Redaction | undefined {
    const forms = new Set<string>()
    for (const secret of secrets)
      if (secret.length >= SHORTEST)
        for (const form of [
          secret,
          JSON.stringify(secret).slice(1, -1),
          encodeURIComponent(secret.toWellFormed()),
        ])
          forms.add(form)
    if (forms.size === 0) return undefined
    const longestFirst = [...forms].sort((a, b) => b.length - a.length)
    return new Redaction(
      new RegExp(longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g'),
    )
  }

  text(text: string): string {
    return text.replace(this.#pattern, MASK)
  }

  /** A value with every text in it redacted; plain objects, arrays, maps, sets and errors are looked into. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((item) => this.value(item))
    if (value instanceof Map)
      return new Map([...value].map(([key, item]) => [this.value(key), this.value(item)]))
    if (value instanceof Set) return new Set([...value].map((item) => this.value(item)))
    if (value instanceof URL) return this.text(value.href)
    if (value instanceof Error) return this.thrown(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.value(item)]))
  }

  /** What a handler threw, still of its class: an error keeps all but its words. */
  thrown(thrown: unknown): unknown {
    if (!(thrown instanceof Error)) return this.value(thrown)
    const { message, stack, code } = thrown as Error & { readonly code?: unknown }
    const words = { message, stack, ...(typeof code === 'string' ? { code } : {}) }
    for (const [name, text] of Object.entries(words)) {
      if (typeof text !== 'string' || this.text(text) === text) continue
      const property = { value: this.text(text), configurable: true, writable: true }
      if (!Reflect.defineProperty(thrown, name, property)) return this.#copy(thrown)
    }
    return thrown
  }

  /** Of a frozen error; it is an instance of the same class. */
  #copy(error: Error): Error {
    return Object.create(error, {
      message: { value: this.text(error.message) },
      stack: { value: this.text(error.stack ?? '') },
    }) as Error
  }
}
