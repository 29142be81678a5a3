import type { Transition } from './transition.ts'
import type { Walk } from './walks.ts'

/** By state and visit, the way that is to be taken out of it. */
export type Plan = ReadonlyMap<string, Transition>

/** The plan behind a walk. */
export function planOf(walk: Walk): Plan {
  const visits = new Map<string, number>()
  return new Map(
    walk.map((transition) => {
      const visit = (visits.get(transition.from) ?? 0) + 1
      visits.set(transition.from, visit)
      return [planKey(transition.from, visit), transition] as const
    }),
  )
}

/** The key of a visit. */
export function planKey(state: string, visit: number): string {
  return `${state}/${visit}`
}
