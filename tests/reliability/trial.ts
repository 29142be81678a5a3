/** Figures that a trial has come to: counts, times, what was lost. */
export type Figures = Readonly<Record<string, number | string>>

/** One row of the reliability table: what is done to runs, and what must be true all the same. */
export interface Trial {
  readonly id: `R${number}`
  readonly title: string
  /** Done at its full size by `npm run reliability`, at its small one by the tests. Throws where the promise does not hold. */
  readonly run: (size: 'ci' | 'full', show: (line: string) => void) => Promise<Figures>
  /** Needs a redis-server; where that is missing the trial is skipped, loudly, and in CI it fails. */
  readonly redis?: boolean
}

/** A trial whose sizes have a type of their own. */
export function trial<S>({
  sizes,
  run,
  ...rest
}: Omit<Trial, 'run'> & {
  readonly sizes: { readonly ci: S; readonly full: S }
  readonly run: (size: S, show: (line: string) => void) => Promise<Figures>
}): Trial {
  return { ...rest, run: (size, show) => run(sizes[size], show) }
}
