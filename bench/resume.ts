import { createEngine } from '../src/index.ts'
import { floorRun } from './floor.ts'
import { fresh } from './fresh.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'
import { Bench, datum } from './workflows.ts'

/** A fresh process opens the store and takes the first step of a run that has taken n steps; lengths in turns. */
export async function resume(target: Target, scale: Scale): Promise<readonly Row[]> {
  if (!target.durable) return []
  const lengths = scale === 'small' ? [100, 1_000] : [100, 1_000, 10_000, 100_000]
  const rounds = scale === 'small' ? 1 : 7
  for (const n of lengths) {
    const engine = createEngine({
      workflows: [Bench],
      store: target.engine(`resume-${n}`),
      onWarning: () => undefined,
    })
    const parked = new Promise<void>((resolve) =>
      engine.subscribe(({ run }) => run.status === 'waiting' && resolve()),
    )
    await engine.start(Bench, datum(0, n - 1) as never, { id: 'r' })
    await parked
    await engine.close()
    const raw = await target.raw(`resume-${n}`)
    await floorRun(raw, 'k', 1, (i) => datum(i, 0)) // its snapshot is of one size, however many steps led to it
    await raw.close()
  }
  const times = new Map<number, { ours: number[]; floor: number[] }>(
    lengths.map((n) => [n, { ours: [], floor: [] }]),
  )
  for (let round = 0; round <= rounds; round++) {
    for (const [n, { ours, floor }] of times) {
      ours.push(measure('engine', target, n))
      floor.push(measure('floor', target, n))
    }
  }
  const place = { name: 'resume', store: target.store }
  const rows = [...times].map(([n, { ours, floor }]) =>
    row(place, 'ms to first step', {
      n,
      value: median(ours.slice(1)),
      unit: 'ms',
      floor: median(floor.slice(1)),
    }),
  )
  const [shortest, longest] = [rows[0], rows.at(-1)]
  if (!shortest || !longest) return rows
  const { n, value, unit } = longest
  return [...rows, row(place, 'beside the fewest steps', { n, value, unit, floor: shortest.value })]
}

/** Milliseconds as the process itself measures them, without its start and its imports. */
function measure(what: 'engine' | 'floor', target: Target, n: number): number {
  return fresh('resume-process', what, target.store, String(target.engine(`resume-${n}`)))
}
