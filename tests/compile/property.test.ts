import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createActor,
  initialTransition,
  SimulatedClock,
  transition,
  type AnyActor,
  type AnyMachineSnapshot,
} from 'xstate'
import { eventType, signalType, stateName } from '../../src/compile/keys.ts'
import { compile, type Machine } from '../../src/compile/machine.ts'
import { project } from '../../src/compile/projection.ts'
import type { Exit } from '../../src/definition/definition.ts'
import { StepwrightError } from '../../src/errors/stepwright-error.ts'
import { randomWorkflow, tableOf, type Script } from './random-workflows.ts'

const FORGED = [
  'xstate.done.actor.nobody',
  'xstate.error.actor.nobody',
  'xstate.init',
  'xstate.after.1',
  'xstate.stop',
  'done.x',
  'error.x',
  'step.',
  'step.*',
  'signal.*',
  'catch.*',
  '*',
  '__proto__',
  'constructor',
  'toString',
  '',
]
const word = fc.array(fc.record({ legal: fc.boolean(), forged: fc.boolean(), n: fc.nat(200) }), {
  maxLength: 30,
})

/** Any exit that any state might have, declared or not. */
function someExit({ definition }: Script, n: number): Exit {
  const names = [...definition.states.keys()]
  const signals = [...definition.signals.keys()]
  const to = names[n % names.length] ?? ''
  const by = (['step', 'catch', 'expires', 'signal'] as const)[Math.floor(n / 7) % 4] ?? 'step'
  if (by === 'signal') return { by, signal: signals[n % signals.length] ?? '', to }
  return by === 'expires' ? { by, to, afterMs: 0 } : { by, to }
}

function moved(machine: Machine, from: string, exit: Exit): string {
  try {
    return machine.move(from, exit).state
  } catch (error) {
    if (error instanceof StepwrightError && error.code === 'illegal-move') return from
    throw error
  }
}

function standing(snapshot: AnyMachineSnapshot): string {
  return stateName(String(snapshot.value))
}

/** A live actor whose errors are kept instead of thrown into the void. */
function live(machine: Machine, state: string): AnyActor {
  const snapshot = machine.snapshot({ state, data: {}, vars: {} })
  const actor = createActor(machine.chart, { snapshot: JSON.parse(JSON.stringify(snapshot)) as never })
  actor.subscribe({ error: () => undefined })
  return actor.start()
}

test('I2 table, machine.move, transition() and a live actor agree over random machines and events', () => {
  let events = 0
  fc.assert(
    fc.property(randomWorkflow, word, (script, events_) => {
      const { definition } = script
      const machine = compile(definition)
      const table = tableOf(definition)
      let at = definition.initial
      let pure: AnyMachineSnapshot = initialTransition(machine.chart, {} as never)[0]
      let actor = live(machine, at)
      for (const { legal, forged, n } of events_) {
        const declared = table.get(at) ?? []
        if (declared.length === 0) break
        events++
        if (forged) {
          const type = FORGED[n % FORGED.length] ?? ''
          expect(
            moved(machine, at, {
              by: type as 'step',
              to: [...definition.states.keys()][n % definition.states.size] ?? '',
            }),
          ).toBe(at)
          expect(standing(sent(machine, pure, type))).toBe(at)
          actor.send({ type })
          expect(standing(actor.getSnapshot() as AnyMachineSnapshot)).toBe(at)
          // `xstate.stop`, `xstate.error.*` and `*` end an actor where it stands: nothing forged may ever reach one
          if ((actor.getSnapshot() as AnyMachineSnapshot).status !== 'active') actor = live(machine, at)
          continue
        }
        const exit = legal ? (declared[n % declared.length] as Exit) : someExit(script, n)
        const type = eventType(exit)
        const known = declared.some(
          (d) =>
            d.by === exit.by &&
            d.to === exit.to &&
            (d.by !== 'signal' || d.signal === (exit as { signal?: string }).signal),
        )
        const from = at
        if (known) at = exit.to
        expect(moved(machine, from, exit)).toBe(at)
        pure = sent(machine, pure, type)
        actor.send({ type })
        expect([standing(pure), standing(actor.getSnapshot() as AnyMachineSnapshot)]).toEqual([at, at])
      }
      const ended = definition.states.get(at)?.kind === 'final'
      const statuses = [pure.status, (actor.getSnapshot() as AnyMachineSnapshot).status].map(
        (status) => status === 'done',
      )
      if (events_.length > 0) expect(statuses).toEqual([ended, ended])
      actor.stop()
    }),
    { numRuns: 4000 },
  )
  expect(events).toBeGreaterThan(5000)
})

