import { createEngine } from '../src/index.ts'
import { floorRun } from './floor.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'
import { Bench, datum } from './workflows.ts'

const STEPS = 1_000

/** One run, 1,000 durable steps one after another, about 1 KB of new data each. */
export async function sequential(target: Target, scale: Scale): Promise<readonly Row[]> {
  const rounds = scale === 'small' ? 1 : 7
  const floor: number[] = []
  const ours: number[] = []
  for (let round = 0; round <= rounds; round++) {
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
  const place = { name: 'sequential', store: target.store }
  return [row(place, 'steps per second', { n: STEPS, value, unit: '1/s', floor: base })]
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return (STEPS / (performance.now() - began)) * 1e3
}
