import type { Claim } from './property.ts'

/**
 * Watches the states that a run visits, one after the other. What it remembers is a number, so that what a run may still do
 * depends on where it stands and on that number alone.
 */
export interface Monitor {
  /** It is broken by a visit alone, never by one that does not come. */
  readonly awaitsNothing: boolean
  /** Before the first visit. */
  readonly first: number
  /** What it remembers after a visit; `undefined`: the property is broken. */
  see(memory: number, state: string): number | undefined
  /** Whether something must still come after this visit. */
  awaits(memory: number): boolean
  /** Whether nothing was awaited before this visit that has not come with it. */
  isCalm(memory: number): boolean
}

/** A claim about names of states. */
export type NamedClaim = Claim & { readonly states: readonly string[] } & {
  readonly mark?: readonly string[]
}

/** The monitor of a claim. */
export function monitorOf(claim: NamedClaim): Monitor {
  const states = new Set(claim.states)
  const mark = new Set(claim.mark ?? [])
  const safe = (see: Monitor['see']): Monitor => ({
    awaitsNothing: true,
    first: 0,
    see,
    awaits: () => false,
    isCalm: () => true,
  })
  switch (claim.kind) {
    case 'never':
      return safe((_, state) => (states.has(state) ? undefined : 0))
    case 'never-before':
      return safe((marked, state) => (marked || mark.has(state) ? 1 : states.has(state) ? undefined : 0))
    case 'never-after':
      return safe((marked, state) =>
        marked && states.has(state) ? undefined : marked || mark.has(state) ? 1 : 0,
      )
    case 'after-next':
      return safe((marked, state) => (marked && !states.has(state) ? undefined : mark.has(state) ? 1 : 0))
    case 'at-most':
      return safe((seen, state) => (!states.has(state) ? seen : seen < claim.times ? seen + 1 : undefined))
    case 'eventually':
      return {
        first: OPEN,
        see: (memory, state) => (states.has(state) ? CALM : memory),
        ...AWAITING,
      }
    case 'after-eventually':
      return {
        first: CALM,
        see: (memory, state) => {
          const came = memory === CALM || states.has(state)
          return mark.has(state) ? (came ? ANEW : OPEN) : came ? CALM : OPEN
        },
        ...AWAITING,
      }
  }
}

/** Nothing is awaited; something is; something is since this very visit, and what was before has come. */
const [CALM, OPEN, ANEW] = [0, 1, 2]
const AWAITING = {
  awaitsNothing: false,
  awaits: (memory: number): boolean => memory !== CALM,
  isCalm: (memory: number): boolean => memory !== OPEN,
}
