import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { Engine } from '../engine.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { AnyClass, ShapeOf } from '../definition/shape.ts'
import { isEnded, isParked } from '../model/status.ts'
import type { EngineOptions } from '../options.ts'
import { courseOf, type Course } from '../control/course.ts'
import type { RunHandle } from '../control/run-handle.ts'
import { partNotes } from '../control/run-record.ts'
import type { RunView } from '../control/run-view.ts'
import type { HistoryEvent } from '../model/history.ts'
import { listDue } from '../store/due-list.ts'
import { collectedHere, leaveCoverage } from './coverage/collected.ts'
import type { Coverage } from './coverage/coverage.ts'
import { intercepted, type Around } from './stand-ins/intercepting.ts'
import { StandIns, type Handlers } from './stand-ins/stubs.ts'
import { TestClock } from './test-clock.ts'

/** An engine whose clock skips, so that no test sleeps. Made by {@link createTestEngine}. */
export interface TestEngine<W extends AnyClass> extends DrivenEngine<W> {
  /** The handlers of a workflow, to be stubbed and spied on. */
  handlers<C extends W>(workflow: C): Handlers<C>
}

/** What drives the engine of a test. */
export interface DrivenEngine<W extends AnyClass> {
  readonly engine: Engine<W>
  readonly clock: TestClock
  /** What the engine has warned of. */
  readonly warnings: readonly string[]
  /** Waits until nothing is being driven: every run has ended or waits. */
  settle(): Promise<void>
  /** Settles, and moves the clock to the next thing that is due. `false`: nothing is. */
  skip(): Promise<boolean>
  /** Settles and skips until the run has ended, is parked, or waits for a signal that nobody sends. */
  finish(run: Pick<RunHandle, 'view'>): Promise<RunView>
  /**
   * Settles and skips until the run stands in that state and goes no further by itself: it waits there, or has ended there.
   *
   * @throws StepwrightError `not-possible` where it has come to rest elsewhere.
   */
  until(run: Pick<RunHandle, 'view'>, state: string | number): Promise<RunView>
  /** Settles and skips until there is a run of that id: a child, before it waits for somebody. Throws `unknown-run`. */
  started<C extends W = W>(id: string): Promise<RunHandle<ShapeOf<C>>>
  /** How the run has gone so far: its path, the tools that models called, and how it stands. */
  course(run: Pick<RunHandle, 'id' | 'view' | 'events'>): Promise<Course>
  close(): Promise<void>
}

const numbers = new WeakMap<object, number>()

/** Engines that share a store object must not make the same ids: the first is 1, the next one 2. */
function numberOn(store: unknown): number {
  if (typeof store !== 'object' || store === null) return 1
  const number = (numbers.get(store) ?? 0) + 1
  numbers.set(store, number)
  return number
}

/**
 * An engine for tests: in memory unless a store is given, with a clock that stands still and skips to what is due.
 *
 * @example
 * const test = createTestEngine({ workflows: [Article], resources: { llm: fake } })
 * const run = await test.engine.start(Article, { topic: 'clocks' })
 * expect(await test.finish(run)).toMatchObject({ status: 'waiting', awaits: ['approve'] })
 * await test.clock.advance('48h')
 */
export function createTestEngine<const W extends readonly AnyClass[]>(
  options: EngineOptions<W> & { readonly clock?: TestClock },
): TestEngine<W[number]> {
  const standIns = new StandIns()
  const test = makeTestEngine(options, standIns.around)
  return {
    ...test,
    handlers: (workflow) => ({
      stub: (stubs) => standIns.stub(workflow, stubs as Readonly<Record<string, unknown>>),
      calls: (state) => standIns.calls(workflow, state),
    }),
  }
}

