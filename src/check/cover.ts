import type { CatchEdge } from '../definition/definition.ts'
import type { ErrorMatch } from '../model/failure.ts'

/** The first of the earlier edges because of which an edge catches nothing; several may take its errors together, then the last of them. */
export function coverOf({ errors }: CatchEdge, earlier: readonly CatchEdge[]): CatchEdge | undefined {
  const all = earlier.find((edge) => edge.errors.length === 0)
  if (all || errors.length === 0) return all
  const takers = errors.map((match) => earlier.find((edge) => edge.errors.some((own) => takes(own, match))))
  return takers.every((taker) => taker !== undefined) ? takers.at(-1) : undefined
}

/** Whether `own` means every error that `match` means: the same, or a class above it. */
function takes(own: ErrorMatch, match: ErrorMatch): boolean {
  if (own === match) return true
  return typeof own === 'function' && typeof match === 'function' && match.prototype instanceof own
}
