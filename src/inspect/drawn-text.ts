/** Names that Mermaid reads as something else where a state could stand, and those that drawings make up themselves. */
const KEYWORDS =
  /^(state|note|end|class|classdef|click|default|direction|style|linkstyle|hide|scale|as|root|accdescr|acctitle|title|s\d+(b\d+)?)$/i

/** Whether a name can stand in a diagram as it is. */
export function isPlain(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name) && !KEYWORDS.test(name) && !(name in {})
}

/** Everything but letters, digits and a little punctuation becomes Mermaid's `#code;`, which no part of it reads as syntax. */
export function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .replace(/[^\p{L}\p{M}\p{N} _.,!?'-]/gu, (c) => `#${c.codePointAt(0)};`)
    .replace(/--/g, '#45;#45;')
    .replace(/end note/gi, (found) => found.replace(' ', '#32;')) // would end a note of several lines
    .replace(/^ $/, '#32;')
}

const UNITS = [
  ['d', 864e5],
  ['h', 36e5],
  ['m', 6e4],
  ['s', 1e3],
] as const

/** A duration as it was probably written: whole, in the largest unit that fits; days only from three on. */
export function sayDuration(ms: number): string {
  const [unit, size] = UNITS.find(
    ([unit, size]) => ms > 0 && ms % size === 0 && (unit !== 'd' || ms >= 3 * size),
  ) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** Names in a row: `a, b or c`. */
export function sayAny(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
