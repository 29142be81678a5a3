import { StepwrightError } from '../../errors/stepwright-error.ts'
import type { Death } from './life.ts'
import { judgeHandlers, Reference, type DrillReport } from './report.ts'
import type { Lived, Trial } from './trial.ts'

/** Which crashes are tried. */
export interface DrillRange {
  /** At most so many, spread over the run. Default: all. */
  readonly limit?: number
  /** Only every so many-th boundary. Default 1. */
  readonly every?: number
}

/** Where a drill takes place. */
export interface Ground {
  readonly workflow: string
  /** A run from its start to its end, each on a store of its own. With a death its first life ends there. */
  live(death?: Death): Promise<Lived>
  /** Runs at once. */
  readonly parallel: number
  /** No more are begun. */
  readonly signal?: AbortSignal
  /** Called after each trial, and once before the first. */
  readonly onTrial?: (tried: number, of: number, trial?: Trial) => void
}

/** Crashes a run at one boundary after the other, and compares how it comes out each time. */
export async function drillOn(
  ground: Ground,
  { limit = Infinity, every = 1 }: DrillRange,
): Promise<DrillReport> {
  const { workflow, signal } = ground
  const undisturbed = await ground.live()
  if ('error' in undisturbed.outcome)
    throw new StepwrightError('not-possible', {
      what: `${workflow} cannot be drilled: without a crash it does not come to rest: ${undisturbed.outcome.error}`,
      remedy: 'Give it the input, signals and resources with which it runs',
    })
  const reference = new Reference(undisturbed, await ground.live())
  const all = Array.from({ length: undisturbed.writes * 2 }, (_, i) => ({
    write: (i >> 1) + 1,
    lands: i % 2 === 1,
  })).filter((_, i) => i % every === 0)
  const chosen = spread(all, limit)
  const trials: (Trial | undefined)[] = []
  let tried = 0
  ground.onTrial?.(0, chosen.length)
  const queue = chosen.entries()
  const work = async (): Promise<void> => {
    for (const [i, death] of queue) {
      if (signal?.aborted) return
      const lived = await ground.live(death)
      if (signal?.aborted) return // it was cut off
      const trial = reference.trial(death, lived)
      trials[i] = trial
      ground.onTrial?.(++tried, chosen.length, trial)
    }
  }
  await Promise.all(Array.from({ length: ground.parallel }, work))
  const done = trials.filter((trial) => trial !== undefined)
  const { status, path } = undisturbed.outcome
  return {
    ...{
      workflow,
      status,
      path,
      writes: undisturbed.writes,
      trials: done,
      boundaries: undisturbed.writes * 2,
    },
    handlers: judgeHandlers(undisturbed.acts, done),
    varies: reference.varies,
    passed: done.every(({ same }) => same),
  }
}

function spread<T>(all: readonly T[], limit: number): readonly T[] {
  if (all.length <= limit) return all
  return Array.from({ length: limit }, (_, i) => all[Math.floor((i * all.length) / limit)] as T)
}
