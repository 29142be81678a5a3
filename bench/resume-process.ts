/** One measurement of `resume`, in a process of its own: `resume-process.js engine|floor STORE OPTION`. */
import { createEngine, type StoreOption } from '../src/index.ts'
import { Chat } from './chat.ts'
import { floorResume, rawOf } from './floor.ts'
import { Bench, datum } from './workflows.ts'

const [what, store = '', option = ''] = process.argv.slice(2)
const began = performance.now()
if (what === 'engine') {
  const engine = createEngine({
    workflows: [Bench, Chat],
    store: option as StoreOption,
    onWarning: () => undefined,
  })
  const moved = new Promise<number>((resolve) =>
    engine.subscribe(
      ({ happenings }) => happenings.some((h) => h.type === 'moved') && resolve(performance.now()),
    ),
  )
  const [run] = [await engine.get('r')]
  await engine.signal(run.id, 'go', { steps: 1 })
  console.log((await moved) - began)
  await engine.close()
} else {
  const raw = await rawOf(store, option)
  await floorResume(raw, 'k', datum(1, 0))
  console.log(performance.now() - began)
  await raw.close()
}
process.exit(0)
