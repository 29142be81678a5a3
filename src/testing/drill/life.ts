import type { AnyClass } from '../../definition/shape.ts'
import { isEnded, isParked } from '../../model/status.ts'
import type { Caller } from '../../model/caller.ts'
import { familyOf } from '../../definition/children.ts'
import type { Store } from '../../store/store.ts'
import { FaultyStore } from '../faulty-store.ts'
import { TestClock } from '../test-clock.ts'
import { makeTestEngine, type DrivenEngine } from '../test-engine.ts'
import { outcomeOf, type Outcome } from './outcome.ts'
import { Witness, type Act } from './witness.ts'

/** What a run is started with, and what is sent to it, in each of its lives. */
export interface Order {
  readonly input: unknown
  readonly session?: string
  /** In their order, each when the run waits for it. */
  readonly signals: readonly DrillSignal[]
}

/** A signal that a drill sends. */
export interface DrillSignal {
  readonly name: string
  readonly payload: unknown
  readonly as?: Caller
}

/** The write at which a life ends: just before it lands, or just after. */
export interface Death {
  /** 1 for the first one. */
  readonly write: number
  readonly lands: boolean
  /** Counted from the end of the handler of this visit, branch or item, by its idempotency key; else from the beginning. */
  readonly after?: string
}

/** One life of a run: a process, or what stands for one. */
export interface Life {
  readonly workflow: AnyClass
  readonly order: Order
  readonly store: Store
  readonly resources: object
  readonly config?: object
  /** 1 for the first life, and so on. */
  readonly number: number
  /** The time of the test clock at its beginning. */
  readonly time: number
  readonly death?: Death
  readonly note: (act: Act) => void
}

/** How a life has ended: with the run, and so many writes; or by its death. */
export type LifeEnd = { readonly outcome: Outcome; readonly writes: number } | 'died'

/** When drills begin. */
export const BEGINNING = Date.UTC(2026, 0, 1)
/** After the lease of a worker that has died. */
export const NEXT_LIFE_MS = 11_000
const ID = 'drill'

/** Lives one life: starts the run or goes on with it, sends what it waits for, and skips the time that it waits. `onDeath` is called at the deadly write. */
export async function live(life: Life, onDeath: () => void = () => undefined): Promise<LifeEnd> {
  const { workflow, order, death, number, time, note, resources, config } = life
  let from = death?.after === undefined ? 0 : NaN // no write is the deadly one yet
  const store = new FaultyStore(life.store, ({ write, batch }) =>
    batch && death && write - from === death.write ? { type: 'die', lands: death.lands } : undefined,
  )
  const heed = (act: Act): void => {
    note(act)
    if (act.type === 'ended' && act.key === death?.after && Number.isNaN(from)) from = store.writes
  }
  let dead = false
  const died = store.died.then(() => {
    dead = true
    onDeath()
    return 'died' as const
  })
  const witness = new Witness(number, heed, () => dead)
  const test = makeTestEngine(
    {
      workflows: familyOf(workflow),
      store,
      lease: '10s',
      clock: new NotedClock(time, number, note),
      resources: witness.watched(resources),
      ...(config ? { config } : {}),
    } as never,
    witness.around,
    null, // the same paths, over and over
  ) as DrivenEngine<AnyClass>
  const end = await Promise.race([goOn(test, workflow, order), died])
  if (end === 'died') return end
  const { writes } = store
  from = NaN // what closing writes belongs to no run
  await test.close()
  return { outcome: end, writes }
}

async function goOn(test: DrivenEngine<AnyClass>, workflow: AnyClass, order: Order): Promise<Outcome> {
  const { input, session, signals } = order
  const run = await test.engine.start(workflow, input as never, { id: ID, ...(session ? { session } : {}) })
  const sent = new Set<number>()
  for (;;) {
    await test.settle()
    const view = await run.view()
    if (isEnded(view.status) || isParked(view.status)) break
    const next = await takenSignals(run)
    const signal = signals[next]
    if (signal && view.awaits.includes(signal.name) && !sent.has(next)) {
      sent.add(next)
      // with an id of its own: one that an earlier life has sent is the same
      const options = { id: `${ID}-${next}`, ...(signal.as ? { as: signal.as } : {}) }
      await test.engine.signal(ID, signal.name, signal.payload, options)
    } else if (!(await test.skip())) break
  }
  return outcomeOf(run, test)
}

async function takenSignals(
  run: Pick<Awaited<ReturnType<DrivenEngine<AnyClass>['engine']['get']>>, 'events'>,
) {
  let taken = 0
  for await (const event of run.events({ follow: false }))
    if ('id' in event && String(event.id).startsWith(`${ID}-`) && TAKEN.includes(event.type)) taken += 1
  return taken
}
const TAKEN: readonly string[] = ['signalled', 'voted', 'signal-refused']

/** Tells of its time, so that the next life can begin there. */
class NotedClock extends TestClock {
  readonly #note: (act: Act) => void

  constructor(time: number, seed: number, note: (act: Act) => void) {
    super(time, seed)
    this.#note = note
  }

  override jump(to: Date | number): void {
    this.#note({ type: 'time', at: Number(to) })
    super.jump(to)
  }
}
