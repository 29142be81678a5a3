/** Processes that are asked to end while they are busy. */
import assert from 'node:assert/strict'
import { readActs, untilActs } from './acts.ts'
import { openBench, startJobs, untilCount } from './bench.ts'
import { Ground, KINDS, type Kind, type Process } from './ground.ts'
import { checkSums } from './owners.ts'
import { trial } from './trial.ts'

const RUNS = 100
/** Each step takes a minute, and its handler does not listen to its abort signal. */
const STEP_MS = 60_000
const OUT_MS = 10_000

interface Size {
  readonly kinds: readonly Kind[]
  /** The most that the next process may need, from the end of the one before to its first look at the last run. */
  readonly takeoverMs: number
}

/** How a busy process is started, and how many of the runs it has at once. */
const WAYS = {
  engine: { atOnce: 50, code: 0 },
  resume: { atOnce: 64, code: 143 },
  run: { atOnce: 64, code: 143 },
} as const

/** SIGTERM: what is at work is let go of, nothing new is begun, and a process that stands by goes on with all of it. */
export const stoppedBusy = trial<Size>({
  id: 'R21',
  title:
    'SIGTERM with 50 or more runs busy (an engine, `stepwright resume`, `stepwright run`): nothing new is claimed, out in 10 s, the next process takes over in under 1 s',
  sizes: {
    ci: { kinds: KINDS.slice(0, 1), takeoverMs: 5_000 }, // other tests are at work beside it
    full: { kinds: KINDS, takeoverMs: 1_000 },
  },
  async run({ kinds, takeoverMs }, show) {
    await using ground = await Ground.open()
    const figures: Record<string, string> = {}
    for (const kind of kinds)
      for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
        show(`${kind}: ${way}`)
        const { outMs, overMs } = await stop(ground, kind, way)
        assert.ok(outMs < OUT_MS, `${kind}, ${way}: out after ${outMs} ms`)
        assert.ok(overMs < takeoverMs, `${kind}, ${way}: taken over after ${overMs} ms`)
        figures[`${kind}, ${way}`] = `out after ${outMs} ms, all taken over ${overMs} ms later`
      }
    return figures
  },
})

async function stop(ground: Ground, kind: Kind, way: keyof typeof WAYS) {
  const { atOnce, code } = WAYS[way]
  const store = ground.store(kind)
  const log = ground.file('acts')
  await using bench = openBench(store)
  await startJobs(bench, RUNS, () => ({ left: 1, ms: STEP_MS }))
  const busy = begin(ground, way, store, log)
  await untilActs(log, atOnce)
  const next = ground.start('drive', { store, log, hurry: true, engine: { concurrency: 2 * RUNS } })
  await next.says('open')
  await untilActs(log, RUNS) // it has taken what was left, and only the end of the other process gives it more
  const sent = performance.now()
  busy.send('SIGTERM')
  const ended = await busy.ended
  const out = performance.now()
  assert.equal(ended.code, code, busy.errors)
  await untilActs(log, RUNS + atOnce)
  const over = performance.now()
  await untilCount(bench, 'completed', RUNS)
  await checkSums(bench, RUNS, 1)
  const acts = readActs(log)
  assert.equal(acts.filter(({ pid }) => pid === busy.pid).length, atOnce, 'nothing new was claimed')
  assert.equal(acts.length, RUNS + atOnce, 'what was let go of began once more')
  await next.kill()
  return { outMs: Math.round(out - sent), overMs: Math.round(over - out) }
}

function begin(ground: Ground, way: keyof typeof WAYS, store: string, log: string): Process {
  if (way === 'engine')
    return ground.start('drive', { store, log, engine: { concurrency: WAYS.engine.atOnce } })
  const words = { resume: ['--watch'], run: ['--id', 'job-0', '--input', `{"left":1,"ms":${STEP_MS}}`] }
  return ground.command(way, 'busy.ts', [...words[way], '--store', store], { STEPWRIGHT_TEST_ACTS: log })
}
