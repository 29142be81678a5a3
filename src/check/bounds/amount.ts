/** What is counted of a run. */
export const METRICS = ['visits', 'attempts', 'modelCalls', 'tokens', 'cost', 'ms', 'undoingMs'] as const

/** One of {@link METRICS}. */
export type Metric = (typeof METRICS)[number]

/** A number with what makes it endless, if it is. */
export interface Amount {
  /** `Infinity`: nothing bounds it. */
  readonly most: number
  /** Why nothing bounds it. */
  readonly because?: string
}

/** That many. */
export function some(most: number): Amount {
  return { most }
}

/** No bound. */
export function endless(because: string): Amount {
  return { most: Infinity, because }
}

/** All of them together. */
export function sum(amounts: readonly Amount[]): Amount {
  return all(amounts, (a, b) => a + b)
}

/** The largest. */
export function largest(amounts: readonly Amount[]): Amount {
  return all(amounts, Math.max)
}

/** The smaller of two. */
export function smaller(a: Amount, b: Amount): Amount {
  return a.most <= b.most ? a : b
}

/** So many times; nothing taken without end is nothing. */
export function times({ most, because }: Amount, n: number): Amount {
  return most === 0 || n === 0 ? some(0) : { most: most * n, ...(because === undefined ? {} : { because }) }
}

function all(amounts: readonly Amount[], join: (a: number, b: number) => number): Amount {
  const because = amounts.find(({ most }) => most === Infinity)?.because
  const most = amounts.map((one) => one.most).reduce((a, b) => join(a, b), 0)
  return { most, ...(because === undefined ? {} : { because }) }
}
