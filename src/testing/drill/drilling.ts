import { StepwrightError } from '../../errors/stepwright-error.ts'
import { boundariesOf, Crashes, type Ground } from './crashes.ts'
import type { Death } from './life.ts'
import { Reference, type DrillReport } from './report.ts'
import type { Trial } from './trial.ts'
import { judgeHandlers } from './verdicts.ts'
import type { Act } from './witness.ts'

/** Which crashes are tried. */
export interface DrillRange {
  /** At most so many, spread over the run. Default: all. */
  readonly limit?: number
  /** Only every so many-th boundary. Default 1. */
  readonly every?: number
}

/** Crashes a run at one boundary after the other, and compares how it comes out each time. */
export async function drillOn(
  ground: Ground,
  { limit = Infinity, every = 1 }: DrillRange,
): Promise<DrillReport> {
  const { workflow } = ground
  const undisturbed = await ground.live()
  if ('error' in undisturbed.outcome)
    throw new StepwrightError('not-possible', {
      what: `${workflow} cannot be drilled: without a crash it does not come to rest: ${undisturbed.outcome.error}`,
      remedy: 'Give it the input, signals and resources with which it runs',
    })
  const again = await ground.live()
  const reference = new Reference(undisturbed, again)
  const counted = Math.max(undisturbed.writes, again.writes)
  const all = Array.from({ length: counted }, (_, i) => boundariesOf(i + 1)).flat()
  const chosen = spread(
    all.filter((_, i) => i % every === 0),
    limit,
  )
  const crashes = new Crashes(ground, reference)
  await crashes.at(chosen)
  const whole = chosen.length === all.length && limit > all.length
  const writes = whole ? await crashes.beyond(counted) : counted
  const ends = whole && !crashes.stopped ? endsMissed(undisturbed.acts, crashes.trials) : []
  if (ends.length > 0) await crashes.at(ends)
  const { trials } = crashes
  const { status, path } = undisturbed.outcome
  return {
    ...{ workflow, status, path, writes, trials, boundaries: writes * 2 + ends.length },
    handlers: judgeHandlers(undisturbed.acts, trials),
    varies: reference.varies,
    passed: trials.every(({ same }) => same),
  }
}

/**
 * One crash for each handler that no trial has begun again after its end. The number of a write says nothing about it where
 * branches are saved in another order each time; the end of a handler is the same in each run.
 */
function endsMissed(usually: readonly Act[], trials: readonly Trial[]): readonly Death[] {
  const seen = new Set(
    trials.flatMap(({ repeated }) => repeated.flatMap(({ handler, ended }) => (ended ? [handler] : []))),
  )
  const ends = new Map<string, string>()
  for (const act of usually)
    if (act.type === 'ended' && !seen.has(act.handler) && !ends.has(act.handler))
      ends.set(act.handler, act.key)
  return [...ends.values()].map((after) => ({ write: 1, lands: false, after }))
}

function spread<T>(all: readonly T[], limit: number): readonly T[] {
  if (all.length <= limit) return all
  return Array.from({ length: limit }, (_, i) => all[Math.floor((i * all.length) / limit)] as T)
}
