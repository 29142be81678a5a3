/** One measurement of `map`, in a process of its own: `map-process.js engine|floor STORE OPTION ITEMS`. */
import { createEngine, type StoreOption } from '../src/index.ts'
import { rawOf } from './floor.ts'
import { Items, resultOf } from './workflows.ts'

const [what, store = '', option = '', count = ''] = process.argv.slice(2)
const items = Number(count)
let ms: number
if (what === 'engine') {
  const engine = createEngine({
    workflows: [Items],
    store: option as StoreOption,
    onWarning: () => undefined,
  })
  await engine.open()
  const began = performance.now()
  const run = await engine.start(Items, { count: items })
  await run.result()
  ms = performance.now() - began
  await engine.close()
} else {
  const raw = await rawOf(store, option)
  const began = performance.now()
  for (let i = 0; i < items; i++) await raw.set(`k${i}`, JSON.stringify(resultOf(i)))
  ms = performance.now() - began
  await raw.close()
}
console.log(JSON.stringify({ ms, mb: process.resourceUsage().maxRSS / 1024 }))
process.exit(0)
