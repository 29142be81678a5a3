import type { Definition } from '../../definition/definition.ts'
import { readDefinition } from '../../definition/read-definition.ts'
import type { AnyClass } from '../../definition/shape.ts'
import { Chart } from '../chart.ts'
import { endless, METRICS, some, type Amount, type Metric } from './amount.ts'
import { readFigures, type Figures, type FiguresByState, type PerState } from './figures.ts'
import { visitOf, type Visit } from './visit.ts'
import { walksOf, type Walks } from './walks.ts'

/** The most of something that a run can come to. */
export interface Bound {
  /** `Infinity`: nothing bounds it. */
  readonly most: number
  /** The states of a run that comes to it, or the way to what makes it endless. Empty where no one run is known to. */
  readonly path: readonly string[]
  /** The loop that makes it endless: states, the first once more at the end. */
  readonly loop?: readonly string[]
  /** What else makes it endless. */
  readonly because?: string
}

/** What runs of a workflow can come to; made by {@link bounds}. */
export interface Bounds {
  readonly definition: Definition
  /** Of a run in all. Model calls, tokens and cost only where a figure for them was given. */
  readonly run: { readonly [M in Metric]?: Bound }
  /** Visits of each state. */
  readonly states: ReadonlyMap<string, Bound>
  /** `false`: bounds of visits multiply to more than can be looked at, so figures may be larger than any run comes to. */
  readonly exact: boolean
}

/** Options of {@link bounds}. */
export interface BoundsOptions<C extends AnyClass = AnyClass> {
  /** Figures that classes do not declare: model calls, tokens, cost, and time where it is known better than by timeouts. */
  readonly perState?: PerState<C>
  /** What child runs come to. Children that are left out ask no models. */
  readonly children?: readonly Bounds[]
}

/**
 * What a run of a workflow can come to in the worst case: visits, calls of handlers (`attempts`), model calls, tokens,
 * cost, time (`ms`), and time to undo it all (`undoingMs`). Never below what a run on its chart can come to; where
 * nothing bounds it, the loop or the wait that is why.
 *
 * @throws StepwrightError `invalid-options` for figures that cannot be, `unknown-workflow` for a class without `@workflow()`.
 * @example
 * const { run } = bounds(Article, { perState: { [State.Draft]: { modelCalls: 1, cost: 0.02 } } })
 * console.log(run.cost?.most, run.visits?.loop)
 */
export function bounds<C extends AnyClass>(
  workflow: C,
  { perState = {}, children = [] }: BoundsOptions<C> = {},
): Bounds {
  const definition = readDefinition(workflow)
  return boundsOf(definition, readFigures(definition, perState as Record<string, Figures>), children)
}

/** {@link bounds} of a definition; `above` are those whose child it is. */
export function boundsOf(
  definition: Definition,
  figures: FiguresByState,
  children: readonly Bounds[],
  above: readonly Definition[] = [],
): Bounds {
  const chart = new Chart(definition)
  const walks = walksOf(chart)
  const known = new Map(children.map((one) => [one.definition, one]))
  const childAmount = (workflow: unknown, metric: Metric): Amount => {
    const child = readDefinition(workflow as AnyClass)
    if (child === definition || above.includes(child))
      return endless(`${child.name} starts child runs of itself`)
    const of = known.get(child) ?? boundsOf(child, new Map(), children, [...above, definition])
    known.set(child, of)
    const bound = of.run[metric]
    if (bound?.most !== Infinity) return some(bound?.most ?? 0)
    return endless(`${child.name}: ${sayEndless(bound)}`)
  }
  const visits = new Map<string, Visit>(
    chart.states.map((state) => [
      state.name,
      visitOf(state, definition, figures.get(state.name), childAmount),
    ]),
  )
  const given = (metric: Metric): boolean => {
    if (metric !== 'modelCalls' && metric !== 'tokens' && metric !== 'cost') return true
    return (
      [...figures.values()].some((one) => one[metric] !== undefined) ||
      children.some(({ run }) => run[metric])
    )
  }
  const run = Object.fromEntries(
    METRICS.filter(given).map((metric) => {
      const amounts = new Map([...visits].map(([name, visit]) => [name, visit(metric)]))
      const bound = boundOf(walks, (name) => amounts.get(name) ?? some(0))
      return [metric, metric === 'ms' ? inTime(bound, definition) : bound]
    }),
  )
  const states = chart.states.map(({ name }) => {
    const bound = boundOf(walks, (each) => some(each === name ? 1 : 0))
    return [name, bound] as const
  })
  return { definition, run, states: new Map(states), exact: walks.exact }
}

/** Why something has no bound, in half a sentence. */
export function sayEndless({ loop, because }: Bound): string {
  return loop ? `no bound on the loop ${loop.join(' -> ')}` : (because ?? 'no bound')
}

function boundOf(walks: Walks, amountOf: (name: string) => Amount): Bound {
  const { most, path, loop } = walks.worst((name) => amountOf(name).most)
  if (most < Infinity) return { most, path }
  if (loop) return { most, path, loop }
  return { most, path, because: amountOf(path.at(-1) ?? '').because ?? 'nothing bounds it' }
}

/** A run that is late is failed. */
function inTime(bound: Bound, { deadlineMs }: Definition): Bound {
  return deadlineMs === undefined || bound.most <= deadlineMs ? bound : { most: deadlineMs, path: bound.path }
}
