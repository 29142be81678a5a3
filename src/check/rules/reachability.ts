import { quote } from '../../errors/stepwright-error.ts'
import { components, reach } from '../graph.ts'
import { anchorOf, sayAll, type Rule } from './rule.ts'

export const unreachable: Rule = {
  code: 'unreachable',
  why: 'Its handler never runs: either a move to it was forgotten, or it is a remnant.',
  find: ({ states, reached, definition }) =>
    states
      .filter(({ name }) => !reached.has(name))
      .map((state) => ({
        states: [state.name],
        at: anchorOf(state),
        path: [],
        message: `${quote(state.name)} cannot be reached from ${quote(definition.initial)}`,
        remedy: 'Add it to the targets of the state that should lead to it, or remove it',
      })),
}

export const deadEnd: Rule = {
  code: 'dead-end',
  why: 'A run that comes here never ends, and can only be cancelled.',
  find: (chart) =>
    chart.states
      .filter(
        ({ name, kind }) => kind !== 'final' && !chart.exits(name).some(({ by }) => LEAVES.includes(by)),
      )
      .map((state) => ({
        states: [state.name],
        at: anchorOf(state),
        path: chart.pathTo(state.name),
        message: `Nothing leads out of ${quote(state.name)}`,
        remedy:
          state.kind === 'wait'
            ? 'Await a signal, or let it expire'
            : 'Declare where it goes with "to", or make it a final state',
      })),
}
/** Exits that a run takes when nothing goes wrong. */
const LEAVES: readonly string[] = ['step', 'signal', 'expires']

export const noEnd: Rule = {
  code: 'no-end',
  why: 'A run that comes here never ends, and can only be cancelled.',
  find(chart) {
    const { states, reached, ending, graph } = chart
    const stuck = states
      .filter(({ name, kind }) => kind !== 'final' && reached.has(name) && !ending.has(name))
      .map(({ name }) => name)
    const dead = new Set(deadEnd.find(chart, undefined).flatMap(({ states: [name = ''] }) => name))
    // what only leads into a trap is not told of again
    const traps = components(stuck, graph).filter(
      (group) =>
        !(group.length === 1 && dead.has(group[0] ?? '')) &&
        [...reach(group, graph)].every((name) => group.includes(name)),
    )
    return traps.map((group) => {
      const [first = ''] = group
      return {
        states: group,
        at: anchorOf(chart.definition.states.get(first)),
        path: chart.pathTo(first),
        message:
          group.length === 1
            ? `${quote(first)} only leads back to itself`
            : `${sayAll(group)} only lead to one another`,
        remedy: 'Add a move to a final state, or to one from which a final state can be reached',
      }
    })
  },
}

export const visitsCircle: Rule = {
  code: 'visits-circle',
  why: 'When all of them are used up there is no state left that the run could go to.',
  find(chart) {
    const next = new Map(
      chart.states.map((state) => [
        state.name,
        state.kind !== 'final' && state.maxVisits ? [state.maxVisits.to] : [],
      ]),
    )
    return components(next.keys(), next)
      .filter((group) => group.some((name) => next.get(name)?.some((to) => group.includes(to))))
      .map((group) => ({
        states: group,
        at: anchorOf(chart.definition.states.get(group[0] ?? '')),
        path: chart.pathTo(group[0] ?? ''),
        message: `maxVisits leads round in a circle: ${sayAll(group)}`,
        remedy: 'Let one of them lead to a state without maxVisits',
      }))
  },
}
