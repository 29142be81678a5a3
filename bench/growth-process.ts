/**
 * One measurement of `growth`, in a process of its own: `growth-process.js engine|metered|floor STORE OPTION STEPS`.
 * `metered` counts what is handed to the store, and is not timed.
 */
import { createEngine, makeStore, type StoreOption } from '../src/index.ts'
import { Chat, message } from './chat.ts'
import { rawOf } from './floor.ts'
import { bytesWritten, storedBytes, timed } from './gauges.ts'
import { MeteredStore } from './metered-store.ts'

const [what, name = '', option = '', count = ''] = process.argv.slice(2)
const steps = Number(count)
const messages = Array.from({ length: steps }, (_, n) => message(n)) // nobody is timed for making them up
const written = bytesWritten()
if (what === 'floor') {
  const raw = await rawOf(name, option)
  const ms = await timed(async () => {
    for (const [n, each] of messages.entries()) await raw.set(`m${n}`, JSON.stringify(each))
  })
  await raw.close()
  const payload = messages.reduce((sum, each) => sum + JSON.stringify(each).length, 0)
  console.log(JSON.stringify({ ms, payload }))
} else {
  const store = new MeteredStore(makeStore(option as StoreOption))
  const engine = createEngine({
    workflows: [Chat],
    store: what === 'metered' ? store : (option as StoreOption),
    onWarning: () => undefined,
  })
  await engine.open()
  const handed = store.written.characters
  const rests = new Promise<void>((resolve) =>
    engine.subscribe(({ run }) => run.status === 'waiting' && resolve()),
  )
  const ms = await timed(async () => {
    await engine.start(Chat, { left: steps, messages: [] }, { id: 'r' })
    await rests
  })
  const stored = what === 'metered' ? await storedBytes(store) : 0
  await engine.close()
  const [toStore, toFile] = [store.written.characters - handed, bytesWritten() - written]
  console.log(JSON.stringify({ ms, stored, handed: toStore, file: toFile }))
}
process.exit(0)
