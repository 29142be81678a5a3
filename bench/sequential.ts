import { createEngine } from '../src/index.ts'
import { floorRun } from './floor.ts'
import type { Row } from './row.ts'
import { median, type Target } from './targets.ts'
import { Bench, datum } from './workflows.ts'

const STEPS = 1_000
const ROUNDS = 7

/** One run, 1,000 durable steps one after another, about 1 KB of new data each. */
export async function sequential(target: Target): Promise<readonly Row[]> {
  const floor: number[] = []
  const ours: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const name = `sequential-${round}`
    const raw = await target.raw(name)
    floor.push(await perSecond(() => floorRun(raw, 'k', STEPS, (i) => datum(i, 0))))
    await raw.close()
    const engine = createEngine({
      workflows: [Bench],
      store: target.engine(name),
      onWarning: () => undefined,
    })
    await engine.open()
    ours.push(
      await perSecond(async () => {
        const parked = new Promise<void>((resolve) => {
          const stop = engine.subscribe(({ run }) => run.status === 'waiting' && (stop(), resolve()))
        })
        await engine.start(Bench, datum(0, STEPS - 1) as never)
        await parked
      }),
    )
    await engine.close()
  }
  const [value, base] = [median(ours.slice(1)), median(floor.slice(1))] // the first round warms up
  return [
    {
      name: 'sequential',
      store: target.store,
      metric: 'steps per second',
      n: STEPS,
      value,
      unit: '1/s',
      floor: base,
      ratio: value / base,
    },
  ]
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return (STEPS / (performance.now() - began)) * 1e3
}
