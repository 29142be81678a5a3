import type { StateDefinition } from '../../definition/definition.ts'
import type { Chart } from '../chart.ts'
import type { Member, SourceHandler, WorkflowSource } from '../source/source.ts'

/** A state that is left again. */
export type Leaving = Exclude<StateDefinition, { kind: 'final' }>

const MOVERS: readonly string[] = ['step', 'wait', 'timer', 'map', 'children', 'parallel', 'child']

/** The handler that moves a state on: its method, or of a map that reduces the reducer beside it. */
export function moverOf(state: Leaving, source: WorkflowSource | undefined): SourceHandler | undefined {
  return source?.handlers?.find(({ state: of, kind }) => of === state.member && MOVERS.includes(kind))
}

/** The stored name of a member of the enum. */
export function nameOf(member: Member, { states }: Chart): string {
  return states.find((state) => state.member === member)?.name ?? String(member)
}

/** The member of the enum behind a stored name. */
export function memberOf(name: string, { definition }: Chart): Member {
  return definition.states.get(name)?.member ?? name
}
