/** What was acknowledged is there, once, whatever happens to the process that was told so, and however often it asks. */
import assert from 'node:assert/strict'
import { Ground, KINDS } from './ground.ts'
import { LedgerWorkflow } from './fixtures/work.ts'
import { readActs } from './acts.ts'
import { openBench } from './bench.ts'
import { inPool } from './pool.ts'
import { trial } from './trial.ts'

/** SIGKILL right after an acknowledged start or signal. */
export const acknowledged = trial({
  id: 'R2',
  title: 'SIGKILL right after an acknowledged start or signal: it is there',
  sizes: { ci: { kills: 100 }, full: { kills: 1_000 } },
  async run({ kills }, show) {
    await using ground = await Ground.open()
    let [starts, signals, lost, twice] = [0, 0, 0, 0]
    for (const kind of KINDS) {
      const store = ground.store(kind)
      const log = ground.file('acts')
      const deaths = Math.ceil(kills / KINDS.length)
      await prepare(store)
      await inPool(2, deaths, async (i) => {
        const what =
          i % 2 === 0
            ? { start: { id: `job-${i}`, left: 1 } }
            : { signal: { run: 'ledger', id: `s${i}`, entry: `entry ${i}` } }
        const process = ground.start('deliver', { store, deliveries: [what], die: true })
        const said = await process.next()
        const { signal } = await process.ended
        assert.deepEqual({ ...said, signal }, { acknowledged: true, signal: 'SIGKILL' }, process.errors)
        show(`${kind}: ${i + 1} of ${deaths}`)
      })
      await using engine = openBench(store, log)
      const ledger = await engine.get<typeof LedgerWorkflow>('ledger')
      await ledger.signal('close', {})
      const { entries } = (await ledger.result()).data as { readonly entries: readonly string[] }
      const expected = Array.from({ length: deaths }, (_, i) => i)
      const sent = expected.filter((i) => i % 2 === 1).map((i) => `entry ${i}`)
      lost += sent.filter((entry) => !entries.includes(entry)).length
      twice += entries.length - new Set(entries).size
      assert.deepEqual([...entries].sort(), sent.sort())
      for (const i of expected.filter((i) => i % 2 === 0)) await engine.result(`job-${i}`)
      const acts = readActs(log).map(({ key }) => key)
      lost += deaths - sent.length - new Set(acts).size
      assert.equal(acts.length, deaths - sent.length, 'each job was done once')
      starts += deaths - sent.length
      signals += sent.length
    }
    return { starts, signals, lost, 'applied twice': twice }
  },
})

/** Each delivery two or three times and out of order, from several processes; 50 starts with one key at once. */
export const repeated = trial({
  id: 'R6',
  title:
    'Each delivery 2 to 3 times and out of order, 50 starts with one key at once: one run, each signal once',
  sizes: { ci: { signals: 60, keys: 2 }, full: { signals: 600, keys: 20 } },
  async run({ signals, keys }) {
    await using ground = await Ground.open()
    let twice = 0
    for (const kind of KINDS) {
      const store = ground.store(kind)
      const log = ground.file('acts')
      await prepare(store)
      const sent = Array.from({ length: signals }, (_, i) => ({
        signal: { run: 'ledger', id: `s${i}`, entry: `entry ${i}` },
      }))
      const starts = Array.from({ length: keys }, (_, i) =>
        Array.from({ length: 17 }, () => ({ start: { id: `job-${i}`, left: 2 } })),
      ).flat()
      const worker = openBench(store, log) // drives what comes while it comes
      await worker.open()
      const processes = [0, 1, 2].map((n) => {
        const mine = [...sent.filter((_, i) => n < 2 || i % 2 === 0), ...starts]
        return ground.start('deliver', { store, deliveries: shuffled(mine, n + 1) })
      })
      for (const process of processes)
        assert.deepEqual(await process.ended, { code: 0, signal: null }, process.errors)
      const ledger = await worker.get<typeof LedgerWorkflow>('ledger')
      await ledger.signal('close', {})
      const { entries } = (await ledger.result()).data as { readonly entries: readonly string[] }
      twice += entries.length - new Set(entries).size
      assert.deepEqual([...entries].sort(), sent.map(({ signal }) => signal.entry).sort())
      for (let i = 0; i < keys; i++) await worker.result(`job-${i}`)
      assert.equal((await worker.list({ workflow: 'job', limit: 10_000 })).length, keys)
      const acts = readActs(log).map(({ key }) => key)
      assert.equal(new Set(acts).size, keys * 2)
      twice += acts.length - new Set(acts).size
      assert.equal(acts.length, keys * 2, 'each step once')
      await worker.close()
    }
    return {
      stores: KINDS.length,
      signals,
      'deliveries each': '2 to 3',
      keys,
      'starts each': 51,
      'applied twice': twice,
    }
  },
})

/** The ledger is there before anybody writes into it. */
async function prepare(store: string): Promise<void> {
  await using bench = openBench(store)
  await bench.start(LedgerWorkflow, {}, { id: 'ledger' })
}

function shuffled<T>(list: readonly T[], seed: number): readonly T[] {
  let state = seed * 7_919
  return list
    .map((value) => ({ value, at: (state = (state * 48_271) % 2_147_483_647) }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
