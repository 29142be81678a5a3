/** Processes that never live long. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { readActs } from './acts.ts'
import { countOf, openBench, startJobs, untilCount } from './bench.ts'
import { Ground, KINDS } from './ground.ts'
import { checkSums } from './owners.ts'
import { Chance } from '../simulation/chance.ts'
import { SEED } from './seed.ts'
import { trial } from './trial.ts'

/** A worker that is killed every 0.2 to 2 s and started again, until the time is over; the last one may finish. */
export const killedOften = trial({
  id: 'R7',
  title: 'kill -9 of the process every 0.2 to 2 s: none is lost, all complete',
  sizes: { ci: { seconds: 30, runs: 100 }, full: { seconds: 600, runs: 500 } },
  async run({ seconds, runs }, show) {
    await using ground = await Ground.open()
    const chance = new Chance(SEED)
    const figures: Record<string, string | number> = { runs, seed: SEED }
    for (const kind of KINDS) {
      const store = ground.store(kind)
      const log = ground.file('acts')
      await using bench = openBench(store)
      // so many steps of 50 ms that 64 at once are at work for most of the time
      const steps = Math.ceil((seconds / KINDS.length / 0.06) * (64 / runs))
      await startJobs(bench, runs, () => ({ left: steps, ms: 50 }))
      let kills = 0
      const until = performance.now() + (seconds / KINDS.length) * 1_000
      while (performance.now() < until) {
        const process = ground.start('drive', { store, log })
        await sleep(200 + chance.next() * 1_800)
        await process.kill()
        kills += 1
        show(`${kind}: ${kills} kills, ${await countOf(bench, 'completed')} of ${runs} (SEED=${SEED})`)
      }
      const leftAfterKills = runs - (await countOf(bench, 'completed'))
      ground.start('drive', { store, log })
      await untilCount(bench, 'completed', runs, (n) => show(`${kind}: ${n} of ${runs}`))
      await checkSums(bench, runs, steps)
      const acts = readActs(log)
      const done = new Set(acts.map(({ key }) => key)).size
      assert.equal(done, runs * steps)
      assert.ok(acts.length - done <= kills * 64, 'no more is repeated than was in flight')
      figures[`${kind}, kills`] = kills
      figures[`${kind}, steps`] = done
      figures[`${kind}, repeated`] = acts.length - done
      figures[`${kind}, left to the last`] = leftAfterKills
    }
    return figures
  },
})
