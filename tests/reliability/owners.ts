/** Several processes share a store: each run has one owner at a time, and none for no longer than need be. */
import assert from 'node:assert/strict'
import { readActs, untilActs } from './acts.ts'
import { openBench, startJobs, untilCount, type Bench } from './bench.ts'
import { Ground, KINDS } from './ground.ts'
import { trial } from './trial.ts'

const STEPS = 3

/** Four processes at work on the same runs. Nobody dies, so a step that was done twice had two owners. */
export const oneOwner = trial({
  id: 'R4',
  title: '4 processes share one SQLite file, and one Redis: no run has two owners',
  sizes: { ci: { runs: 200 }, full: { runs: 2_000 } },
  async run({ runs }, show) {
    await using ground = await Ground.open()
    const shares: string[] = []
    let twice = 0
    for (const kind of KINDS) {
      const store = ground.store(kind)
      const log = ground.file('acts')
      await using bench = openBench(store)
      const engine = { concurrency: 8 } // so that each gets its share
      const processes = [1, 2, 3, 4].map(() => ground.start('drive', { store, log, engine }))
      for (const process of processes) await process.says('open')
      await startJobs(bench, runs, () => ({ left: STEPS, ms: 5 }))
      await untilCount(bench, 'completed', runs, (n) => show(`${kind}: ${n} of ${runs}`))
      for (const process of processes) process.send('SIGTERM')
      for (const process of processes)
        assert.deepEqual(await process.ended, { code: 0, signal: null }, process.errors)
      const acts = readActs(log)
      assert.equal(new Set(acts.map(({ key }) => key)).size, runs * STEPS)
      twice += acts.length - runs * STEPS
      assert.equal(acts.length, runs * STEPS, 'each step once')
      await checkSums(bench, runs, STEPS)
      const byProcess = Object.values(Object.groupBy(acts, ({ pid }) => pid)).map((own) => own?.length ?? 0)
      assert.equal(byProcess.length, 4, 'each process had a part in it')
      shares.push(`${kind} ${byProcess.sort((a, b) => b - a).join(' ')}`)
    }
    return { 'runs on each store': runs, 'steps done twice': twice, 'steps by process': shares.join(', ') }
  },
})

/** All processes die at once. The lease is ten minutes: what goes on before that does so because the death was noticed. */
export const deadOwners = trial({
  id: 'R5',
  title:
    'Every process killed in the middle of 200 runs, one started again: all complete, long before a lease is over',
  sizes: { ci: { runs: 200 }, full: { runs: 200 } },
  async run({ runs }, show) {
    await using ground = await Ground.open()
    const figures: Record<string, string | number> = { runs }
    for (const kind of KINDS) {
      const store = ground.store(kind)
      const log = ground.file('acts')
      await using bench = openBench(store)
      await startJobs(bench, runs, () => ({ left: STEPS, ms: 20 }))
      const engine = { lease: '10m' } as const
      const first = [1, 2, 3].map(() => ground.start('drive', { store, log, engine }))
      await untilActs(log, (runs * STEPS) / 2)
      await Promise.all(first.map((process) => process.kill()))
      const before = readActs(log)
      const inFlight = (await bench.store.list('run', { tag: 'running/', limit: runs })).length
      assert.ok(inFlight > 0, 'they died at work')
      const again = ground.start('drive', { store, log, engine })
      await untilCount(bench, 'completed', runs, (n) => show(`${kind}: ${n} of ${runs}`))
      await again.kill()
      await checkSums(bench, runs, STEPS)
      const acts = readActs(log)
      const repeated = acts.length - new Set(acts.map(({ key }) => key)).size
      assert.equal(new Set(acts.map(({ key }) => key)).size, runs * STEPS)
      assert.ok(repeated <= inFlight, `${repeated} steps were repeated, and ${inFlight} were in flight`)
      assert.ok(before.length < acts.length)
      figures[`${kind}, in flight`] = inFlight
      figures[`${kind}, steps repeated`] = repeated
    }
    return figures
  },
})

/** Every job came to the right end. */
export async function checkSums(bench: Bench, runs: number, steps: number): Promise<void> {
  for (let i = 0; i < runs; i++) {
    const { data } = await bench.result(`job-${i}`)
    assert.deepEqual(data, { sum: (steps * (steps + 1)) / 2 }, `job-${i}`)
  }
}
