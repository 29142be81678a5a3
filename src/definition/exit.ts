import type { StateDefinition } from './definition.ts'
import type { ErrorMatch } from '../model/failure.ts'

/** Every way out of a state, each with what causes it. The one list that machine, checks and drawings are made from. */
export type Exit =
  | { readonly by: 'step'; readonly to: string }
  | { readonly by: 'signal'; readonly signal: string; readonly to: string }
  | { readonly by: 'expires'; readonly to: string; readonly afterMs: number }
  | { readonly by: 'visits'; readonly to: string; readonly times: number }
  | {
      readonly by: 'catch'
      readonly to: string
      /** The names of the errors; none for all. */
      readonly errors?: readonly string[]
      /** Whose edge it is, where not the state's own. */
      readonly of?: 'transaction' | 'workflow'
    }

/** The exits of a state, in the order they were declared. */
export function exitsOf(state: StateDefinition): readonly Exit[] {
  if (state.kind === 'final') return []
  const exits: Exit[] = []
  if (state.kind !== 'wait') for (const to of state.to) exits.push({ by: 'step', to })
  if (state.kind === 'wait' || state.kind === 'child') {
    for (const [signal, { to: targets }] of state.on)
      for (const to of targets) exits.push({ by: 'signal', signal, to })
    if (state.expires) exits.push({ by: 'expires', to: state.expires.to, afterMs: state.expires.afterMs })
  }
  if (state.maxVisits) exits.push({ by: 'visits', to: state.maxVisits.to, times: state.maxVisits.times })
  for (const { to, errors, of } of state.catches) {
    exits.push({
      by: 'catch',
      to,
      ...(errors.length > 0 ? { errors: errors.map(sayMatch) } : {}),
      ...(of === 'state' ? {} : { of }),
    })
  }
  return exits
}

function sayMatch(match: ErrorMatch): string {
  return typeof match === 'string' ? match : match.name
}
