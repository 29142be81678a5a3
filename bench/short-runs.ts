import pLimit from 'p-limit'
import { createEngine } from '../src/index.ts'
import { floorRun } from './floor.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'
import { Bench, datum } from './workflows.ts'

const RUNS = 1_000
const STEPS = 5

/** 1,000 runs of five steps, 64 at once. */
export async function shortRuns(target: Target, scale: Scale): Promise<readonly Row[]> {
  const rounds = scale === 'small' ? 1 : 3
  const floor: number[] = []
  const ours: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const name = `short-${round}`
    const raw = await target.raw(name)
    floor.push(await perSecond((i) => floorRun(raw, `k${i}`, STEPS, (n) => datum(n, 0))))
    await raw.close()
    const engine = createEngine({
      workflows: [Bench],
      store: target.engine(name),
      concurrency: 64,
      onWarning: () => undefined,
    })
    await engine.open()
    const waiting = new Map<string, () => void>()
    engine.subscribe(({ run }) => run.status === 'waiting' && waiting.get(run.id)?.())
    ours.push(
      await perSecond(async (i) => {
        const parked = new Promise<void>((resolve) => waiting.set(`r${i}`, resolve))
        await engine.start(Bench, datum(0, STEPS - 1) as never, { id: `r${i}` })
        await parked
      }),
    )
    await engine.close()
  }
  const [value, base] = [median(ours.slice(1)), median(floor.slice(1))]
  const place = { name: 'short-runs', store: target.store }
  return [row(place, 'steps per second', { n: RUNS * STEPS, value, unit: '1/s', floor: base })]
}

async function perSecond(one: (i: number) => Promise<void>): Promise<number> {
  const limit = pLimit(64)
  const began = performance.now()
  await Promise.all(Array.from({ length: RUNS }, (_, i) => limit(() => one(i))))
  return ((RUNS * STEPS) / (performance.now() - began)) * 1e3
}
