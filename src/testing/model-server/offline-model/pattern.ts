import { hash } from './words.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const ALPHABET = [...`${LETTERS}0123456789${LETTERS.toUpperCase()}-_. @/:+,;!?#%&=()[]{}<>'"*$^~|\\✔\t\n`]
const LONGEST = 10_000

/**
 * Writes a text for a regular expression, best effort: groups take their first alternative, lookbehinds and
 * negative lookaheads are skipped. `extra` is how many more than the fewest repetitions are used where there is a
 * choice. The caller checks the outcome; undefined if the pattern is beyond this writer.
 */
export function writePattern(pattern: string, extra: number, seed: string): string | undefined {
  const writer = new Writer(pattern, extra, seed)
  try {
    return writer.alternatives()
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

class Writer {
  readonly #pattern: string
  readonly #extra: number
  readonly #seed: string
  #at = 0

  constructor(pattern: string, extra: number, seed: string) {
    this.#pattern = pattern
    this.#extra = extra
    this.#seed = seed
  }

  alternatives(): string {
    let first = this.#sequence()
    while (this.#take(/\|/y) !== undefined) {
      const other = this.#sequence()
      if (first === '') first = other // an empty alternative says little
    }
    return first
  }

  #sequence(): string {
    let text = ''
    while (this.#at < this.#pattern.length && !/[|)]/.test(this.#pattern.charAt(this.#at)))
      text += this.#repeated()
    return text
  }

  #repeated(): string {
    const start = this.#at
    const one = this.#atom()
    const atom = this.#pattern.slice(start, this.#at)
    const [least, most] = this.#quantifier()
    const times = Math.min(most, least + (most > least ? this.#extra : 0))
    if (times * Math.max(1, one.length) > LONGEST) throw new RangeError('too long')
    // Classes are drawn again each time, so that \d{4} is not four times the same digit.
    const isClass = /^(?:\[|\.|\\[dwspDWSP])/.test(atom)
    return Array.from({ length: times }, (_, turn) =>
      isClass ? draw(atom, `${this.#seed}${start},${turn}`) : one,
    ).join('')
  }

  #quantifier(): readonly [least: number, most: number] {
    const found = this.#take(/(?:[*+?]|\{(\d+)(,(\d*))?\})\??/y)
    if (found === undefined) return [1, 1]
    const sign = found[0].charAt(0)
    if (sign !== '{') return [sign === '+' ? 1 : 0, sign === '?' ? 1 : Infinity]
    const least = Number(found[1])
    return [least, found[2] === undefined ? least : found[3] === '' ? Infinity : Number(found[3])]
  }

  #atom(): string {
    if (this.#take(/\^|\$|\\[bB]/y) !== undefined) return ''
    const group = this.#take(/\((\?(?:<?[=!]|:|<\w+>))?/y)
    if (group !== undefined) {
      const text = this.alternatives()
      if (this.#take(/\)/y) === undefined) throw new SyntaxError('a group is not closed')
      return ['?!', '?<!', '?<='].includes(group[1] ?? '') ? '' : text
    }
    const set = this.#take(/\[(?:\\[^]|[^\]\\])*\]|\.|\\[dwsDWS]|\\[pP]\{[^}]*\}/y)?.[0]
    if (set !== undefined) return draw(set, `${this.#seed}${this.#at}`)
    const code = this.#take(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2}))/iy)
    if (code !== undefined) return String.fromCodePoint(parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16))
    const control = this.#take(/\\([nrtfv])/y)?.[1]
    if (control !== undefined) return { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }[control] ?? ''
    if (this.#take(/\\[\dk]/y) !== undefined) throw new SyntaxError('back references are not written')
    const literal = this.#take(/\\?([^])/uy)?.[1]
    if (literal === undefined) throw new SyntaxError('the pattern ends early')
    return literal
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    const found = expression.exec(this.#pattern)
    if (found !== null) this.#at = expression.lastIndex
    return found ?? undefined
  }
}

/** A character of a class, the same for the same seed; letters are preferred, then digits. */
function draw(set: string, seed: string): string {
  const test = new RegExp(`^${set}$`, 'u')
  const fitting = ALPHABET.filter((char) => test.test(char))
  const [letters, digits] = [fitting.filter((c) => /[a-z]/.test(c)), fitting.filter((c) => /\d/.test(c))]
  const from = letters.length > 0 ? letters : digits.length > 0 ? digits : fitting
  const char = from[hash(seed) % from.length]
  if (char === undefined) throw new RangeError('no usual character fits')
  return char
}
