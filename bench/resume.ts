import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createEngine } from '../src/index.ts'
import { floorRun } from './floor.ts'
import type { Row } from './row.ts'
import { median, type Target } from './targets.ts'
import { Bench, datum } from './workflows.ts'

const LENGTHS = [100, 1_000, 10_000, 100_000]
const ROUNDS = 7

/** A fresh process opens the store and takes the first step of a run that has taken n steps; lengths in turns. */
export async function resume(target: Target): Promise<readonly Row[]> {
  if (!target.durable) return []
  for (const n of LENGTHS) {
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
    LENGTHS.map((n) => [n, { ours: [], floor: [] }]),
  )
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [n, { ours, floor }] of times) {
      ours.push(fresh('engine', target, n))
      floor.push(fresh('floor', target, n))
    }
  }
  return [...times].map(([n, { ours, floor }]) => {
    const [value, base] = [median(ours.slice(1)), median(floor.slice(1))]
    return {
      name: 'resume',
      store: target.store,
      metric: 'ms to first step',
      n,
      value,
      unit: 'ms',
      floor: base,
      ratio: value / base,
    }
  })
}

/** Milliseconds as the process itself measures them, without its start and its imports. */
function fresh(what: 'engine' | 'floor', target: Target, n: number): number {
  const child = fileURLToPath(new URL('resume-process.js', import.meta.url))
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [child, what, target.store, String(target.engine(`resume-${n}`))],
    { encoding: 'utf8' },
  )
  const ms = Number(stdout)
  if (!(ms > 0)) throw new Error(`the fresh process failed: ${stderr}`)
  return ms
}
