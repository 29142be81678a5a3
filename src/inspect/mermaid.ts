import type { Definition, ParallelState, StateDefinition } from '../definition/definition.ts'
import { exitsOf } from '../definition/exit.ts'
import { described, type DrawingOptions } from './drawing/drawing-options.ts'
import { HEAT_FILLS, markArrow, markBox, marksOf, type BoxMark } from './drawing/marks.ts'
import { escape, isPlain } from './drawn-text.ts'
import { remarksOn, sayExit } from './remarks.ts'

/** Stands for every state, where the workflow itself catches errors; no state of a definition has this id. */
const ANY_STATE = 's0'

/**
 * A definition as a Mermaid state diagram, the same text for the same definition. Moves that a handler makes have no
 * label; a signal has its name, and how many are needed from whom (`approve x2 by editor`), time is `after 48h`, a
 * failure `catch TypeError`. The branches of a parallel state are regions of it. What a workflow catches for all its
 * states leaves a state of its own, so that not every state has that line. The rest is in notes. What runs did
 * (`tally`) stands in notes and at the arrows, and colours states by classes.
 *
 * @example
 * toMermaid(readDefinition(Quiz))
 * // stateDiagram-v2
 * //   [*] --> ask
 * //   ask --> done: answer
 * //   done --> [*]
 */
export function toMermaid(given: Definition, options: DrawingOptions = {}): string {
  const definition = described(given, options)
  const marks = marksOf(options)
  const { states, initial } = definition
  const all = [...states.values()]
  const ids = new Map(all.map(({ name }, i) => [name, isPlain(name) ? name : `s${i + 1}`]))
  const id = (name: string): string => ids.get(name) ?? ''
  /** Each arrow, and how often it was taken. */
  const moves = new Map<string, number>()
  const shared = new Map<string, number>()
  for (const state of all)
    for (const exit of exitsOf(state)) {
      const text = escape(sayExit(state, exit))
      const end = `--> ${id(exit.to)}${text === '' ? '' : `: ${text}`}`
      const ofAll = exit.by === 'catch' && exit.of === 'workflow'
      const [kept, line] = ofAll ? [shared, `${ANY_STATE} ${end}`] : [moves, `${id(state.name)} ${end}`]
      const last = exitsOf(state).findLast(({ to }) => to === exit.to)
      const drawn = { from: state.name, to: exit.to, by: exit, last: last === exit }
      kept.set(line, (kept.get(line) ?? 0) + (markArrow([drawn], marks)?.count ?? 0))
    }
  const lines = [
    ...all.flatMap((state, i) => declaration(state, id(state.name), `s${i + 1}`)),
    ...(shared.size > 0 ? [`state "any state" as ${ANY_STATE}`] : []),
    `[*] --> ${id(initial)}`,
    ...[...moves, ...shared].map(([line, taken]) => (taken > 0 ? counted(line, taken) : line)),
    ...all.filter(({ kind }) => kind === 'final').map(({ name }) => `${id(name)} --> [*]`),
    ...all.flatMap((state) => {
      const marked = markBox(state.name, marks)?.lines ?? []
      return note([...remarksOn(state, definition), ...marked], id(state.name))
    }),
    ...(marks ? CLASSES : []),
    ...all.flatMap((state) =>
      classesOf(markBox(state.name, marks)).map((name) => `class ${id(state.name)} ${name}`),
    ),
  ]
  return `stateDiagram-v2\n${lines.map((line) => `  ${line}\n`).join('')}`
}

/** How marked states look: what no run was in, where one stands or has failed, and levels of heat. */
const CLASSES: readonly string[] = [
  'classDef untouched opacity:0.45',
  'classDef standing stroke:#1558d6,stroke-width:4px',
  'classDef failed stroke:#c22f2f,stroke-width:4px',
  ...HEAT_FILLS.map((fill, level) => `classDef heat${level} fill:${fill},color:#1c2430`),
]

function classesOf(mark: BoxMark | undefined): readonly string[] {
  if (!mark) return []
  const { untouched, present, heat } = mark
  return [
    untouched ? 'untouched' : undefined,
    present,
    heat === undefined ? undefined : `heat${heat}`,
  ].filter((name) => name !== undefined)
}

function counted(line: string, taken: number): string {
  return `${line}${/ --> \w+: /.test(line) ? ',' : ':'} taken ${taken} ${taken === 1 ? 'time' : 'times'}`
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
