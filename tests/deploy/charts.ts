import fc from 'fast-check'
import type { StateJson, WorkflowJson } from '../../src/inspect/chart-json.ts'

export type Exit = StateJson['exits'][number]

/** A chart of plain data, with what a test wants otherwise. */
export function chart(states: readonly Partial<StateJson>[], more: Partial<WorkflowJson> = {}): WorkflowJson {
  return {
    name: 'note',
    version: 1,
    initial: states[0]?.name ?? '',
    signals: [],
    states: states.map(({ name = '', kind = 'step', exits = [], policies = {}, ...rest }) => ({
      ...rest,
      name,
      kind,
      exits,
      policies,
    })),
    ...more,
  }
}

/** The same chart with one state otherwise. */
export function withState(
  { states, ...rest }: WorkflowJson,
  name: string,
  change: (state: StateJson) => StateJson,
): WorkflowJson {
  return { ...rest, states: states.map((state) => (state.name === name ? change(state) : state)) }
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const KINDS = ['step', 'wait', 'timer', 'map'] as const

function exits(names: readonly string[]): fc.Arbitrary<readonly Exit[]> {
  const to = fc.constantFrom(...names)
  const exit = fc.oneof(
    fc.record({ by: fc.constant('step' as const), to }),
    fc.record({ by: fc.constant('signal' as const), signal: fc.constantFrom('yes', 'no'), to }),
    fc.record({ by: fc.constant('expires' as const), to, afterMs: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ by: fc.constant('visits' as const), to, times: fc.integer({ min: 1, max: 9 }) }),
  )
  const key = (each: Exit): string => JSON.stringify([each.by, 'signal' in each ? each.signal : '', each.to])
  return fc.uniqueArray(exit, { maxLength: 4, selector: key })
}

/** Random charts of one to six states. */
export const charts: fc.Arbitrary<WorkflowJson> = fc
  .subarray(NAMES.slice(0, 6), { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.record({
          name: fc.constant(name),
          kind: fc.constantFrom(...KINDS),
          exits: exits(names),
          policies: fc.record({ maxAttempts: fc.integer({ min: 1, max: 5 }) }),
        }),
      ),
    ),
  )
  .map((states) => JSON.parse(JSON.stringify(chart(states))) as WorkflowJson)
