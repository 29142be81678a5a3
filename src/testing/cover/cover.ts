import { compile } from '../../compile/machine.ts'
import { familyOf } from '../../definition/children.ts'
import { readDefinition } from '../../definition/read-definition.ts'
import type { AnyClass } from '../../definition/shape.ts'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { pathOf } from '../kit/matchers.ts'
import { makeTestEngine } from '../test-engine.ts'
import { unstubbed } from '../unstubbed.ts'
import { graphOf } from './chart-graph.ts'
import { Conductor } from './conductor.ts'
import type { CoverOptions } from './options.ts'
import { errorFor } from './catching.ts'
import { notCoverable, Supply, type Options } from './supply.ts'
import { sayTaken, takable, type Transition } from './transition.ts'
import { coveringWalks, simpleWalks, type Walk } from './walks.ts'

/** One generated test: a path of the chart that a real run is taken along. */
export interface CoverPath {
  /** For a test: the states in their order, with what leads from one to the next where that is no step. */
  readonly name: string
  /** The transitions it takes: `draft -> review by step`. */
  readonly transitions: readonly string[]
  /**
   * Takes a run along the path, on a test engine of its own. Throws `path-left` where the run goes another way.
   */
  readonly run: () => Promise<void>
}

/** Generated tests. */
export interface Cover {
  /** Every transition of the chart, in the order of the class: keep it as a snapshot, and one that is gone is seen. */
  readonly chart: readonly string[]
  readonly paths: readonly CoverPath[]
}

/**
 * Few and short paths that take every transition of a workflow's chart, each as a test that takes a run of a real engine
 * along it: handlers are stood in for, signals sent, clocks advanced, errors of the caught kind thrown.
 *
 * @throws StepwrightError `not-coverable` where a transition cannot be taken, or a value is missing that schemas do not tell.
 * @example
 * const { chart, paths } = coverTransitions(ArticleWorkflow)
 * test('the chart', () => expect(chart).toMatchSnapshot())
 * for (const path of paths) test(path.name, path.run)
 */
export function coverTransitions<C extends AnyClass>(workflow: C, options: CoverOptions<C> = {}): Cover {
  const machine = compile(readDefinition(workflow))
  const walks = coveringWalks(graphOf(machine))
  const taken = new Set(walks.flat().map(({ says }) => says))
  const left = takable(machine.definition).filter(({ says }) => !taken.has(says))
  return coverOf(
    workflow,
    walks,
    left.map(({ says }) => `${says}: no path leads there`),
    options as Options,
  )
}

/**
 * Every path from the beginning of a run to an end that enters no state twice, shortest first and no more than `limit`
 * (default 100), each as a test; as {@link coverTransitions}.
 *
 * @throws StepwrightError `not-coverable`
 * @example
 * for (const path of coverPaths(ArticleWorkflow, { limit: 20 }).paths) test(path.name, path.run)
 */
export function coverPaths<C extends AnyClass>(
  workflow: C,
  { limit = 100, ...options }: CoverOptions<C> & { readonly limit?: number } = {},
): Cover {
  const graph = graphOf(compile(readDefinition(workflow)))
  return coverOf(workflow, simpleWalks(graph, limit), [], options as Options)
}

/**
 * The test of one path that is written down, such as one that was generated before the workflow was changed.
 *
 * @throws StepwrightError `not-coverable` where the chart has no such transition any more.
 * @example
 * test('approved', () => takePath(ArticleWorkflow, ['draft -> review by step', 'review -> published by signal:approve']))
 */
export function takePath<C extends AnyClass>(
  workflow: C,
  transitions: readonly string[],
  options: CoverOptions<C> = {},
): Promise<void> {
  const all = takable(readDefinition(workflow))
  const missing = transitions.filter((each) => !all.some(({ says }) => says === each))
  if (missing.length > 0)
    throw notCoverable(
      readDefinition(workflow),
      missing.map((each) => `the chart has no transition ${each}`),
    )
  const walk = transitions.map((each) => all.find(({ says }) => says === each) as Transition)
  return (coverOf(workflow, [walk], [], options as Options).paths[0] as CoverPath).run()
}

function coverOf(
  workflow: AnyClass,
  walks: readonly Walk[],
  problems: readonly string[],
  options: Options,
): Cover {
  const definition = readDefinition(workflow)
  const supply = new Supply(definition, options)
  const taken = [...new Map(walks.flat().map((transition) => [transition.says, transition])).values()]
  const shadowed = taken.flatMap(({ says, from, exit }) => {
    const state = definition.states.get(from)
    if (exit.by !== 'catch' || !state || errorFor(state, exit)) return []
    return [`${says}: an edge before it catches every error that it is for`]
  })
  const all = [...problems, ...shadowed, ...supply.problems(taken)]
  if (all.length > 0) throw notCoverable(definition, all)
  return {
    chart: takable(definition).map(({ says }) => says),
    paths: walks.map((walk) => ({
      name: nameOf(walk),
      transitions: walk.map(({ says }) => says),
      run: () => take(workflow, walk, supply, options),
    })),
  }
}

async function take(workflow: AnyClass, walk: Walk, supply: Supply, options: Options): Promise<void> {
  const workflows = familyOf(workflow)
  const conductor = new Conductor(walk, supply, workflows.map(readDefinition))
  const { config } = options
  const resources = new Proxy(options.resources ?? {}, {
    get: (given, name) =>
      Reflect.get(given, name) ?? (typeof name === 'string' ? unstubbed(name) : undefined),
  })
  const test = makeTestEngine(
    { workflows, resources, ...(config ? { config } : {}) } as never,
    (call, proceed) => conductor.handle(call, proceed),
  )
  try {
    const run = await test.engine.start(workflow, supply.input() as never, { id: conductor.run })
    const { status, state, failure } = await conductor.drive(test)
    const went = await pathOf(run)
    const planned = walk.map(sayTaken)
    const at = planned.findIndex((each, i) => each !== went[i])
    if (at < 0 && went.length === planned.length) return
    const why = failure ? `: ${failure.name}: ${failure.message}` : ''
    throw new StepwrightError('path-left', {
      what: `The run was to take ${planned[at] ?? 'no further transition'}, and ${went[at] === undefined ? `is ${status} in "${state}"${why}` : `took ${went[at]}`}`,
      remedy: 'Mend the workflow, or say in outcomes how the handler of that state comes out',
      details: { planned, went, status, ...(failure ? { failure } : {}) },
    })
  } finally {
    await test.close()
  }
}

function nameOf(walk: Walk): string {
  const steps = walk.map(({ to, exit, says }) =>
    exit.by === 'step' ? to : `${says.split(' by ')[1]}: ${to}`,
  )
  return [walk[0]?.from ?? '', ...steps].join(' > ')
}
