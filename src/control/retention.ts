import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import { isEnded, STATUSES, type Ended, type Status } from '../model/status.ts'

/**
 * How long what has ended is kept. A run is removed when all that is said here lets it go.
 *
 * @example
 * createEngine({ workflows, store: 'sqlite:runs.db', retention: { after: '30d', keep: 1_000 } })
 */
export interface Retention {
  /** Only runs that ended longer ago than this. */
  readonly after?: Duration
  /** The newest so many are kept, however long ago they ended; runs are counted from the newest start. */
  readonly keep?: number
  /** Only runs that ended so. Default: however they ended. */
  readonly statuses?: readonly Ended[]
  /** How long it is known that a signal of some id was accepted before. Default `'30d'`. */
  readonly seen?: Duration
}

/** A retention in numbers. */
export interface Rule {
  readonly afterMs: number
  readonly keep: number
  readonly statuses: readonly Status[]
  readonly seenMs: number
  /** Runs are removed at all. */
  readonly removes: boolean
}

/** Reads a retention. Throws `invalid-options`. */
export function readRetention({ after, keep, statuses, seen = '30d' }: Retention): Rule {
  const wrong = (what: string, remedy: string): never => {
    throw new StepwrightError('invalid-options', { what, remedy })
  }
  if (keep !== undefined && (!Number.isSafeInteger(keep) || keep < 0))
    wrong(`keep is ${quote(keep)}`, 'Give a whole number of 0 or more')
  const ends = STATUSES.filter(isEnded)
  const strange = statuses?.find((status) => !ends.includes(status))
  if (strange !== undefined)
    wrong(`statuses holds ${quote(strange)}, which is not how a run ends`, `Give some of ${ends.join(', ')}`)
  return {
    afterMs: after === undefined ? 0 : toMs(after, 'after'),
    keep: keep ?? 0,
    statuses: statuses ?? ends,
    seenMs: toMs(seen, 'seen'),
    removes: after !== undefined || keep !== undefined,
  }
}
