import { createSecretKey, type KeyObject } from 'node:crypto'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/** Keys by name: 32 bytes each, or these in base64 or as 64 hexadecimal digits. The first is the current one. */
export type Keys = Readonly<Record<string, string | Uint8Array>>

const NAME = /^[\w.-]{1,64}$/

/** Keys that rows are encrypted with, by name. */
export class KeyRing {
  /** The key of new rows, where nothing else is said. */
  readonly current: string
  readonly #keys: ReadonlyMap<string, KeyObject>

  constructor(keys: Keys) {
    const [current] = Object.keys(keys)
    if (current === undefined) throw wrong('There are no keys', 'Give one key or more by name')
    this.current = current
    this.#keys = new Map(Object.entries(keys).map(([name, key]) => [name, keyOf(name, key)]))
  }

  get(name: string): KeyObject | undefined {
    return this.#keys.get(name)
  }
}

/**
 * Keys from text, as in the environment or a file: `name:key` for each, divided by commas or white space; the first is
 * the current one.
 *
 * @throws StepwrightError `invalid-options`; what it says never holds a key.
 * @example
 * encrypted(makeStore('sqlite:runs.db'), { keys: readKeys(process.env.STEPWRIGHT_KEYS ?? '') })
 */
export function readKeys(text: string): Keys {
  const pairs = text.split(/[\s,]+/).filter(Boolean)
  const keys = pairs.map((pair, i): readonly [string, string] => {
    const cut = pair.indexOf(':')
    if (cut > 0) return [pair.slice(0, cut), pair.slice(cut + 1)]
    throw wrong(`Key number ${i + 1} has no name`, 'Write each as name:key, the key in base64')
  })
  return Object.fromEntries(keys)
}

function keyOf(name: string, key: string | Uint8Array): KeyObject {
  if (!NAME.test(name))
    throw wrong(
      `A key is called ${quote(name)}`,
      'Name keys with letters, digits, dots, dashes and underscores',
    )
  const bytes =
    typeof key !== 'string'
      ? Buffer.from(key)
      : Buffer.from(key, /^[\da-f]{64}$/i.test(key) ? 'hex' : 'base64')
  if (bytes.length === 32) return createSecretKey(bytes)
  throw wrong(
    `The key ${quote(name)} has ${bytes.length} bytes`,
    'Give 32 random bytes, as `openssl rand -base64 32` makes them',
  )
}

function wrong(what: string, remedy: string): StepwrightError {
  return new StepwrightError('invalid-options', { what, remedy })
}
