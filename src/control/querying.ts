import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { fit } from '../model/fitting.ts'
import type { Kernel, Loaded } from '../runtime/kernel.ts'
import type { RunView } from './run-view.ts'

/** Asks the workflow of a run a question about where it stands. Nothing is written. */
export async function ask(
  view: RunView,
  name: string,
  newest: Loaded,
  { resources, library }: Kernel,
): Promise<unknown> {
  const fate = await library.fateOf(view)
  const { machine, instance, config } = fate.fate === 'unknown' ? newest : fate.loaded
  // a run of an older version is shown as it will go on
  const { state, data, vars } = fate.fate === 'maps' ? fate.to : view
  const { visits, status } = view
  const { queries, states, name: workflow } = machine.definition
  const query = queries.get(name)
  if (!query) {
    throw new StepwrightError('unknown-query', {
      what: `${workflow} declares no query ${quote(name)}`,
      remedy:
        queries.size > 0
          ? `Its queries are ${[...queries.keys()].map(quote).join(', ')}`
          : 'It declares no queries at all',
    })
  }
  const standing = { state: states.get(state)?.member ?? state, data, vars, visits, status }
  const method = (instance as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>)[
    query.method
  ]
  const answer: unknown = await method?.call(instance, standing, { ...resources, config, vars })
  return fit(query.schema, answer, 'invalid-data', `The answer of ${query.method} to ${quote(name)}`)
}
