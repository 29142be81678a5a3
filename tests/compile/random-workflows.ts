import fc from 'fast-check'
import type {
  AwaitedSignal,
  Branch,
  CatchEdge,
  Definition,
  JoinRule,
  StateDefinition,
} from '../../src/definition/definition.ts'
import type { Exit } from '../../src/definition/exit.ts'
import type { RunInfo } from '../../src/definition/shape.ts'
import { makeMove } from '../../src/definition/move.ts'
import type { ErrorMatch, Failure } from '../../src/model/failure.ts'
import type { Schema } from '../../src/model/schema.ts'
import { Sub } from './sub-workflow.ts'

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
  'working',
  'sleeping',
  'joining',
  'hasOwnProperty',
]
const anyName = fc.oneof(fc.constantFrom(...ODD), fc.string({ minLength: 1, maxLength: 6 }))

/** What handlers, branches and items are made to throw. */
export const THROWN: readonly (() => Error)[] = [
  () => new TypeError('scripted'),
  () => new RangeError('scripted'),
  () => Object.assign(new Error('scripted'), { code: 'E_ODD' }),
  () => new Error('scripted'),
]
/** What catch edges are for: by class, by name, by code; `undefined` is every error. */
const MATCHES: readonly ErrorMatch[] = [TypeError, 'RangeError', 'E_ODD', 'JoinError', Error]

/** One state of a random workflow. */
export interface StatePlan {
  readonly name: string
  readonly kind: StateDefinition['kind']
  readonly to: readonly number[]
  readonly on: readonly { readonly signal: number; readonly to: readonly number[]; readonly count: number }[]
  readonly expires: { readonly to: number; readonly afterMs: number } | undefined
  readonly catches: readonly {
    readonly to: number
    readonly matches: readonly number[]
    readonly of: CatchEdge['of']
  }[]
  readonly maxVisits: { readonly to: number; readonly times: number } | undefined
  readonly forMs: number
  readonly branches: readonly string[]
  readonly join: 'all' | 'any' | 'settled' | 'two' | 'first'
  readonly items: number
  readonly tolerance: { readonly count: number } | { readonly share: number }
  readonly collects: boolean
}
interface Plan {
  readonly name: string
  readonly states: readonly StatePlan[]
  readonly initial: number
  readonly signals: readonly string[]
}

const index = fc.nat(20)
const some = fc.uniqueArray(index, { minLength: 1, maxLength: 4 })
const duration = fc.integer({ min: 0, max: 1e9 })
const statePlan = fc.record<Omit<StatePlan, 'name'>>({
  kind: fc.constantFrom('step', 'step', 'wait', 'wait', 'timer', 'map', 'parallel', 'child', 'final'),
  to: some,
  on: fc.array(fc.record({ signal: index, to: some, count: fc.constantFrom(1, 1, 2, 3) }), {
    minLength: 1,
    maxLength: 3,
  }),
  expires: fc.option(fc.record({ to: index, afterMs: duration }), { nil: undefined }),
  catches: fc.array(
    fc.record({
      to: index,
      matches: fc.uniqueArray(fc.nat(MATCHES.length - 1), { maxLength: 2 }),
      of: fc.constantFrom<CatchEdge['of'][]>('state', 'state', 'transaction', 'workflow'),
    }),
    { maxLength: 3 },
  ),
  maxVisits: fc.option(fc.record({ to: index, times: fc.integer({ min: 1, max: 3 }) }), { nil: undefined }),
  forMs: duration,
  branches: fc.uniqueArray(anyName, { minLength: 1, maxLength: 3 }),
  join: fc.constantFrom('all', 'any', 'settled', 'two', 'first'),
  items: fc.nat(4),
  tolerance: fc.oneof(
    fc.constantFrom({ count: 0 }, { count: 1 }, { count: Infinity }),
    fc.constantFrom({ share: 0.25 }, { share: 1 }),
  ),
  collects: fc.boolean(),
})

/** Random definitions with every kind of state, odd names, self loops, dead ends and states nothing leads to. */
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

/** What a catch edge of a random workflow hands on. */
export function caughtData(edge: number, { name }: Pick<Failure, 'name'>): object {
  return { by: 'catch', edge, name }
}

/** A branch, an item or a child run that is at work. */
export interface Part {
  readonly args: readonly unknown[]
  readonly run: RunInfo
  done(value: unknown): void
  failed(error: Error): void
}

/** A definition whose handlers wait for what `answer` says, and whose branches, items and children for those who end them. */
export class Script {
  readonly definition: Definition
  readonly plans: ReadonlyMap<string, StatePlan>
  /** Ends the handler that was called last: it takes this exit, or throws. */
  answer: (exit: Exit | Error) => void = () => undefined
  /** What each handler was called with. */
  readonly calls: (readonly unknown[])[] = []
  readonly #parts = new Set<Part>()
  /** How fast-check prints a counterexample. */
  readonly [fc.toStringMethod]: () => string

