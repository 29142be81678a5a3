/**
 * One measurement of `map` with items of a millisecond, in a process of its own:
 * `slow-map-process.js engine|floor OPTION ITEMS [FILE]`. FILE gets a line for each item that begins. Where the run is there already, it is gone on with.
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { createEngine, type StoreOption } from '../src/index.ts'
import { timed } from './gauges.ts'
import { SlowItems } from './slow-items.ts'

const [what, option = '', count = '', path] = process.argv.slice(2)
const file = path === undefined ? undefined : openSync(path, 'a')
const item = async (n: number): Promise<number> => {
  if (file !== undefined) writeSync(file, `${n}\n`)
  await sleep(1)
  return n
}

if (what === 'engine') {
  const engine = createEngine({
    workflows: [SlowItems],
    store: option as StoreOption,
    resources: { item },
    onWarning: () => undefined,
  })
  await engine.open()
  const ms = await timed(async () => {
    const run = await engine.start(SlowItems, { count: Number(count) }, { id: 'm' })
    await run.result()
  })
  console.log(ms)
  await engine.close()
} else {
  const limit = pLimit(64)
  const items = Array.from({ length: Number(count) }, (_, n) => n)
  console.log(await timed(() => Promise.all(items.map((n) => limit(() => item(n))))))
}
process.exit(0)
