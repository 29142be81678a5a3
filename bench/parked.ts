import { fresh } from './fresh.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import type { Target } from './targets.ts'

const RUNS: Readonly<Record<Scale, number>> = { small: 200, full: 5_000, large: 1_000_000 }
/** What a run that waits may hold of the heap; the floor holds nothing. */
const HEAP_BYTES = 100
/** The floor of so many is enough to know one. */
const FLOOR_RUNS = 5_000

interface Ours {
  readonly heap: number
  readonly stored: number
  readonly file: number
  readonly signal: number
  readonly start: { readonly among: number; readonly alone: number }
}

/** Runs that wait for a signal: what each holds and stores, what a signal takes, and whether they slow a start. */
export function parked(target: Target, scale: Scale): Promise<readonly Row[]> {
  if (!target.durable) return Promise.resolve([])
  const n = RUNS[scale]
  const [option = '', ...others] = ['parked', 'parked-none', 'parked-warm'].map((name) =>
    String(target.engine(name)),
  )
  const ours = fresh<Ours>('parked-process', n, option, ...others)
  const floor = fresh<Pick<Ours, 'stored' | 'file' | 'signal'>>(
    'parked-floor-process',
    target.store,
    option,
    Math.min(n, FLOOR_RUNS),
  )
  const place = { name: 'parked', store: target.store }
  const { start } = ours
  return Promise.resolve([
    row(place, 'heap a run', { n, value: ours.heap, unit: 'B', floor: HEAP_BYTES }),
    row(place, 'stored a run', { n, value: ours.stored, unit: 'B', floor: floor.stored }),
    ...(ours.file > 0
      ? [row(place, 'file a run', { n, value: ours.file, unit: 'B', floor: floor.file })]
      : []),
    row(place, 'signal p50', { n, value: ours.signal, unit: 'ms', floor: floor.signal }),
    row(place, 'start beside none', { n, value: start.among, unit: 'ms', floor: start.alone }),
  ])
}
