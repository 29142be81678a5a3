import type { Exit } from '../definition/exit.ts'
import type { StateJson, WorkflowJson } from '../inspect/chart-json.ts'
import type { Change } from '../inspect/drawing/drawing.ts'
import type { WorkflowDiff } from './definition-diff.ts'

/** What both versions have, in one chart: for drawings. */
export interface MarkedChart {
  readonly workflow: string
  /** Where it begins, and where it began if that was elsewhere. */
  readonly initial: string
  readonly initialBefore?: string
  readonly states: readonly MarkedState[]
  readonly transitions: readonly MarkedTransition[]
}

/** A state of either version. */
export interface MarkedState {
  readonly name: string
  readonly kind: StateJson['kind']
  /** None where it is as it was. */
  readonly change?: Change
}

/** A transition of either version. */
export interface MarkedTransition {
  readonly from: string
  readonly exit: Exit
  readonly change?: Change
}

/** The new chart with what is gone, each marked with what became of it. */
export function markedChart(
  before: WorkflowJson | undefined,
  after: WorkflowJson | undefined,
  diff: WorkflowDiff,
): MarkedChart {
  const states = new Map(
    [...(before?.states ?? []), ...(after?.states ?? [])].map((state) => [state.name, state] as const),
  )
  const changes = new Map(diff.states.map(({ state, change }) => [state, change]))
  const gone = diff.transitions.filter(({ change }) => change === 'removed')
  const kept = (after?.states ?? []).flatMap(({ name, exits }) =>
    exits.map((exit): MarkedTransition => {
      const found = diff.transitions.find(({ from, after: is }) => from === name && is === exit)
      return { from: name, exit, ...(found ? { change: found.change } : {}) }
    }),
  )
  const initial = after?.initial ?? before?.initial ?? ''
  return {
    workflow: diff.workflow,
    initial,
    ...(before && before.initial !== initial ? { initialBefore: before.initial } : {}),
    states: [...states.values()].map(({ name, kind }): MarkedState => {
      const change = changes.get(name)
      return { name, kind, ...(change ? { change } : {}) }
    }),
    transitions: [
      ...kept,
      ...gone.flatMap(({ from, before: was }): MarkedTransition[] =>
        was ? [{ from, exit: was, change: 'removed' }] : [],
      ),
    ],
  }
}
