/** One run that kills or blocks its process, among many that do not. */
import assert from 'node:assert/strict'
import { readActs } from './acts.ts'
import { countOf, openBench, startJobs, type Bench } from './bench.ts'
import { POISONS, type Poison } from './fixtures/work.ts'
import { Ground, KINDS, type Kind } from './ground.ts'
import { trial } from './trial.ts'

const RUNS = 100
const POISONED = 50
const STEPS = 3
/** The first attempt, and five recoveries. */
const DEATHS = 6

/** A process manager starts the worker again until nothing is left to do. */
export const poisoned = trial({
  id: 'R8',
  title:
    'A poison run (endless loop, process.exit, out of memory, unhandled rejection) among 99 good: they complete, it is quarantined',
  sizes: { ci: { kinds: KINDS.slice(0, 1) }, full: { kinds: KINDS } },
  async run({ kinds }, show) {
    await using ground = await Ground.open()
    const figures: Record<string, string | number> = { 'runs each': RUNS }
    for (const kind of kinds)
      for (const poison of POISONS) {
        show(`${kind}: ${poison}`)
        const { deaths, repeated } = await survive(ground, kind, poison)
        figures[`${kind}, ${poison}`] = `${deaths} deaths, ${repeated} good steps repeated`
      }
    return figures
  },
})

async function survive(ground: Ground, kind: Kind, poison: Poison) {
  const store = ground.store(kind)
  const log = ground.file('acts')
  await using bench = openBench(store)
  await startJobs(bench, RUNS, (i) =>
    i === POISONED ? { left: 1, ms: 20, poison } : { left: STEPS, ms: 20 },
  )
  let deaths = 0
  for (; !(await isOver(bench)); deaths++) {
    assert.ok(deaths <= DEATHS, `${poison}: it is still not quarantined`)
    const engine = { watchdog: poison === 'loop' && { after: '1s', then: 'kill' } }
    const worker = ground.start('drive', { store, log, engine }, ['--max-old-space-size=48'])
    const ended = await Promise.race([worker.ended, over(bench)])
    if (ended === 'over') {
      await worker.kill()
      break
    }
    if (poison === 'loop') {
      assert.equal(ended.signal, 'SIGKILL')
      assert.match(worker.errors, /has blocked the event loop for 1000 ms; this process is ended\. At work: /)
      assert.ok(worker.errors.includes(`"job-${POISONED}"`) || worker.errors.includes(' more'))
    } else assert.notEqual(ended.code, 0)
  }
  assert.equal(deaths, DEATHS, `${poison}: deaths`)
  for (const { id, status, data } of await bench.list({ limit: RUNS }))
    if (id !== `job-${POISONED}`)
      assert.deepEqual({ id, status, data }, { id, status: 'completed', data: { sum: 6 } })
  const [parked] = await bench.list({ status: 'quarantined' })
  assert.equal(parked?.id, `job-${POISONED}`)
  assert.match(parked.failure?.message ?? '', /recovered 5 times in a row/)
  const good = readActs(log).filter(({ key }) => !key.startsWith(`job-${POISONED}/`))
  return { deaths, repeated: good.length - (RUNS - 1) * STEPS }
}

async function isOver(bench: Bench): Promise<boolean> {
  return (await countOf(bench, 'completed')) + (await countOf(bench, 'quarantined')) === RUNS
}

async function over(bench: Bench): Promise<'over'> {
  while (!(await isOver(bench))) await new Promise((resolve) => setTimeout(resolve, 20))
  return 'over'
}
