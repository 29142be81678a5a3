import type { CatchEdge, StateDefinition } from '../../definition/definition.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { Chart } from '../chart.ts'
import { coverOf } from '../cover.ts'
import type { Found } from '../finding.ts'
import type { Anchor } from '../source/source.ts'
import { anchorOf, type Rule } from './rule.ts'

type Leaving = Exclude<StateDefinition, { kind: 'final' }>

/**
 * A state's own edges come before those of its transaction and of the workflow on purpose. So an edge competes with those
 * of its own list; with the others only where they leave it nothing in any state.
 */
export const deadCatch: Rule = {
  code: 'dead-catch',
  why: 'The errors it names go another way than it says.',
  find(chart) {
    const states = chart.states.filter((state) => state.kind !== 'final')
    const edges = [...new Set(states.flatMap(({ catches }) => catches))]
    return edges.flatMap((edge) => judge(edge, states, chart))
  },
}

function judge(edge: CatchEdge, all: readonly Leaving[], chart: Chart): readonly Found[] {
  const users = all.filter(({ catches }) => catches.includes(edge))
  const before = users.map(({ catches }) => catches.slice(0, catches.indexOf(edge)))
  const rivals = before.map((edges) =>
    coverOf(
      edge,
      edges.filter(({ of }) => of === edge.of),
    ),
  )
  const rival = rivals.every((one) => one !== undefined) ? rivals[0] : undefined
  if (!rival && !before.every((edges) => coverOf(edge, edges))) return []
  const [first] = users
  const own = edge.of === 'state' && first
  const whose = own
    ? quote(first.name)
    : edge.of === 'workflow'
      ? 'The workflow'
      : `The transaction ${quote(edge.transaction)}`
  const at: Anchor = own
    ? anchorOf(first)
    : edge.transaction === undefined
      ? {}
      : { transaction: edge.transaction }
  return [
    {
      states: edge.of === 'workflow' ? [] : users.map(({ name }) => name),
      edge: { by: 'catch', to: edge.to },
      at,
      path: own ? chart.pathTo(first.name) : [],
      message: rival
        ? `${whose} catches ${sayErrors(edge)} to ${quote(edge.to)} after an edge to ${quote(rival.to)} that catches ${sayErrors(rival)}`
        : `${whose} catches ${sayErrors(edge)}, and each of its states catches that before`,
      remedy: rival
        ? 'Put the narrower edge first, or remove the one that is never taken'
        : 'Remove the edge, or narrow those of the states by "error"',
    },
  ]
}

function sayErrors({ errors }: CatchEdge): string {
  if (errors.length === 0) return 'every error'
  return errors.map((match) => (typeof match === 'string' ? match : match.name)).join(' or ')
}
