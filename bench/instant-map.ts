import { fresh } from './fresh.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'

const ITEMS = 10_000
/** What a map of that size may cost in a process of its own, in megabytes. */
const MEMORY_MB = 150

/** A map of 10,000 items that do nothing, beside one raw write for each result; each round in a fresh process. */
export function instantMap(target: Target, scale: Scale): readonly Row[] {
  const measure = (what: 'engine' | 'floor', round: number): { readonly ms: number; readonly mb: number } =>
    fresh('map-process', what, target.store, String(target.engine(`map-${round}`)), ITEMS)
  const rounds = Array.from({ length: scale === 'small' ? 2 : 4 }, (_, round) => ({
    ours: measure('engine', round),
    floor: measure('floor', round),
  })).slice(1)
  const place = { name: 'map', store: target.store }
  const ms = {
    n: ITEMS,
    value: median(rounds.map(({ ours }) => ours.ms)),
    unit: 'ms',
    floor: median(rounds.map((each) => each.floor.ms)),
  }
  const mb = { n: ITEMS, value: median(rounds.map(({ ours }) => ours.mb)), unit: 'MB', floor: MEMORY_MB }
  return [row(place, 'ms for all items', ms), row(place, 'peak memory', mb)]
}