/** The same, with something between the engine and its handlers, and a coverage of its own or none (`null`). */
export function makeTestEngine<const W extends readonly AnyClass[]>(
  options: EngineOptions<W> & { readonly clock?: TestClock },
  around?: Around,
  seen: Coverage | null = collectedHere(),
): DrivenEngine<W[number]> {
  const { clock = new TestClock(undefined, numberOn(options.store)), ...rest } = options
  const warnings: string[] = []
  // a real lease and a real poll would make the clock move by themselves
  const quiet = {
    lease: '52w',
    poll: '52w',
    host: clock,
    onWarning: (message: string) => void warnings.push(message),
  } as const
  const engine = new Engine<W[number]>({ ...quiet, ...rest } as unknown as EngineOptions, (loaded) =>
    around ? intercepted(loaded, around) : loaded,
  )
  const definitions = new Map(options.workflows.map(readDefinition).map((each) => [each.name, each]))
  const settle = async (): Promise<void> => {
    await engine.open()
    for (let calm = 0, tries = 0; calm < 3; tries++) {
      await new Promise((resolve) => (tries > 100 ? setTimeout(resolve, 1) : setImmediate(resolve)))
      calm = engine.idle ? calm + 1 : 0
    }
  }
  let happened = 0
  for (const definition of definitions.values()) seen?.expect(definition)
  engine.subscribe(({ run, happenings }) => {
    seen?.count(run.workflow, happenings)
    happened += happenings.filter(({ type }) => type !== 'woken' && type !== 'waits').length
  })
  /** When the wait of a run for its child is over. */
  const expiryOf = async (id: string): Promise<{ readonly at: number; readonly why: string } | undefined> => {
    const view = await engine.get(id).then(
      (run) => run.view(),
      () => undefined, // it was removed
    )
    if (!view) return undefined
    const { workflow, state, since } = view
    const { expires } = { expires: undefined, ...definitions.get(workflow)?.states.get(state) }
    return expires && { at: since + expires.afterMs, why: 'expires' }
  }
  const skip = async (): Promise<boolean> => {
    await settle()
    const later = (await listDue(engine.store, 1_000)).filter(({ at }) => at > clock.now())
    // a look at child runs is no event, unless one of them is gone; but the end of the wait may lie behind it
    const ends = await Promise.all(later.map(async (due) => (due.why === 'look' ? expiryOf(due.run) : due)))
    const events = ends.flatMap((due) => (due && due.at > clock.now() ? [due] : []))
    const [next = later[0]] = events.sort((a, b) => a.at - b.at)
    if (!next) return false
    const before = happened
    clock.jump(next.at)
    await settle()
    return next.why !== 'look' || happened > before
  }
  return {
    engine,
    clock,
    warnings,
    settle,
    skip,
    async finish(run) {
      for (;;) {
        await settle()
        const view = await run.view()
        if (isEnded(view.status) || isParked(view.status)) return view
        if (view.awaits.length > 0 || !(await skip())) return run.view()
      }
    },
    async until(run, state) {
      for (;;) {
        await settle()
        const { status, state: here, awaits, workflow, ...view } = await run.view()
        const names = definitions.get(workflow)?.states.values() ?? []
        const name = [...names].find(({ member }) => member === state)?.name
        const rests = status === 'waiting' && view.timer?.kind !== 'retry'
        if (here === name && (rests || isEnded(status))) return run.view()
        const stays = isEnded(status) || isParked(status) || awaits.length > 0
        if (!stays && (await skip())) continue
        const waits = awaits.length > 0 ? ` and waits for ${awaits.join(' or ')}` : ''
        throw new StepwrightError('not-possible', {
          what: `The run is to stand in ${quote(state)}, and is ${status} in ${quote(here)}${waits}`,
          remedy: 'Send what it waits for, advance the clock, or stub the handlers before it',
          details: { status, state: here, awaits },
        })
      }
    },
    async started<C extends W[number]>(id: string) {
      for (;;) {
        await settle()
        try {
          return await engine.get<C>(id)
        } catch (error) {
          if (!(error instanceof StepwrightError && error.code === 'unknown-run' && (await skip())))
            throw error
        }
      }
    },
    async course(run) {
      const history: HistoryEvent[] = []
      for await (const event of run.events({ follow: false })) history.push(event)
      return courseOf(await run.view(), history, await partNotes(engine.store, run.id))
    },
    async close() {
      await engine.close()
      leaveCoverage()
    },
  }
}
