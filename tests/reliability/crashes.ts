/** A crash at every write, in this process and as a real one; and another while the first is recovered from. */
import assert from 'node:assert/strict'
import {
  compare,
  crashAllAlong,
  crashAtEachWrite,
  endedIn,
  leftIn,
  type Outcome,
} from '../support/restarting.ts'
import { StoreKinds, type StoreKind } from '../support/store-kind.ts'
import { makeStore } from '../../src/store/open-store.ts'
import { Chance } from '../simulation/chance.ts'
import { readActs } from './acts.ts'
import { SCENARIOS } from './fixtures/scenarios.ts'
import type { Life } from './fixtures/boundary-process.ts'
import { Ground, KINDS, type Kind } from './ground.ts'
import { inPool } from './pool.ts'
import { SEED } from './seed.ts'
import { trial, type Figures } from './trial.ts'

type Death = NonNullable<Life['death']>

interface Size {
  readonly kinds: readonly StoreKind['kind'][]
  /** Real crashes; without it there is one at each boundary, and one more during its recovery. */
  readonly kills?: number
}

/** The same final state, data and output; what had ended is not done again, what was in flight at most once more. */
export const crashes = trial<Size>({
  id: 'R1',
  title:
    'A crash at every write of every example and of several patterns, again as real SIGKILL, again during recovery',
  sizes: {
    ci: { kinds: ['memory', 'sqlite', 'redis'], kills: 40 },
    full: { kinds: ['memory', 'sqlite', 'redis'] },
  },
  async run({ kinds, kills }, show) {
    const print = console.log
    console.log = () => undefined // an example prints its result
    try {
      const inside = await crashInside(kinds, show)
      return { ...inside, ...(await killAtBoundaries(kills, show)) }
    } finally {
      console.log = print
    }
  },
})

/** Within this process: every write of every scenario on every store. */
async function crashInside(kinds: Size['kinds'], show: (line: string) => void): Promise<Figures> {
  const opened = new StoreKinds(kinds)
  await opened.start()
  let boundaries = 0
  try {
    for (const kind of opened.all)
      for (const [name, scenario] of Object.entries(SCENARIOS)) {
        show(`${kind.kind}: ${name}`)
        await crashAtEachWrite(kind, scenario, scenario.inFlight, ({ processes }) => {
          if (processes === 2) boundaries += 1
        })
        await crashAllAlong(kind, scenario, 7, scenario.inFlight)
      }
  } finally {
    await opened.stop()
  }
  return { scenarios: Object.keys(SCENARIOS).length, stores: opened.all.length, boundaries }
}

interface Boundary {
  readonly kind: Kind
  readonly scenario: string
  readonly deaths: readonly Death[]
}

/** Real processes that kill themselves. */
async function killAtBoundaries(kills: number | undefined, show: (line: string) => void): Promise<Figures> {
  await using ground = await Ground.open()
  const calm = new Map<string, Outcome<unknown>>()
  for (const kind of KINDS)
    for (const scenario of Object.keys(SCENARIOS))
      calm.set(`${kind} ${scenario}`, await survive(ground, { kind, scenario, deaths: [] }))
  const chosen = choose(calm, kills, new Chance(SEED))
  console.error(`R1: SEED=${SEED}, ${chosen.length} of the boundaries`)
  let crashed = 0
  await inPool(2, chosen.length, async (i) => {
    const boundary = chosen[i] as Boundary
    const { kind, scenario } = boundary
    const undisturbed = calm.get(`${kind} ${scenario}`) as Outcome<unknown>
    const outcome = await survive(ground, boundary)
    const more = (SCENARIOS[scenario]?.inFlight ?? 0) * (outcome.processes - 1)
    compare(undisturbed, outcome, more, `SEED=${SEED}: ${JSON.stringify(boundary)}`)
    crashed += outcome.processes - 1
    show(`SIGKILL: ${i + 1} of ${chosen.length} (SEED=${SEED})`)
  })
  return { 'real kills': crashed, seed: SEED }
}

/** All boundaries, each once alone and once with a second crash in the life after it, or so many of them. */
function choose(
  calm: ReadonlyMap<string, Outcome<unknown>>,
  kills: number | undefined,
  chance: Chance,
): readonly Boundary[] {
  const all = [...calm].flatMap(([key, { writes }]): readonly Boundary[] => {
    const [kind = '', ...words] = key.split(' ')
    return Array.from({ length: writes * 2 }, (_, i) => ({ at: (i >> 1) + 1, lands: i % 2 === 1 })).flatMap(
      (first) => {
        const second = { at: 1 + chance.below(4), lands: chance.hits(0.5) }
        const where = { kind: kind as Kind, scenario: words.join(' ') }
        return [
          { ...where, deaths: [first] },
          { ...where, deaths: [first, second] },
        ]
      },
    )
  })
  if (kills === undefined) return all
  return Array.from({ length: kills }, () => chance.pick(all))
}

/** Life after life, until one gets to the end. */
async function survive(ground: Ground, { kind, scenario, deaths }: Boundary): Promise<Outcome<unknown>> {
  const store = ground.store(kind)
  const log = ground.file('acts')
  const again: string[] = []
  const ended = new Set<string>()
  let time = Date.UTC(2026, 0, 1)
  for (let processes = 1; ; processes++) {
    const death = deaths[processes - 1]
    const before = readActs(log).length
    const life: Life = { scenario, store, log, time, ...(death ? { death } : {}) }
    const process = ground.start('boundary', { ...life })
    const said = (await process.next()) ?? {}
    const { signal } = await process.ended
    const calls = readActs(log).map(({ key }) => key)
    again.push(...calls.slice(before).filter((key) => ended.has(key)))
    const after = makeStore(store)
    if ('value' in said) {
      const { value, writes } = said as { readonly value: unknown; readonly writes: number }
      await after.open()
      const left = await leftIn(after)
      await after.close()
      return { value, writes, calls, again, left, processes }
    }
    assert.equal(signal, 'SIGKILL', process.errors)
    for (const key of await endedIn(after)) ended.add(key)
    time = Number(said['died']) + 1_000
  }
}
