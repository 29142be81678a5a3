/** `npm run simulate -- [--seeds N] [--from N] [--plant BUG] [--list-bugs] [--json]`: simulated worlds, one for each seed. */
import { parseArgs } from 'node:util'
import { BUGS, type Bug } from './bugs.ts'
import { simulate, type Outcome } from './world.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    plant: { type: 'string' },
    'list-bugs': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
if (values['list-bugs']) {
  if (values.json) console.log(JSON.stringify(BUGS, null, 2))
  else for (const [name, what] of Object.entries(BUGS)) console.log(`${name.padEnd(28)} ${what}`)
  process.exit(0)
}
const { plant } = values
const [from, seeds] = [Number(values.from), Number(values.seeds)]
if (!(seeds > 0) || !Number.isSafeInteger(from) || (plant !== undefined && !(plant in BUGS))) {
  console.error(
    plant !== undefined && !(plant in BUGS)
      ? `there is no bug ${plant}; see --list-bugs`
      : '--seeds and --from take whole numbers',
  )
  process.exit(2)
}
const found: Outcome[] = []
let [crashes, steps] = [0, 0]
for (let seed = from; seed < from + seeds; seed++) {
  const outcome = await simulate(seed, plant as Bug | undefined)
  crashes += outcome.crashes
  steps += outcome.steps
  if (outcome.violation) {
    found.push(outcome)
    if (!values.json) console.log(`seed ${seed}, step ${outcome.steps}: ${outcome.violation.message}`)
    if (plant !== undefined) break
  }
  if (!values.json && process.stderr.isTTY && seed % 50 === 0)
    process.stderr.write(`\r${seed - from + 1} of ${seeds} `)
}
const said = found.map(({ seed, steps, violation }) => ({
  seed,
  steps,
  invariant: violation?.invariant,
  what: violation?.message,
}))
if (values.json) console.log(JSON.stringify({ from, seeds, plant, steps, crashes, found: said }, null, 2))
else console.log(`${seeds} seeds, ${steps} steps, ${crashes} crashes and freezes: ${found.length} violations`)
// a planted bug has to be found, and without one nothing may be
process.exit((plant === undefined) === (found.length === 0) ? 0 : 1)
