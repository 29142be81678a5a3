/** `npm run bench [-- name...] [--json | --markdown] [--small | --large]`: our figure beside the floor, measured in turns in the same run. */
import { parseArgs } from 'node:util'
import { closeTargets, openTargets, type Target } from './targets.ts'
import { check } from './check.ts'
import { resume } from './resume.ts'
import { cold } from './cold.ts'
import { growth } from './growth.ts'
import { llm } from './llm.ts'
import { map } from './map.ts'
import { parked } from './parked.ts'
import type { Row } from './row.ts'
import type { Scale } from './scale.ts'
import { sequential } from './sequential.ts'
import { shortRuns } from './short-runs.ts'
import { line, markdown } from './table.ts'

const benches: Readonly<Record<string, (target: Target, scale: Scale) => Promise<readonly Row[]>>> = {
  sequential,
  'short-runs': shortRuns,
  resume,
  parked,
  map,
  growth,
  cold,
  llm,
  check,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    small: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no bench called ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
const scale: Scale = values.small ? 'small' : values.large ? 'large' : 'full'
/** What a program reads goes to standard output alone. */
const quiet = values.json || values.markdown
const rows: Row[] = []
const targets = await openTargets()
for (const [name, bench] of Object.entries(benches)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  for (const target of targets) {
    if (target.only !== undefined && target.only !== name) continue
    const measured = await bench(target, scale)
    rows.push(...measured)
    for (const each of measured) (quiet ? console.error : console.log)(line(each))
  }
}
closeTargets(targets)
if (values.json) console.log(JSON.stringify(rows, null, 2))
if (values.markdown) console.log(markdown(rows))
