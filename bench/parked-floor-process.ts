/** The floor of `parked`, in a process of its own: `parked-floor-process.js STORE OPTION RUNS`. */
import { floorResume, floorRun, rawOf, rawPath } from './floor.ts'
import { fileBytes, timed } from './gauges.ts'
import { median } from './targets.ts'
import { datum } from './workflows.ts'

const SAMPLES = 200
const [store = '', option = '', count = ''] = process.argv.slice(2)
const runs = Number(count)
const raw = await rawOf(store, option)
let stored = 0
for (let i = 0; i < runs; i++) {
  await floorRun(raw, `k${i}`, 1, () => datum(1, 0))
  stored += Buffer.byteLength(`k${i}${(await raw.get(`k${i}`)) ?? ''}`)
}
const signals: number[] = []
for (let i = 0; i < Math.min(SAMPLES, runs); i++)
  signals.push(await timed(() => floorResume(raw, `k${i}`, datum(2, 0))))
await raw.close()
const file = fileBytes(`sqlite:${rawPath(option)}`) / runs
console.log(JSON.stringify({ stored: stored / runs, file, signal: median(signals) }))
process.exit(0)
