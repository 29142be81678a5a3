import { causeOf } from '../../compile/machine.ts'
import type { Exit } from '../../definition/exit.ts'
import { roughly } from './rough-time.ts'
import type { StateTally, Tally } from './tally.ts'

/** What the colour of a state can say of many runs. */
export const HEATS = ['visits', 'time', 'failures'] as const
/** One of {@link HEATS}. */
export type Heat = (typeof HEATS)[number]

/** What is marked on a box. */
export interface BoxMark {
  /** No run was in it. */
  readonly untouched: boolean
  /** A run stands in it now, or failed in it for good. */
  readonly present: 'standing' | 'failed' | undefined
  /** `3 visits, 2m 5s`, `2 failures`: line by line. */
  readonly lines: readonly string[]
  /** From 0 to {@link HOTTEST}, where the drawing is coloured by something. */
  readonly heat: number | undefined
}

/** What is marked on an arrow. */
export interface ArrowMark {
  /** How often it was taken. */
  readonly count: number
}

/** The highest of the levels of {@link BoxMark}. */
export const HOTTEST = 5

/** The colours of those levels, on white paper. */
export const HEAT_FILLS: readonly string[] = [
  '#f6f6f6',
  '#fff0cc',
  '#ffd999',
  '#ffb56b',
  '#ff8c4d',
  '#f2643d',
]

/** One exit that an arrow stands for; `last`: of those between the two states. */
interface DrawnMove {
  readonly from: string
  readonly to: string
  readonly by: Exit
  readonly last: boolean
}

/** What the marks of a drawing are made from. */
export interface Marks {
  readonly tally: Tally
  readonly heat: Heat | undefined
  /** Whose runs those are, for the heading. */
  readonly whose: string | undefined
}

export function marksOf({ tally, heat, whose }: Partial<Marks>): Marks | undefined {
  return tally && { tally, heat, whose }
}

/** What was counted, for the heading: the name it was given, or how many runs. */
export function sayCounted({ tally, whose }: Marks): string {
  return whose ?? many(tally.runs, 'run')
}

const MEASURES: Readonly<Record<Heat, (of: StateTally) => number>> = {
  visits: ({ visits }) => visits,
  time: ({ ms }) => ms,
  failures: ({ failures }) => failures,
}

export function markBox(state: string, marks: Marks | undefined): BoxMark | undefined {
  if (!marks) return undefined
  const { tally, heat } = marks
  const of = tally.states.get(state)
  if (!of) return { untouched: true, present: undefined, lines: [], heat: heat && 0 }
  const measure = heat && MEASURES[heat]
  const most = measure ? Math.max(...[...tally.states.values()].map(measure)) : 0
  // a square root, so that what is seldom is told from what is never
  const level = measure && most > 0 ? Math.ceil(Math.sqrt(measure(of) / most) * HOTTEST) : 0
  return {
    untouched: false,
    present: of.failed > 0 && of.standing === 0 ? 'failed' : of.standing > 0 ? 'standing' : undefined,
    lines: linesOf(of, tally.runs),
    heat: heat && level,
  }
}

function linesOf(of: StateTally, runs: number): readonly string[] {
  const { visits, ms, failures, errors, standing, failed, undone } = of
  const names = [...errors].sort(([, a], [, b]) => b - a).slice(0, 2)
  const why =
    names.length > 0 ? `: ${names.map(([name, n]) => (n > 1 ? `${name} x${n}` : name)).join(', ')}` : ''
  return [
    `${many(visits, 'visit')}${ms > 0 ? `, ${roughly(ms)}` : ''}`,
    ...(failures > 0 ? [`${many(failures, 'failure')}${why}`] : []),
    ...(undone > 0 ? [undone === visits ? 'undone' : `${undone} of ${many(visits, 'visit')} undone`] : []),
    ...(runs > 1 && standing > 0 ? [`${many(standing, 'run')} here now`] : []),
    ...(runs > 1 && failed > 0 ? [`${many(failed, 'run')} failed here`] : []),
  ]
}

function many(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}

export function markArrow(moves: readonly DrawnMove[], marks: Marks | undefined): ArrowMark | undefined {
  if (!marks) return undefined
  const taken = marks.tally.moves.filter((made) =>
    moves.some(
      ({ from, to, by, last }) =>
        made.from === from && made.to === to && (causeOf(by) === made.by || (made.by === 'skip' && last)),
    ),
  )
  return { count: taken.reduce((sum, { count }) => sum + count, 0) }
}
