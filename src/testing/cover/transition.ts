import { causeOf } from '../../compile/machine.ts'
import { errorFor } from './catching.ts'
import type { Definition } from '../../definition/definition.ts'
import { exitsOf, type Exit } from '../../definition/exit.ts'
import { sayMove } from '../../model/move-name.ts'

/** One transition of the chart. */
export interface Transition {
  readonly from: string
  readonly to: string
  readonly exit: Exit
  /** `draft -> review by step`, for people and snapshots; names the errors of a catch edge. */
  readonly says: string
}

/** Every transition of a workflow, in the order of its states and their declarations. */
export function transitionsOf({ states }: Definition): readonly Transition[] {
  const found = new Map<string, Transition>()
  for (const state of states.values())
    for (const exit of exitsOf(state)) {
      const says = `${state.name} -> ${exit.to} by ${sayExit(exit)}`
      if (!found.has(says)) found.set(says, { from: state.name, to: exit.to, exit, says })
    }
  return [...found.values()]
}

/** Those that a run can take: an edge of the workflow or a transaction counts where the state's own leave it something. */
export function takable(definition: Definition): readonly Transition[] {
  return transitionsOf(definition).filter(({ from, exit }) => {
    const state = definition.states.get(from)
    return exit.by !== 'catch' || exit.of === undefined || (state && errorFor(state, exit)) !== undefined
  })
}

/** A transition as a history tells it: without the errors of a catch edge. */
export function sayTaken({ from, to, exit }: Pick<Transition, 'from' | 'to' | 'exit'>): string {
  return sayMove({ from, to, by: causeOf(exit) })
}

function sayExit(exit: Exit): string {
  return exit.by === 'catch' && exit.errors ? `catch of ${exit.errors.join(', ')}` : causeOf(exit)
}
