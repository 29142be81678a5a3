/** What `parked` measures of the engine, in a process of its own: `parked-process.js RUNS OPTION EMPTY WARM`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngine, type Engine, type StoreOption } from '../src/index.ts'
import { fileBytes, heapBytes, storedBytes, timed } from './gauges.ts'
import { Parked } from './parked-workflow.ts'
import { median } from './targets.ts'
import { datum } from './workflows.ts'

const SAMPLES = 200
const ABREAST = 64
const [count, option = '', empty = '', warm = ''] = process.argv.slice(2)
const runs = Number(count)

/** An engine on one of the stores, and who waits to hear that a run of it waits or has moved. */
class Parking {
  readonly engine: Engine<typeof Parked>
  readonly #heard = new Map<string, () => void>()

  constructor(option: string) {
    this.engine = createEngine({
      workflows: [Parked],
      store: option as StoreOption,
      onWarning: () => undefined,
    })
    this.engine.subscribe(({ run, happenings }) => {
      if (run.status === 'waiting' || happenings.some(({ type }) => type === 'moved')) this.#tell(run.id)
    })
  }

  /** Milliseconds until the start is acknowledged; comes back when the run waits. */
  async start(id: string): Promise<number> {
    const waits = new Promise<void>((resolve) => this.#heard.set(id, resolve))
    const ms = await timed(() => this.engine.start(Parked, datum(1, 0) as never, { id }))
    await waits
    return ms
  }

  /** Milliseconds until the commit that the signal led to. */
  signal(id: string): Promise<number> {
    const moved = new Promise<void>((resolve) => this.#heard.set(id, resolve))
    return timed(async () => {
      await this.engine.signal(id, 'go', {})
      await moved
    })
  }

  async fill(many: number): Promise<void> {
    let next = 0
    await Promise.all(
      Array.from({ length: ABREAST }, async () => {
        while (next < many) await this.start(`r${next++}`)
      }),
    )
    do
      await sleep(200) // the worker still strikes the starts off its list
    while (!this.engine.idle)
  }

  #tell(id: string): void {
    this.#heard.get(id)?.()
    this.#heard.delete(id)
  }
}

const warmer = new Parking(warm) // what is compiled on the way is nobody's heap
await warmer.fill(500)
await warmer.engine.close()

const [full, none] = [new Parking(option), new Parking(empty)]
await Promise.all([full.engine.open(), none.engine.open()])
const before = { heap: await heapBytes(), stored: await storedBytes(full.engine.store) }
await full.fill(runs)
const heap = ((await heapBytes()) - before.heap) / runs
const stored = ((await storedBytes(full.engine.store)) - before.stored) / runs

const samples = Array.from({ length: Math.min(SAMPLES, runs) }, (_, i) => i)
const [among, alone]: [number[], number[]] = [[], []]
const startAmong = async (id: string): Promise<unknown> => among.push(await full.start(id))
const startAlone = async (id: string): Promise<unknown> => alone.push(await none.start(id))
for (const i of samples) {
  const turns = [startAmong, startAlone] // the second of two is slower by what the first has left to do
  for (const start of i % 2 ? turns : turns.toReversed()) await start(`s${i}`)
}
const signals: number[] = []
for (const i of samples) signals.push(await full.signal(`r${i}`))
await Promise.all([full.engine.close(), none.engine.close()])

const file = fileBytes(option) / (runs + samples.length)
const start = { among: median(among), alone: median(alone) }
console.log(JSON.stringify({ heap, stored, file, signal: median(signals), start }))
process.exit(0)
