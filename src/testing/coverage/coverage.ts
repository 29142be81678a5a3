import type { Definition } from '../../definition/definition.ts'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import type { StateTally, Tally } from '../../inspect/drawing/tally.ts'
import type { Happening } from '../../model/history.ts'
import { readMove, sayMove } from '../../model/move-name.ts'
import { sayTaken, transitionsOf } from '../cover/transition.ts'

/** How often a workflow's states were entered and its transitions taken; what was not has 0. */
export interface ChartCoverage {
  readonly workflow: string
  /** Visits by state. */
  readonly states: Readonly<Record<string, number>>
  /** Times by transition: `draft -> review by step`. */
  readonly transitions: Readonly<Record<string, number>>
}

/** The least that is to be covered: shares from 0 to 1. */
export interface CoverageThreshold {
  readonly states?: number
  readonly transitions?: number
}

/** Which states and transitions test runs have seen, by workflow. */
export class Coverage {
  readonly #charts = new Map<
    string,
    { states: Record<string, number>; transitions: Record<string, number> }
  >()

  constructor(charts: readonly ChartCoverage[] = []) {
    for (const chart of charts) this.add(chart)
  }

  /** Makes a workflow known, so that what is never taken of it is seen too. */
  expect(definition: Pick<Definition, 'name' | 'states'>): void {
    const states = Object.fromEntries([...definition.states.keys()].map((name) => [name, 0]))
    const taken = transitionsOf(definition as Definition).map((transition) => [sayTaken(transition), 0])
    this.add({
      workflow: definition.name,
      states,
      transitions: Object.fromEntries(taken) as Record<string, number>,
    })
  }

  /** Counts what has happened in a run. */
  count(workflow: string, happenings: readonly Happening[]): void {
    for (const event of happenings) {
      if (event.type !== 'started' && event.type !== 'moved') continue
      const transitions = event.type === 'moved' ? { [sayMove(event)]: 1 } : {}
      this.add({ workflow, states: { [event.to]: 1 }, transitions })
    }
  }

  /** Adds what was counted elsewhere. */
  add({ workflow, states, transitions }: ChartCoverage): void {
    const chart = this.#charts.get(workflow) ?? { states: {}, transitions: {} }
    for (const [state, visits] of Object.entries(states))
      chart.states[state] = (chart.states[state] ?? 0) + visits
    for (const [taken, times] of Object.entries(transitions))
      chart.transitions[taken] = (chart.transitions[taken] ?? 0) + times
    this.#charts.set(workflow, chart)
  }

  /** Every workflow, in the order of their names. */
  get charts(): readonly ChartCoverage[] {
    return [...this.#charts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([workflow, { states, transitions }]) => ({ workflow, states, transitions }))
  }

  /**
   * What a drawing of a workflow marks: `toSvg(definition, { tally: coverage().tally('leave') })`. It has counts only, no
   * times and failures.
   */
  tally(workflow: string): Tally {
    const { states = {}, transitions = {} } = this.#charts.get(workflow) ?? {}
    const moves = Object.entries(transitions).map(([taken, count]) => ({ ...readMove(taken), count }))
    const visits = Object.entries(states).filter(([, times]) => times > 0)
    const entered = visits.reduce((sum, [, times]) => sum + times, 0)
    const moved = moves.reduce((sum, { count }) => sum + count, 0)
    return {
      runs: entered - moved, // each has entered one state more than it made moves
      states: new Map(visits.map(([name, times]) => [name, { ...NO_VISITS, visits: times }])),
      moves,
    }
  }

  /** A table for people, with what was never seen. */
  table(): string {
    const rows = this.charts.map(({ workflow, states, transitions }) => [
      workflow,
      share(states),
      share(transitions),
    ])
    const all = [['WORKFLOW', 'STATES', 'TRANSITIONS'], ...rows]
    const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)))
    const lines = all.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    const missing = this.charts.flatMap(({ workflow, states, transitions }) => [
      ...unseen(states).map((state) => `never entered: ${workflow}: ${state}`),
      ...unseen(transitions).map((taken) => `never taken: ${workflow}: ${taken}`),
    ])
    return [...lines, ...missing].join('\n')
  }

  /**
   * Throws where a workflow is covered by less; without numbers, where anything was never seen.
   *
   * @throws StepwrightError `not-covered`, with the table.
   */
  check({ states = 1, transitions = 1 }: CoverageThreshold = {}): void {
    const low = this.charts.filter(
      (chart) => shareOf(chart.states) < states || shareOf(chart.transitions) < transitions,
    )
    if (low.length === 0) return
    throw new StepwrightError('not-covered', {
      what: `Tests have not seen enough of ${low.map(({ workflow }) => workflow).join(', ')}:\n${new Coverage(low).table()}\n`,
      remedy: 'Write tests that go there, or generate them with coverTransitions',
      details: { states, transitions, charts: low },
    })
  }

  toJSON(): readonly ChartCoverage[] {
    return this.charts
  }
}

const NO_VISITS: StateTally = {
  ...{ visits: 0, ms: 0, failures: 0, errors: new Map(), standing: 0, failed: 0, undone: 0 },
}

function unseen(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).flatMap(([name, times]) => (times === 0 ? [name] : []))
}

function shareOf(counts: Readonly<Record<string, number>>): number {
  const all = Object.keys(counts).length
  return all === 0 ? 1 : (all - unseen(counts).length) / all
}

function share(counts: Readonly<Record<string, number>>): string {
  const all = Object.keys(counts).length
  return `${all - unseen(counts).length} of ${all} (${Math.floor(shareOf(counts) * 100)} %)`
}
