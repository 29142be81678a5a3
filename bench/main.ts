/** `npm run bench [-- name...] [--json]`: our figure beside the floor, measured in turns in the same run. */
import { parseArgs } from 'node:util'
import { closeTargets, openTargets, type Target } from './targets.ts'
import { resume } from './resume.ts'
import { map } from './map.ts'
import type { Row } from './row.ts'
import { sequential } from './sequential.ts'
import { shortRuns } from './short-runs.ts'

const benches: Readonly<Record<string, (target: Target) => Promise<readonly Row[]>>> = {
  sequential,
  'short-runs': shortRuns,
  resume,
  map,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no bench called ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
const rows: Row[] = []
const targets = await openTargets()
for (const [name, bench] of Object.entries(benches)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  for (const target of targets) {
    const measured = await bench(target)
    rows.push(...measured)
    if (values.json) continue
    for (const { store, metric, n, value, unit, floor, ratio } of measured) {
      console.log(
        `${name.padEnd(11)} ${store.padEnd(14)} ${metric.padEnd(24)} n=${String(n).padEnd(7)} ${value.toFixed(2).padStart(10)} ${unit}  floor ${floor.toFixed(2).padStart(10)}  ratio ${ratio.toFixed(2)}`,
      )
    }
  }
}
closeTargets(targets)
if (values.json) console.log(JSON.stringify(rows, null, 2))
