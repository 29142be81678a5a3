import { readDefinition } from '../../definition/read-definition.ts'
import type { AnyClass } from '../../definition/shape.ts'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { takePath } from './cover.ts'
import type { CoverOptions } from './options.ts'
import { transitionsOf } from './transition.ts'

/**
 * The test of a path that no run is to go: it passes where the chart does not have the path, or a run of a real engine that is
 * to go it goes another way. What `stepwright check --write-tests` writes for a property that does not hold.
 *
 * @throws StepwrightError `path-taken` where a run goes it; `not-coverable` where none can be tried, since a value is missing.
 * @example
 * test('paid only after approval', () => avoidPath(OrderWorkflow, ['draft -> paid by step']))
 */
export async function avoidPath<C extends AnyClass>(
  workflow: C,
  transitions: readonly string[],
  options: CoverOptions<C> = {},
): Promise<void> {
  const definition = readDefinition(workflow)
  const { name } = definition
  const known = transitionsOf(definition)
  if (transitions.some((each) => !known.some(({ says }) => says === each))) return
  try {
    await takePath(workflow, transitions, options)
  } catch (error) {
    if (error instanceof StepwrightError && error.code === 'path-left') return
    throw error
  }
  throw new StepwrightError('path-taken', {
    what: `A run of ${name} can go ${transitions.join(', ')}`,
    remedy: 'Take one of these moves out of the chart, or bound it with maxVisits',
    details: { workflow: name, transitions },
  })
}
