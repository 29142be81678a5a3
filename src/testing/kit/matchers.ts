import type { RunHandle } from '../../control/run-handle.ts'
import { sayMove } from '../../model/move-name.ts'
import { keptHistory } from '../drill/outcome.ts'

/** A run as matchers and snapshots read it. */
export type SeenRun = Pick<RunHandle, 'view' | 'events' | 'id'>

/** The path of a run, a line for each move: `draft -> review by step`. The same in every run of a test. */
export async function pathOf(run: Pick<RunHandle, 'events'>): Promise<readonly string[]> {
  const path: string[] = []
  for await (const event of run.events({ follow: false }))
    if (event.type === 'moved') path.push(sayMove(event))
  return path
}

/**
 * The history of a run for snapshots: moves with their data, signals, joins, what was undone; without times, ids, workers,
 * attempts and hashes, which are others each time.
 *
 * @example
 * expect(await historyOf(run)).toMatchSnapshot()
 */
export function historyOf(run: Pick<RunHandle, 'events'>): Promise<readonly object[]> {
  return keptHistory(run)
}

/** The states in which a run has stood, in their order. */
async function statesOf(run: Pick<RunHandle, 'events'>): Promise<readonly string[]> {
  const states: string[] = []
  for await (const event of run.events({ follow: false }))
    if (event.type === 'started' || event.type === 'moved') states.push(event.to)
  return states
}

interface Matched {
  readonly pass: boolean
  readonly message: () => string
  readonly actual?: unknown
  readonly expected?: unknown
}

/** What {@link runMatchers} adds to `expect`, for its types; `docs/testing.md` shows how they are declared. */
export interface RunMatchers {
  /** The run has stood in exactly these states, in this order. Of a numeric enum, by name: `State[State.Draft]`. */
  toHaveTaken(states: readonly (string | number)[]): Promise<void>
  /** The run has stood in that state, or does now. */
  toHaveEntered(state: string | number): Promise<void>
  /** The run has the status now, and stands in the state where one is given. */
  toHaveStatus(status: string, state?: string | number): Promise<void>
}

/**
 * Matchers for runs, for `expect.extend` of Vitest or Jest. They are asynchronous: `await expect(run).toHaveTaken(...)`.
 *
 * @example
 * expect.extend(runMatchers)
 * await expect(run).toHaveTaken([State.Draft, State.Review, State.Published])
 * await expect(run).toHaveStatus('completed')
 */
export const runMatchers = {
  async toHaveTaken(run: SeenRun, states: readonly (string | number)[]): Promise<Matched> {
    const taken = await statesOf(run)
    const expected = states.map(String)
    const pass = taken.join('\n') === expected.join('\n')
    return {
      pass,
      actual: taken,
      expected,
      message: () => `the run has taken ${taken.join(' > ')}${pass ? '' : `, not ${expected.join(' > ')}`}`,
    }
  },
  async toHaveEntered(run: SeenRun, state: string | number): Promise<Matched> {
    const taken = await statesOf(run)
    const pass = taken.includes(String(state))
    return {
      pass,
      message: () => `the run has${pass ? '' : ' not'} entered ${state}: it has taken ${taken.join(' > ')}`,
    }
  },
  async toHaveStatus(run: SeenRun, status: string, state?: string | number): Promise<Matched> {
    const view = await run.view()
    const pass = view.status === status && (state === undefined || view.state === String(state))
    const why = view.failure ? ` (${view.failure.name}: ${view.failure.message})` : ''
    return {
      pass,
      message: () =>
        `the run is ${view.status} in ${view.state}${why}${pass ? '' : `, not ${status}${state === undefined ? '' : ` in ${state}`}`}`,
    }
  },
}
