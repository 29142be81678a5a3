import type { Difference } from './difference.ts'
import type { Trial } from './trial.ts'

/** The same difference in several trials. */
export interface GroupedDifference extends Difference {
  readonly trials: readonly Trial[]
}

/** Each different difference once: results and effects first, then the way there, the most frequent of each first. */
export function groupDifferences(trials: readonly Trial[]): readonly GroupedDifference[] {
  const groups = new Map<string, Difference & { readonly trials: Trial[] }>()
  for (const trial of trials)
    for (const difference of trial.differences) {
      const name = JSON.stringify([difference.path, difference.was, difference.is])
      const group = groups.get(name) ?? { ...difference, trials: [] }
      group.trials.push(trial)
      groups.set(name, group)
    }
  const rank = ({ path }: Difference): number => (/^(history|path)\b/.test(path) ? 1 : 0)
  return [...groups.values()].sort((a, b) => rank(a) - rank(b) || b.trials.length - a.trials.length)
}

/** `in 7 trials`. */
export function sayTrials({ trials }: GroupedDifference): string {
  return `in ${trials.length} trial${trials.length === 1 ? '' : 's'}`
}
