import { awaitedBy } from '../../definition/definition.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { Chart } from '../chart.ts'
import type { Found } from '../finding.ts'
import type { SourceHandler, SourceMove, WorkflowSource } from '../source/source.ts'
import { memberOf, moverOf, nameOf, type Leaving } from './movers.ts'
import { anchorOf, sayAll, type Rule } from './rule.ts'

export const unusedTarget: Rule = {
  code: 'unused-target',
  why: 'The chart shows a way that no run takes: drawings, tests and checks count with it.',
  find: (chart, source) =>
    judge(chart, source, (state, { moves, complete, targets }) => {
      if (!complete) return []
      const taken = new Set(moves.flatMap(({ to }) => to.map((member) => nameOf(member, chart))))
      return targetsOf(state)
        .filter((to) => !taken.has(to))
        .map((to) => ({
          states: [state.name],
          edge: { by: state.kind === 'wait' ? 'signal' : 'step', to },
          at: { ...anchorOf(state), place: targets.get(memberOf(to, chart)) },
          path: chart.pathTo(state.name),
          message: `${quote(state.name)} declares ${quote(to)}, and its handler never goes there`,
          remedy: `Return go(...) to ${quote(to)} where it is meant, or take it out of the declaration`,
        }))
    }),
}

export const undeclaredTarget: Rule = {
  code: 'undeclared-target',
  why: 'The move is refused when it is made: the attempt fails, and is not tried again.',
  find: (chart, source) =>
    judge(chart, source, (state, { moves }) => {
      const declared = targetsOf(state)
      const goesTo = ({ to }: SourceMove): readonly string[] => to.map((member) => nameOf(member, chart))
      return moves
        .filter((move) => move.to.length > 0 && !goesTo(move).some((to) => declared.includes(to)))
        .map((move) => ({
          states: [state.name],
          at: { ...anchorOf(state), place: move.place },
          path: chart.pathTo(state.name),
          message: `${quote(state.name)} goes to ${sayAll(goesTo(move))}, but declares only ${sayAll(declared)}`,
          remedy: `Declare ${sayAll(goesTo(move))} in "${state.kind === 'wait' ? 'on' : 'to'}", or go where it is declared; a cast has hidden it from the compiler`,
        }))
    }),
}

/** Asks about each state that moves and whose handler is known. */
function judge(
  { definition }: Chart,
  source: WorkflowSource | undefined,
  find: (state: Leaving, handler: SourceHandler) => readonly Found[],
): readonly Found[] {
  return [...definition.states.values()].flatMap((state) => {
    if (state.kind === 'final') return []
    const handler = moverOf(state, source)
    return handler ? find(state, handler) : []
  })
}

function targetsOf(state: Leaving): readonly string[] {
  const awaited = [...awaitedBy(state).values()].flatMap(({ to }) => to)
  return [...new Set([...(state.kind === 'wait' ? [] : state.to), ...awaited])]
}