  constructor(plan: Plan) {
    const { name, states, initial, signals } = plan
    this[fc.toStringMethod] = () => JSON.stringify(plan)
    this.plans = new Map(states.map((state) => [state.name, state]))
    const nameAt = (n: number): string => states[n % states.length]?.name ?? ''
    const workflowClass = class {}
    const take = { value: this.#take.bind(this) }
    Object.defineProperties(workflowClass.prototype, {
      ...Object.fromEntries(states.map((_, i) => [`m${i}`, take])),
      part: { value: this.part },
    })
    const read = (state: StatePlan, i: number) => this.#read(state, i, nameAt, signals)
    this.definition = {
      name,
      version: 1,
      description: undefined,
      workflowClass,
      initial: nameAt(initial),
      states: new Map(states.map((state, i) => [state.name, read(state, i)])),
      signals: new Map(signals.map((signal) => [signal, anything])),
      replies: new Map(),
      queries: new Map(),
      transactions: new Map(),
      deadlineMs: undefined,
      migrations: new Map(),
      vars: anything,
      session: undefined,
      config: anything,
      marks: [],
    }
  }

  /** Resources of the projection: the child workflow's handler is a part too. */
  get resources(): object {
    return { part: this.part }
  }

  readonly part = (...args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const { run } = args.at(-1) as { run: RunInfo }
      const ending =
        <T>(end: (value: T) => void) =>
        (value: T) => {
          this.#parts.delete(part)
          end(value)
        }
      const part: Part = { args, run, done: ending(resolve), failed: ending(reject) }
      this.#parts.add(part)
    })

  /** The parts that are at work, the oldest first. */
  atWork(): readonly Part[] {
    return [...this.#parts].filter(({ run }) => !run.signal.aborted)
  }

  #read(
    plan: StatePlan,
    i: number,
    nameAt: (n: number) => string,
    signals: readonly string[],
  ): StateDefinition {
    const namesAt = (ns: readonly number[]): string[] => [...new Set(ns.map(nameAt))]
    const { name, kind, maxVisits } = plan
    const retry = {
      maxAttempts: 1,
      initialIntervalMs: 0,
      coefficient: 1,
      maxIntervalMs: 0,
      jitter: 'full',
      rules: [],
    } as const
    const tried = { retry, timeoutMs: 1, heartbeatMs: undefined }
    const handled = {
      name,
      member: name,
      description: undefined,
      schema: anything,
      ...tried,
      effect: 'none' as const,
      method: `m${i}`,
    }
    if (kind === 'final') return { kind, ...handled }
    const common = {
      ...handled,
      catches: plan.catches.map(({ to, matches, of }, edge): CatchEdge => ({
        to: nameAt(to),
        errors: matches.map((n) => MATCHES[n] ?? ''),
        with: (failure: Failure) => caughtData(edge, failure),
        transaction: undefined,
        of,
      })),
      // only forward, so that no circle of states sends a run away for ever
      maxVisits:
        maxVisits && maxVisits.to % this.plans.size > i
          ? { times: maxVisits.times, to: nameAt(maxVisits.to), with: { by: 'visits' } }
          : undefined,
      undo: undefined,
      transaction: undefined,
    }
    const to = namesAt(plan.to)
    const work = { method: 'part', ...tried, schema: anything }
    const on = new Map(
      plan.on.map(({ signal, to, count }): [string, AwaitedSignal] => [
        signals[signal % signals.length] ?? '',
        { to: namesAt(to), count, roles: [] },
      ]),
    )
    const { expires } = plan
    const expiry = expires && { afterMs: expires.afterMs, to: nameAt(expires.to), with: { by: 'expires' } }
    switch (kind) {
      case 'step':
        return { kind, ...common, to, cache: undefined }
      case 'wait':
        return { kind, ...common, on, expires: expiry, reminders: [] }
      case 'timer':
        return { kind, ...common, to, forMs: plan.forMs, dueAt: (_, entered) => entered + plan.forMs }
      case 'map':
        return {
          kind,
          ...common,
          to,
          over: () => Array.from({ length: plan.items }, (_, item) => item),
          item: work,
          reduce: this.#take.bind(this),
          concurrency: 2,
          tolerance: plan.tolerance,
          collects: plan.collects,
          most: 100,
        }
      case 'parallel': {
        const branch: Branch = { ...work, undo: undefined, description: undefined }
        const branches = new Map(plan.branches.map((name) => [name, branch]))
        return { kind, ...common, to, branches, join: joinRule(plan) }
      }
      case 'child':
        return {
          kind,
          ...common,
          to,
          on,
          expires: expiry,
          child: { workflow: Sub, input: () => ({ asked: true }) },
          childId: undefined,
          detached: false,
        }
    }
  }

  #take(...args: readonly unknown[]): Promise<object> {
    this.calls.push(args)
    return new Promise((resolve, reject) => {
      this.answer = (exit) =>
        exit instanceof Error
          ? reject(exit)
          : resolve(makeMove({ to: exit.to, data: { to: exit.to }, vars: { [exit.by]: 1 } }))
    })
  }
}

function joinRule({ join, branches }: StatePlan): JoinRule {
  if (join === 'two') return Math.min(2, branches.length)
  if (join === 'first') return (soFar) => Object.hasOwn(soFar, branches[0] ?? '')
  return join
}

/** The plain table: which exits each state has, read off the definition without any of the code under test. */
export function tableOf({ states }: Definition): ReadonlyMap<string, readonly Exit[]> {
  return new Map([...states.values()].map((state) => [state.name, exitsIn(state)]))
}

function exitsIn(state: StateDefinition): Exit[] {
  if (state.kind === 'final') return []
  const exits: Exit[] = []
  if ('to' in state) for (const to of state.to) exits.push({ by: 'step', to })
  if ('on' in state) {
    for (const [signal, { to: targets }] of state.on)
      for (const to of targets) exits.push({ by: 'signal', signal, to })
    if (state.expires) exits.push({ by: 'expires', to: state.expires.to, afterMs: state.expires.afterMs })
  }
  if (state.maxVisits) exits.push({ by: 'visits', to: state.maxVisits.to, times: state.maxVisits.times })
  for (const { to } of state.catches) exits.push({ by: 'catch', to })
  return exits
}
