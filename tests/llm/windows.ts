/** Something that happened, and how much of it. */
export interface Used {
  readonly at: number
  readonly amount: number
}

/** The most that any window of `ms` milliseconds holds, both of its ends included. */
export function mostIn(ms: number, used: readonly Used[]): number {
  const sorted = [...used].sort((a, b) => a.at - b.at)
  let most = 0
  let sum = 0
  let first = 0
  for (const { at, amount } of sorted) {
    sum += amount
    while ((sorted[first]?.at ?? at) < at - ms) sum -= sorted[first++]?.amount ?? 0
    most = Math.max(most, sum)
  }
  return most
}
