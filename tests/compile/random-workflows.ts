import fc from 'fast-check'
import type { Definition, Exit, StateDefinition, WaitState } from '../../src/definition/definition.ts'
import { makeMove } from '../../src/definition/move.ts'
import type { Schema } from '../../src/model/schema.ts'

/** Accepts everything, at once. */
export const anything: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
}

const ODD = [
  'draft',
  'a.b',
  '#x',
  '__proto__',
  'constructor',
  'toString',
  '*',
  ' ',
  'ü',
  'xstate.done',
  'xstate.stop',
  'a.*',
  'done.invoke.x',
  'a\\b',
  '\\',
  '%2E',
  '%',
  '%__proto__',
  '.',
  '#',
  '1',
  '0',
  'awaiting',
  'handling',
  'hasOwnProperty',
]
const anyName = fc.oneof(fc.constantFrom(...ODD), fc.string({ minLength: 1, maxLength: 6 }))

interface Plan {
  readonly name: string
  readonly states: readonly StatePlan[]
  readonly initial: number
  readonly signals: readonly string[]
}
interface StatePlan {
  readonly name: string
  readonly kind: 'step' | 'wait' | 'final'
  readonly to: readonly number[]
  readonly on: readonly { readonly signal: number; readonly to: readonly number[] }[]
  readonly expires: { readonly to: number; readonly afterMs: number } | undefined
  readonly catches: number | undefined
}

const some = fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 4 })
const statePlan = fc.record<Omit<StatePlan, 'name'>>({
  kind: fc.constantFrom('step', 'step', 'wait', 'wait', 'final'),
  to: some,
  on: fc.array(fc.record({ signal: fc.nat(20), to: some }), { minLength: 1, maxLength: 3 }),
  expires: fc.option(fc.record({ to: fc.nat(20), afterMs: fc.integer({ min: 0, max: 1e9 }) }), {
    nil: undefined,
  }),
  catches: fc.option(fc.nat(20), { nil: undefined }),
})

/** Random definitions with odd names, self loops, dead ends and states nothing leads to. */
export const randomWorkflow: fc.Arbitrary<Script> = fc
  .uniqueArray(anyName, { minLength: 2, maxLength: 7 })
  .chain((names) =>
    fc.record<Plan>({
      name: anyName,
      states: fc.tuple(...names.map((name) => statePlan.map((plan) => ({ name, ...plan })))),
      initial: fc.nat(20),
      signals: fc.uniqueArray(fc.oneof(anyName, fc.constant('')), { minLength: 1, maxLength: 4 }),
    }),
  )
  .map((plan) => new Script(plan))

/** A definition whose handlers wait for what `answer` says. */
export class Script {
  readonly definition: Definition
  /** Ends the handler that was called last: it takes this exit. */
  answer: (exit: Exit) => void = () => undefined
  /** What each handler was called with. */
  readonly calls: (readonly unknown[])[] = []
  /** How fast-check prints a counterexample. */
  readonly [fc.toStringMethod]: () => string

  constructor(plan: Plan) {
    const { name, states, initial, signals } = plan
    this[fc.toStringMethod] = () => JSON.stringify(plan)
    const nameAt = (n: number): string => states[n % states.length]?.name ?? ''
    const namesAt = (ns: readonly number[]): string[] => [...new Set(ns.map(nameAt))]
    const take = this.#take.bind(this)
    const methods = Object.fromEntries(states.map((_, i) => [`m${i}`, { value: take }]))
    const workflowClass = class {}
    Object.defineProperties(workflowClass.prototype, methods)
    const read = ({ name, kind, to, on, expires, catches }: StatePlan, i: number): StateDefinition => {
      const retry = { maxAttempts: 1, initialIntervalMs: 0, coefficient: 1, maxIntervalMs: 0 }
      const common = {
        name,
        member: name,
        description: undefined,
        schema: anything,
        retry,
        timeoutMs: 1,
        effect: 'none' as const,
        method: `m${i}`,
      }
      const caught = catches === undefined ? undefined : { to: nameAt(catches), with: { by: 'catch' } }
      if (kind === 'final') return { kind, ...common }
      if (kind === 'step') return { kind, ...common, to: namesAt(to), catch: caught }
      return {
        kind,
        ...common,
        on: new Map(on.map(({ signal, to }) => [signals[signal % signals.length] ?? '', namesAt(to)])),
        catch: caught,
        expires: expires && { afterMs: expires.afterMs, to: nameAt(expires.to), with: { by: 'expires' } },
      }
    }
    this.definition = {
      name,
      version: 1,
      description: undefined,
      workflowClass,
      initial: nameAt(initial),
      states: new Map(states.map((state, i) => [state.name, read(state, i)])),
      signals: new Map(signals.map((signal) => [signal, anything])),
      vars: anything,
      session: undefined,
      config: anything,
      marks: [],
    }
  }

  #take(...args: unknown[]): Promise<object> {
    this.calls.push(args)
    return new Promise((resolve, reject) => {
      this.answer = (exit) =>
        exit.by === 'catch'
          ? reject(new Error('scripted'))
          : resolve(makeMove({ to: exit.to, data: { to: exit.to }, vars: { [exit.by]: 1 } }))
    })
  }
}

/** The plain table: which exits each state has, read off the definition without any of the code under test. */
export function tableOf({ states }: Definition): ReadonlyMap<string, readonly Exit[]> {
  const exits = (state: StateDefinition): Exit[] => {
    if (state.kind === 'final') return []
    const caught: Exit[] = state.catch ? [{ by: 'catch', to: state.catch.to }] : []
    if (state.kind === 'step') return [...state.to.map((to): Exit => ({ by: 'step', to })), ...caught]
    return [...waitExits(state), ...caught]
  }
  return new Map([...states.values()].map((state) => [state.name, exits(state)]))
}

function waitExits({ on, expires }: WaitState): Exit[] {
  const signals = [...on].flatMap(([signal, targets]) =>
    targets.map((to): Exit => ({ by: 'signal', signal, to })),
  )
  return expires ? [...signals, { by: 'expires', to: expires.to, afterMs: expires.afterMs }] : signals
}
