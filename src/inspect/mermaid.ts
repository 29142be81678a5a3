import { exitsOf, type Definition, type Exit, type StateDefinition } from '../definition/definition.ts'

/** Names that Mermaid reads as something else where a state could stand. */
const KEYWORDS =
  /^(state|note|end|class|classdef|click|default|direction|style|linkstyle|hide|scale|as|root|accdescr|acctitle|title|s\d+)$/i

/**
 * A definition as a Mermaid state diagram, the same text for the same definition. Moves that a handler makes have no
 * label; a signal has its name, the end of a wait `after 48h`, a failure `catch`.
 *
 * @example
 * toMermaid(readDefinition(Quiz))
 * // stateDiagram-v2
 * //   [*] --> ask
 * //   ask --> done: answer
 * //   done --> [*]
 */
export function toMermaid({ states, initial }: Definition): string {
  const all = [...states.values()]
  const ids = new Map(all.map(({ name }, i) => [name, isPlain(name) ? name : `s${i + 1}`]))
  const id = (name: string): string => ids.get(name) ?? 's0'
  const lines = [
    ...all.filter(({ name }) => !isPlain(name)).map(({ name }) => `state "${escape(name)}" as ${id(name)}`),
    `[*] --> ${id(initial)}`,
    ...all.flatMap((state) =>
      exitsOf(state).map((exit) => `${id(state.name)} --> ${id(exit.to)}${label(exit)}`),
    ),
    ...all.filter(({ kind }) => kind === 'final').map(({ name }) => `${id(name)} --> [*]`),
    ...all.flatMap((state) => noteOf(state, id(state.name))),
  ]
  return `stateDiagram-v2\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function isPlain(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name) && !KEYWORDS.test(name) && !(name in {})
}

function label(exit: Exit): string {
  switch (exit.by) {
    case 'step':
      return ''
    case 'signal':
      return `: ${escape(exit.signal) || '#40;empty#41;'}`
    case 'expires':
      return `: after ${sayDuration(exit.afterMs)}`
    case 'catch':
      return ': catch'
  }
}

function noteOf({ description }: StateDefinition, id: string): string[] {
  const text = escape((description ?? '').trim())
  return text === '' ? [] : [`note right of ${id} : ${text}`]
}

/** Everything but letters, digits and a little punctuation becomes Mermaid's `#code;`, which no part of it reads as syntax. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .replace(/[^\p{L}\p{M}\p{N} _.,!?'-]/gu, (c) => `#${c.codePointAt(0)};`)
    .replace(/--/g, '#45;#45;')
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