function sent(machine: Machine, snapshot: AnyMachineSnapshot, type: string): AnyMachineSnapshot {
  if (type === '*') return snapshot // XState throws
  return transition(machine.chart, snapshot, { type })[0]
}

test('I2 snapshot() stands, restored by createActor, in the same state and goes on from there', () => {
  fc.assert(
    fc.property(randomWorkflow, fc.nat(100), ({ definition }, n) => {
      const machine = compile(definition)
      for (const [state, exits] of tableOf(definition)) {
        const actor = live(machine, state)
        const restored = actor.getSnapshot() as AnyMachineSnapshot
        expect([standing(restored), restored.status]).toEqual([
          state,
          definition.states.get(state)?.kind === 'final' ? 'done' : 'active',
        ])
        const exit = exits[n % Math.max(1, exits.length)]
        if (exit) actor.send({ type: eventType(exit), data: { n } } as { type: string })
        if (exit) expect(standing(actor.getSnapshot() as AnyMachineSnapshot)).toBe(exit.to)
        actor.stop()
      }
    }),
    { numRuns: 1000 },
  )
})

test('I2 the invoke projection takes every legal path under createActor, and no forged event moves it', async () => {
  let steps = 0
  await fc.assert(
    fc.asyncProperty(randomWorkflow, word, async (script, picks) => {
      const { definition } = script
      const table = tableOf(definition)
      const clock = new SimulatedClock()
      const actor = createActor(project(definition), { clock, input: { begun: true } })
      actor.subscribe({ error: () => undefined })
      actor.start()
      let at = definition.initial
      let data: unknown = { begun: true }
      for (const { n } of picks) {
        const exits = table.get(at) ?? []
        const exit = exits[n % Math.max(1, exits.length)]
        if (!exit) break
        steps++
        const wait = definition.states.get(at)
        const before: unknown = actor.getSnapshot().value
        for (const type of HARMLESS) actor.send({ type })
        expect(actor.getSnapshot().value).toEqual(before)
        if (exit.by === 'expires') clock.increment(exit.afterMs)
        else {
          const signal =
            exit.by === 'signal' ? exit.signal : wait?.kind === 'wait' ? [...wait.on.keys()][0] : undefined
          if (signal !== undefined) actor.send({ type: signalType(signal), n })
          await microtasks()
          expect(script.calls.at(-1)?.slice(0, -1)).toEqual(
            signal === undefined ? [data] : [{ type: signal, n, id: expect.any(String) as string }, data],
          )
          script.answer(exit)
          await microtasks()
        }
        at = exit.to
        data = exit.by === 'expires' || exit.by === 'catch' ? { by: exit.by } : { to: at }
        const snapshot = actor.getSnapshot() as AnyMachineSnapshot
        expect([topOf(snapshot), (snapshot.context as { data: unknown }).data]).toEqual([at, data])
      }
      const { status, output } = actor.getSnapshot() as AnyMachineSnapshot
      expect([status, output]).toEqual(
        definition.states.get(at)?.kind === 'final' ? ['done', data] : ['active', undefined],
      )
      actor.stop()
    }),
    { numRuns: 1000 },
  )
  expect(steps).toBeGreaterThan(1000)
})

/** The forged events that neither end an actor where it stands nor make XState throw. */
const HARMLESS = FORGED.filter((type) => !['xstate.stop', 'xstate.error.actor.nobody', '*'].includes(type))

function topOf({ value }: AnyMachineSnapshot): string {
  return stateName(typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? ''))
}

/** Until a handler has been called, or its answer has arrived. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
