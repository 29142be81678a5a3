import type { Definition, ParallelState, StateDefinition } from '../definition/definition.ts'
import { exitsOf } from '../definition/exit.ts'
import { escape, isPlain } from './drawn-text.ts'
import { remarksOn, sayExit } from './remarks.ts'

/** Stands for every state, where the workflow itself catches errors; no state of a definition has this id. */
const ANY_STATE = 's0'

/**
 * A definition as a Mermaid state diagram, the same text for the same definition. Moves that a handler makes have no
 * label; a signal has its name, and how many are needed from whom (`approve x2 by editor`), time is `after 48h`, a
 * failure `catch TypeError`. The branches of a parallel state are regions of it. What a workflow catches for all its
 * states leaves a state of its own, so that not every state has that line. The rest is in notes.
 *
 * @example
 * toMermaid(readDefinition(Quiz))
 * // stateDiagram-v2
 * //   [*] --> ask
 * //   ask --> done: answer
 * //   done --> [*]
 */
export function toMermaid(definition: Definition): string {
  const { states, initial } = definition
  const all = [...states.values()]
  const ids = new Map(all.map(({ name }, i) => [name, isPlain(name) ? name : `s${i + 1}`]))
  const id = (name: string): string => ids.get(name) ?? ''
  const shared = new Set<string>()
  const moves = all.flatMap((state) =>
    exitsOf(state).flatMap((exit) => {
      const text = escape(sayExit(state, exit))
      const end = `--> ${id(exit.to)}${text === '' ? '' : `: ${text}`}`
      if (exit.by !== 'catch' || exit.of !== 'workflow') return `${id(state.name)} ${end}`
      shared.add(`${ANY_STATE} ${end}`)
      return []
    }),
  )
  const lines = [
    ...all.flatMap((state, i) => declaration(state, id(state.name), `s${i + 1}`)),
    ...(shared.size > 0 ? [`state "any state" as ${ANY_STATE}`] : []),
    `[*] --> ${id(initial)}`,
    ...new Set(moves),
    ...shared,
    ...all.filter(({ kind }) => kind === 'final').map(({ name }) => `${id(name)} --> [*]`),
    ...all.flatMap((state) => note(remarksOn(state, definition), id(state.name))),
  ]
  return `stateDiagram-v2\n${lines.map((line) => `  ${line}\n`).join('')}`
}

/** A state that has to be declared: for its name, or for its branches. */
function declaration(state: StateDefinition, id: string, number: string): readonly string[] {
  const named = isPlain(state.name) ? `state ${id}` : `state "${escape(state.name)}" as ${id}`
  if (state.kind === 'parallel') return [`${named} {`, ...regions(state, number), '}']
  return isPlain(state.name) ? [] : [named]
}

function regions({ branches }: ParallelState, number: string): readonly string[] {
  return [...branches.keys()].flatMap((name, i) => [
    ...(i > 0 ? ['  --'] : []),
    `  state "${escape(name) || '#40;empty#41;'}" as ${number}b${i + 1}`,
  ])
}

function note(remarks: readonly string[], id: string): readonly string[] {
  const lines = remarks.map(escape)
  if (lines.length < 2) return lines.map((line) => `note right of ${id} : ${line}`)
  return [`note right of ${id}`, ...lines.map((line) => `  ${line}`), 'end note']
}
