import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createEngine, states, StepwrightError, type Input, type ShapeOf } from 'stepwright'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import { trial } from './trial.ts'

enum State {
  Do = 'do',
  Done = 'done',
}
const Drop = states(
  State,
  { [State.Do]: z.object({ n: z.number(), note: z.string() }), [State.Done]: z.object({ n: z.number() }) },
  { initial: State.Do, final: State.Done },
)
@Drop.workflow({ name: 'drop' })
class DropWorkflow {
  @Drop.step(State.Do, { to: State.Done }) do({ n }: Input<ShapeOf<typeof Drop>, State.Do>) {
    return Drop.go(State.Done, { n })
  }
}

/** Starts in one turn of the event loop. */
const WAVE = 2_500

/** R20 */
export const flood = trial<{ readonly starts: number; readonly limit: number }>({
  id: 'R20',
  title:
    'starts as fast as possible: bounded memory, refusals that say when to come again, all that was accepted completes',
  sizes: { ci: { starts: 3_000, limit: 500 }, full: { starts: 50_000, limit: 1_000 } },
  async run({ starts, limit }, show) {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-flood-'))
    const engine = createEngine({
      workflows: [DropWorkflow],
      store: new SqliteStore(join(dir, 'runs.db'), { synchronous: 'normal' }),
      limits: { starts: limit },
    })
    let completed = 0
    let refused = 0
    engine.subscribe(({ run: { status } }) => void (status === 'completed' && completed++))
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
    const start = async (n: number): Promise<void> => {
      for (;;) {
        try {
          await engine.start(DropWorkflow, { n, note: 'x'.repeat(500) }, { id: `r${n}` })
          return
        } catch (error) {
          if (!(error instanceof StepwrightError) || error.code !== 'overloaded') throw error
          refused++
          const { retryAfterMs } = error.details
          assert(typeof retryAfterMs === 'number' && retryAfterMs > 0 && retryAfterMs <= 60_000)
          await sleep(retryAfterMs)
        }
      }
    }
    try {
      await engine.open()
      const began = performance.now()
      const started: Promise<void>[] = []
      while (started.length < starts) {
        for (let i = 0; i < WAVE && started.length < starts; i++) started.push(start(started.length))
        await new Promise(setImmediate) // as requests come: through the event loop
      }
      await Promise.all(started)
      const accepted = performance.now() - began
      while (completed < starts && performance.now() - began < 600_000) await sleep(20)
      const took = performance.now() - began
      most = Math.max(most, process.memoryUsage().rss)
      assert.equal(completed, starts, `${starts} were accepted, ${completed} completed`)
      assert((await engine.store.list('due', { limit: 9 })).length === 0)
      const grown = Math.round((most - before) / 2 ** 20)
      const peak = Math.round(most / 2 ** 20)
      show(
        `${starts} accepted in ${Math.round(accepted)} ms, done in ${Math.round(took)} ms; ${grown} MB more`,
      )
      assert(grown < 512, `memory grew by ${grown} MB`)
      assert(refused > 0, 'nothing was refused: the trial is blunt')
      return {
        starts,
        refusals: refused,
        'memory MB': peak,
        'grown by MB': grown,
        'starts per second': Math.round((starts / accepted) * 1_000),
        'done per second': Math.round((starts / took) * 1_000),
      }
    } finally {
      clearInterval(watch)
      await engine.close()
      rmSync(dir, { recursive: true, force: true })
    }
  },
})
