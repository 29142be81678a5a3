import type { CatchEdge, StateDefinition } from '../../definition/definition.ts'
import type { Exit } from '../../definition/exit.ts'
import { ChildError, FatalError, type ErrorMatch } from '../../model/failure.ts'
import { edgeFor } from '../../runtime/failing.ts'

/** An error that takes this catch edge and no other; `undefined`: an edge before it catches all that it could. */
export function errorFor(state: StateDefinition, exit: Exit & { readonly by: 'catch' }): Error | undefined {
  if (state.kind === 'final') return undefined
  const edges = state.catches.filter((edge) => edge.to === exit.to && sameErrors(edge, exit))
  const candidates = edges.flatMap(({ errors }) => (errors.length > 0 ? errors.map(thrown) : anyErrors()))
  return candidates.find((error) => edges.includes(edgeFor(state, error) as CatchEdge))
}

/** Whether the end of a child run is what this edge is for. */
export function failsByChild(state: StateDefinition, exit: Exit & { readonly by: 'catch' }): boolean {
  const edge = edgeFor(state, new ChildError('', 'terminated'))
  return edge !== undefined && edge.to === exit.to && sameErrors(edge, exit)
}

function sameErrors({ errors }: CatchEdge, exit: Exit & { readonly by: 'catch' }): boolean {
  const names = errors.map((match) => (typeof match === 'string' ? match : match.name))
  return names.join() === (exit.errors ?? []).join()
}

const WHY = 'thrown by a generated test'

function anyErrors(): readonly Error[] {
  return [new FatalError(WHY), Object.assign(new Error(WHY), { name: 'GeneratedError' })]
}

function thrown(match: ErrorMatch): Error {
  if (typeof match === 'string') return Object.assign(new FatalError(WHY), { name: match })
  try {
    return new (match as unknown as new (message: string) => Error)(WHY)
  } catch {
    return Object.assign(Object.create(match.prototype as object) as Error, { message: WHY }) // its constructor wants more
  }
}
