import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fresh, killed } from './fresh.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'

const ITEMS = 1_000
const ABREAST = 64

/** 1,000 items of a millisecond, 64 at once, beside p-limit doing the same without keeping anything. */
export function slowMap(target: Target, scale: Scale): readonly Row[] {
  const measure = (what: 'engine' | 'floor', round: number): number =>
    fresh('slow-map-process', what, String(target.engine(`slow-${round}`)), ITEMS)
  const rounds = Array.from({ length: scale === 'small' ? 2 : 6 }, (_, round) => ({
    ours: measure('engine', round),
    floor: measure('floor', round),
  })).slice(1)
  const value = median(rounds.map(({ ours }) => ours))
  const floor = median(rounds.map((each) => each.floor))
  return [row({ name: 'map', store: target.store }, 'items of 1 ms', { n: ITEMS, value, unit: 'ms', floor })]
}

/** The same killed by SIGKILL about half way, and finished by another process: how many items began twice. */
export async function killedMap(target: Target, scale: Scale): Promise<readonly Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-bench-map-'))
  const repeats: number[] = []
  for (let round = 0; round < (scale === 'small' ? 2 : 15); round++) {
    const [option, file] = [String(target.engine(`killed-${round}`)), join(dir, `begun-${round}`)]
    const begun = (): readonly string[] =>
      existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
    await killed(() => begun().length > ITEMS / 2, 'slow-map-process', 'engine', option, ITEMS, file)
    fresh('slow-map-process', 'engine', option, ITEMS, file)
    const items = begun()
    if (new Set(items).size !== ITEMS) throw new Error(`${new Set(items).size} items of ${ITEMS} were done`)
    repeats.push(items.length - ITEMS)
  }
  rmSync(dir, { recursive: true, force: true })
  const place = { name: 'map', store: target.store }
  const mean = repeats.reduce((sum, repeat) => sum + repeat, 0) / repeats.length
  const [n, unit, floor] = [repeats.length, 'items', ABREAST]
  return [
    row(place, 'twice after a kill, mean', { n, value: mean, unit, floor }),
    row(place, 'twice after a kill, most', { n, value: Math.max(...repeats), unit, floor }),
  ]
}
