import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Row } from './row.ts'
import { median, type Target } from './targets.ts'

const ITEMS = 10_000
const ROUNDS = 3
/** What a map of that size may cost in a process of its own, in megabytes. */
const MEMORY_MB = 150

/** A map of 10,000 items that do nothing, beside one raw write for each result; each round in a fresh process. */
export function map(target: Target): Promise<readonly Row[]> {
  if (!target.durable) return Promise.resolve([])
  const rounds = Array.from({ length: ROUNDS + 1 }, (_, round) => ({
    ours: fresh('engine', target, `map-${round}`),
    floor: fresh('floor', target, `map-${round}`),
  })).slice(1)
  const ms = median(rounds.map(({ ours }) => ours.ms))
  const floor = median(rounds.map((each) => each.floor.ms))
  const mb = median(rounds.map(({ ours }) => ours.mb))
  const row = { name: 'map', store: target.store, n: ITEMS }
  return Promise.resolve([
    { ...row, metric: 'ms for all items', value: ms, unit: 'ms', floor, ratio: ms / floor },
    { ...row, metric: 'peak memory', value: mb, unit: 'MB', floor: MEMORY_MB, ratio: mb / MEMORY_MB },
  ])
}

function fresh(what: 'engine' | 'floor', target: Target, name: string): { ms: number; mb: number } {
  const child = fileURLToPath(new URL('map-process.js', import.meta.url))
  const args = [child, what, target.store, String(target.engine(name)), String(ITEMS)]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const measured = JSON.parse(stdout || 'null') as { ms: number; mb: number } | null
  if (!measured) throw new Error(`the fresh process failed: ${stderr}`)
  return measured
}
