import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createActor, initialTransition, transition, type AnyActor, type AnyMachineSnapshot } from 'xstate'
import { branchEvent, eventType, stateKey } from '../../src/compile/keys.ts'
import { compile, type Machine } from '../../src/compile/machine.ts'
import type { Exit } from '../../src/definition/exit.ts'
import { StepwrightError } from '../../src/errors/stepwright-error.ts'
import { Guide, topOf } from './guide.ts'
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
  'visits.*',
  'branch.x.done',
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
  const by = (['step', 'catch', 'expires', 'signal', 'visits'] as const)[Math.floor(n / 7) % 5] ?? 'step'
  if (by === 'signal') return { by, signal: signals[n % signals.length] ?? '', to }
  if (by === 'visits') return { by, to, times: 1 }
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
          expect(topOf(sent(machine, pure, type))).toBe(at)
          actor.send({ type })
          expect(topOf(actor.getSnapshot() as AnyMachineSnapshot)).toBe(at)
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
        expect([topOf(pure), topOf(actor.getSnapshot() as AnyMachineSnapshot)]).toEqual([at, at])
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
        expect([topOf(restored), restored.status]).toEqual([
          state,
          definition.states.get(state)?.kind === 'final' ? 'done' : 'active',
        ])
        const plan = definition.states.get(state)
        const branches = plan?.kind === 'parallel' ? [...plan.branches.keys()] : []
        const ends = branches.map((name, i) => [name, (n >> i) % 2 ? 'done' : 'failed'] as const)
        for (const [name, end] of ends) actor.send({ type: branchEvent(name, end) })
        const regions = ends.map(([name, end]) => [stateKey(name), end] as const)
        expect((actor.getSnapshot() as AnyMachineSnapshot).value).toEqual(
          branches.length > 0 ? { [stateKey(state)]: Object.fromEntries(regions) } : stateKey(state),
        )
        const exit = exits[n % Math.max(1, exits.length)]
        if (exit) actor.send({ type: eventType(exit), data: { n } } as { type: string })
        if (exit) expect(topOf(actor.getSnapshot() as AnyMachineSnapshot)).toBe(exit.to)
        actor.stop()
      }
    }),
    { numRuns: 1000 },
  )
})

test('I2 the invoke projection takes every legal path under createActor, and no forged event moves it', async () => {
  const taken = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(randomWorkflow, word, async (script, picks) => {
      const { definition } = script
      const guide = new Guide(script)
      for (const { n } of picks) {
        if (!(await guide.goOn(n, HARMLESS))) break
        expect(guide.standing).toEqual([guide.at, guide.data])
      }
      const { status, output } = guide.snapshot
      const ended = definition.states.get(guide.at)?.kind === 'final'
      expect([status, output]).toEqual(
        guide.failed ? ['error', undefined] : ended ? ['done', guide.data] : ['active', undefined],
      )
      guide.actor.stop()
      for (const way of guide.taken) taken.set(way, (taken.get(way) ?? 0) + 1)
    }),
    { numRuns: 2000 },
  )
  const ways = Object.entries(MEANT).flatMap(([kind, bys]) => bys.map((by) => `${kind} ${by}`))
  expect([...taken.values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThan(2000)
  expect(ways.filter((way) => (taken.get(way) ?? 0) < 5)).toEqual([])
})

/** What must have been seen often: each kind of state left in each way it can be. */
const MEANT = {
  step: ['step', 'catch', 'error', 'visits'],
  wait: ['signal', 'expires', 'catch', 'error', 'visits'],
  timer: ['step', 'catch', 'error', 'visits'],
  map: ['step', 'catch', 'error', 'visits'],
  parallel: ['step', 'catch', 'error', 'visits'],
  child: ['step', 'signal', 'expires', 'catch', 'error', 'visits'],
}

/** The forged events that neither end an actor where it stands nor make XState throw. */
const HARMLESS = FORGED.filter((type) => !['xstate.stop', 'xstate.error.actor.nobody', '*'].includes(type))
