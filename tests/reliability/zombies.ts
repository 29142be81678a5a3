/** A process that freezes, is taken for dead, and comes back with a write in its hands. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { COLLECTIONS, collections, type Store } from '../../src/store/store.ts'
import { Chance } from '../simulation/chance.ts'
import { readActs } from './acts.ts'
import { openBench, startJobs } from './bench.ts'
import { Ground, KINDS } from './ground.ts'
import { checkSums } from './owners.ts'
import { inPool } from './pool.ts'
import { trial } from './trial.ts'

const STEPS = 12
const LEASE_MS = 300

/** It stops itself just before or just after one of its writes, which the seed chooses. */
export const zombies = trial({
  id: 'R3',
  title:
    'SIGSTOP for three leases, another finishes the run, SIGCONT: no stale write is accepted, and it is reported',
  sizes: { ci: { seeds: 20 }, full: { seeds: 500 } },
  async run({ seeds }, show) {
    await using ground = await Ground.open()
    let [held, fenced, done, stale] = [0, 0, 0, 0]
    await inPool(6, seeds, async (seed) => {
      const kind = KINDS[seed % KINDS.length] ?? 'sqlite'
      const came = await freeze(ground, kind, new Chance(seed + 1))
      if (came.held) held += 1
      if (came.fenced) fenced += 1
      done += 1
      stale += came.stale
      show(`${done} of ${seeds}`)
    })
    assert.equal(stale, 0, 'runs that changed after another had finished them')
    assert.ok(held > seeds / 2, `${held} of ${seeds} had the run when they froze`)
    assert.equal(fenced, held, 'each that had the run reports it')
    return { seeds, 'had the run': held, 'reported it': fenced, 'stale writes accepted': stale }
  },
})

async function freeze(ground: Ground, kind: (typeof KINDS)[number], chance: Chance) {
  const store = ground.store(kind)
  const log = ground.file('acts')
  const stopAt = { write: 2 + chance.below(STEPS - 2), lands: chance.hits(0.5) }
  const where = `${kind}, ${JSON.stringify(stopAt)}`
  await using bench = openBench(store)
  await startJobs(bench, 1, () => ({ left: STEPS, ms: 1 }))
  const zombie = ground.start('drive', { store, log, engine: { lease: '300ms' }, stopAt })
  while (!zombie.stopped) await sleep(2)
  const frozen = performance.now()
  const { worker } = (await readRows(bench.store))['run']?.['job-0'] ?? {}
  await using other = openBench(store, log, '300ms')
  await checkSums(other, 1, STEPS)
  await sleep(Math.max(0, 3 * LEASE_MS - (performance.now() - frozen)))
  const before = await readRows(bench.store)
  zombie.send('SIGCONT')
  const fenced = worker !== undefined && String(await zombie.says('warning')).includes('in other hands')
  zombie.tell('close')
  await zombie.says('closed')
  const after = await readRows(bench.store)
  assert.deepEqual(after, before, `${where}: it changed something`)
  const acts = readActs(log).map(({ key }) => key)
  assert.equal(new Set(acts).size, STEPS, where)
  assert.ok(acts.length <= STEPS + 1, `${where}: the step in flight at most is repeated`)
  const stale = (after['run']?.['job-0']?.revision ?? NaN) - (before['run']?.['job-0']?.revision ?? NaN)
  return { held: worker !== undefined, fenced, stale }
}

/** All that is stored, but for the leases. */
async function readRows(store: Store): Promise<Readonly<Record<string, Readonly<Record<string, Row>>>>> {
  const all: Record<string, Record<string, Row>> = {}
  for (const collection of collections.filter((name) => name !== 'worker')) {
    const { listed, tagged } = COLLECTIONS[collection]
    if (!listed && !tagged) continue
    const entries = await store.list(collection, { limit: 1_000, ...(tagged ? { tag: '' } : {}) })
    const rows = await store.get(
      collection,
      entries.map(({ key }) => key),
    )
    all[collection] = Object.fromEntries(
      rows.flatMap((row, i) => {
        const { key, tag = '' } = entries[i] ?? { key: '' }
        return row ? [[key, { ...row, worker: tag.split('/')[1] || undefined }]] : []
      }),
    )
  }
  return all
}

interface Row {
  readonly revision: number
  readonly value: string
  /** Who has the run. */
  readonly worker: string | undefined
}
