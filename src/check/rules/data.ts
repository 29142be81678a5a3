import type { CatchEdge, ExpiryEdge, StateDefinition, VisitsEdge } from '../../definition/definition.ts'
import { quote } from '../../errors/stepwright-error.ts'
import { parseWith, type Schema } from '../../model/schema.ts'
import type { Chart } from '../chart.ts'
import type { Finding, Found } from '../finding.ts'
import type { Misfit, SourceEdge, WorkflowSource } from '../source/source.ts'
import { anchorOf, type Rule } from './rule.ts'
import { moverOf, nameOf, type Leaving } from './movers.ts'

/** Data that stands in a decorator is read by the schema that will read it; of what functions make, the types tell. */
export const unfitData: Rule = {
  code: 'unfit-data',
  why: 'What the state receives is refused when it is entered, so the move to it fails.',
  find: (chart, source) => [...literals(chart, source), ...made(chart, source)],
}

type Edge = CatchEdge | ExpiryEdge | VisitsEdge

/** Edges whose data stands there. Those of a transaction or the workflow are told of once. */
function literals(chart: Chart, source: WorkflowSource | undefined): readonly Found[] {
  const seen = new Set<Edge>()
  return chart.states.flatMap((state) => {
    if (state.kind === 'final') return []
    return edgesOf(state).flatMap(([by, edge]) => {
      if (typeof edge.with === 'function' || seen.has(edge)) return []
      seen.add(edge)
      const target = chart.definition.states.get(edge.to)
      const parsed = target && parseWith(target.schema, edge.with)
      if (!parsed || parsed instanceof Promise || parsed.ok) return []
      const place = edgeIn(state, by, target.member, source)?.place
      return [found(chart, state, by, target, place, parsed.reasons.join('; '))]
    })
  })
}

/** What `go` and the functions of edges hand over. */
function made(chart: Chart, source: WorkflowSource | undefined): readonly Found[] {
  return chart.states.flatMap((state) => {
    if (state.kind === 'final') return []
    const mover = moverOf(state, source)
    const ways = [
      ...(mover?.moves ?? []).map(
        (move) => ({ ...move, by: state.kind === 'wait' ? 'signal' : 'step' }) as const,
      ),
      ...(mover?.edges ?? []).map((edge) => ({ ...edge, to: [edge.to] })),
    ]
    return ways.flatMap(({ to, by, place, misfits }) => {
      const [target] = to.map((member) => chart.definition.states.get(nameOf(member, chart)))
      const counting = target ? misfits.filter((misfit) => counts(misfit, target.schema)) : []
      if (!target || counting.length === 0) return []
      return [found(chart, state, by, target, place, counting.map(sayMisfit).join('; '))]
    })
  })
}

function found(
  chart: Chart,
  state: Leaving,
  by: NonNullable<Finding['edge']>['by'],
  target: StateDefinition,
  place: SourceEdge['place'] | undefined,
  reasons: string,
): Found {
  return {
    states: [state.name, target.name],
    edge: { by, to: target.name },
    at: { ...anchorOf(state), place },
    path: [...chart.pathTo(state.name), target.name],
    message: `${quote(state.name)} hands ${quote(target.name)} what it refuses: ${reasons}`,
    remedy:
      'Hand over what the schema of the state asks for; without a cast the compiler says where it does not',
  }
}

function edgesOf(state: Leaving): readonly (readonly [SourceEdge['by'], Edge])[] {
  return [
    ...state.catches.map((edge) => ['catch', edge] as const),
    ...('expires' in state && state.expires ? [['expires', state.expires] as const] : []),
    ...(state.maxVisits ? [['visits', state.maxVisits] as const] : []),
  ]
}

function edgeIn(
  state: Leaving,
  by: SourceEdge['by'],
  to: string | number,
  source: WorkflowSource | undefined,
): SourceEdge | undefined {
  return moverOf(state, source)?.edges.find((edge) => edge.by === by && edge.to === to)
}

/** Keys that a schema does not have are refused only where it does not pass them on; of others than these nobody knows. */
function counts({ fault }: Misfit, schema: Schema): boolean {
  return fault !== 'extra' || DROPPING.includes(schema['~standard'].vendor)
}
const DROPPING: readonly string[] = ['zod', 'valibot']

/** A misfit as it is said. */
export function sayMisfit({ fault, path, is = '', wants = '' }: Misfit): string {
  const what = path === '' ? 'the data' : path
  switch (fault) {
    case 'missing':
      return `${what} is missing`
    case 'extra':
      return `${what} is not in its schema, and would be dropped`
    case 'other':
      return `${what} is ${is}, not ${wants}`
  }
}
