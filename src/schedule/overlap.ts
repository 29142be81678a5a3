import type { Overlap } from './schedule.ts'

/** What becomes of due times. */
export interface Choice {
  /** To be started, oldest first. */
  readonly start: readonly number[]
  /** To be started when what is going has ended. */
  readonly held?: number
  /** Ask what is going to end. */
  readonly stop: boolean
  /** How many are dropped. */
  readonly skipped: number
}

/**
 * Applies an overlap policy. `busy`: a run is going; `held`: the due time that waited until now; `dues`: those that
 * have come since, oldest first; `left`: how many may still lead to a run.
 */
export function choose(
  overlap: Overlap,
  busy: boolean,
  held: number | undefined,
  dues: readonly number[],
  left: number,
): Choice {
  const queue = held === undefined ? dues : [held, ...dues]
  const { start, next, stop = false } = rule(overlap, busy, queue, dues.length > 0)
  const started = start.slice(0, Math.max(0, left))
  const kept = left > started.length ? next : undefined
  const skipped = queue.length - started.length - (kept === undefined ? 0 : 1)
  return { start: started, ...(kept === undefined ? {} : { held: kept }), stop, skipped }
}

function rule(
  overlap: Overlap,
  busy: boolean,
  queue: readonly number[],
  fresh: boolean,
): { start: readonly number[]; next?: number | undefined; stop?: boolean } {
  switch (overlap) {
    case 'allow':
      return { start: queue }
    case 'skip':
      return { start: busy ? [] : queue.slice(0, 1) }
    case 'buffer-one':
      return busy ? { start: [], next: queue[0] } : { start: queue.slice(0, 1), next: queue[1] }
    case 'cancel-other':
    case 'terminate-other': // only the newest: those before it would be stopped as soon as they began
      return busy ? { start: [], next: queue.at(-1), stop: fresh } : { start: queue.slice(-1) }
  }
}
