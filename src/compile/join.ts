import type { ParallelState } from '../definition/definition.ts'
import type { Settled } from '../definition/shape.ts'

/** The branches that have ended, in the order in which they did. */
export type Ended = Readonly<Record<string, Settled<unknown>>>

/** Whether a parallel state has what its rule asks for, may still get it, or never will. */
export function judgeJoin({ branches, join }: ParallelState, ended: Ended): 'open' | 'joined' | 'hopeless' {
  const all = Object.values(ended)
  const good = all.filter(({ ok }) => ok).length
  const open = branches.size - all.length
  if (typeof join === 'function') return judgeByFunction(join, ended, open > 0)
  if (join === 'settled') return open > 0 ? 'open' : 'joined'
  const needed = join === 'all' ? branches.size : join === 'any' ? 1 : join
  return good >= needed ? 'joined' : good + open < needed ? 'hopeless' : 'open'
}

/** A rule that throws cannot be asked again. */
function judgeByFunction(join: (ended: Ended) => boolean, ended: Ended, open: boolean) {
  try {
    return join(ended) ? 'joined' : open ? 'open' : 'hopeless'
  } catch {
    return 'hopeless'
  }
}

/** What the method of a parallel state is called with. */
export function joinedOf({ join }: ParallelState, ended: Ended): Readonly<Record<string, unknown>> {
  if (join !== 'all' && join !== 'any') return ended
  const good = Object.entries(ended).flatMap(([branch, end]) =>
    end.ok ? [[branch, end.value] as const] : [],
  )
  return Object.fromEntries(join === 'any' ? good.slice(0, 1) : good)
}
