import { expect } from 'vitest'
import { createActor, SimulatedClock, type AnyActor, type AnyMachineSnapshot } from 'xstate'
import { signalType, stateName } from '../../src/compile/keys.ts'
import { project } from '../../src/compile/projection.ts'
import type { MapState, ParallelState, StateDefinition } from '../../src/definition/definition.ts'
import type { Exit } from '../../src/definition/exit.ts'
import { ChildError, JoinError } from '../../src/model/failure.ts'
import { caughtData, tableOf, THROWN, type Part, type Script } from './random-workflows.ts'

type Args = readonly unknown[]
/** A handler is called with these; or it comes to an error before. */
type Reached = { readonly args: Args } | Error

/** Leads the projection of a random workflow along exits, and knows by the definition alone where it must stand then. */
export class Guide {
  readonly actor: AnyActor
  at: string
  data: unknown = { begun: true }
  /** An error was not caught. */
  failed = false
  /** The kinds of the states that were left, each with what it was left by. */
  readonly taken: string[] = []
  readonly #script: Script
  readonly #clock = new SimulatedClock()
  readonly #visits = new Map<string, number>()

  constructor(script: Script) {
    this.#script = script
    const { definition, resources } = script
    const options = { clock: this.#clock, input: this.data }
    this.actor = createActor(project(definition, { resources }), options as never)
    this.actor.subscribe({ error: () => undefined })
    this.actor.start()
    this.at = definition.initial
    this.#visits.set(this.at, 1)
  }

  get snapshot(): AnyMachineSnapshot {
    return this.actor.getSnapshot() as AnyMachineSnapshot
  }

  /** Where the projection stands, and with what. */
  get standing(): readonly unknown[] {
    return [topOf(this.snapshot), (this.snapshot.context as { data: unknown }).data]
  }

  /** Takes the exit that `n` picks, after events that must move nothing; `false` where the run is over. */
  async goOn(n: number, harmless: readonly string[]): Promise<boolean> {
    const { definition } = this.#script
    const state = definition.states.get(this.at) as StateDefinition
    const exits = (tableOf(definition).get(this.at) ?? []).filter(({ by }) => by !== 'visits')
    const exit = exits[n % Math.max(1, exits.length)]
    if (state.kind === 'final' || !exit) return false
    await microtasks()
    const before: unknown = this.snapshot.value
    for (const type of harmless) this.actor.send({ type })
    expect(this.snapshot.value).toEqual(before)
    const came = await this.#lead(state, exit, n)
    const edge = came instanceof Error ? state.catches.findIndex(({ errors }) => fits(errors, came)) : -1
    const caught = state.catches[edge]
    this.taken.push(`${state.kind} ${came instanceof Error ? (caught ? 'catch' : 'error') : came.by}`)
    if (!(came instanceof Error))
      this.#enter(came.to, came.by === 'expires' ? { by: 'expires' } : { to: came.to })
    else if (caught) this.#enter(caught.to, caughtData(edge, came))
    else this.failed = true
    return !this.failed
  }

  #enter(to: string, data: unknown): void {
    const visit = (this.#visits.get(to) ?? 0) + 1
    this.#visits.set(to, visit)
    this.at = to
    this.data = data
    const state = this.#script.definition.states.get(to)
    if (!state || state.kind === 'final' || !state.maxVisits || visit <= state.maxVisits.times) return
    this.taken.push(`${state.kind} visits`)
    this.#enter(state.maxVisits.to, { by: 'visits' })
  }

  /** What came of it: the exit, or an error. */
  async #lead(
    state: Exclude<StateDefinition, { kind: 'final' }>,
    exit: Exit,
    n: number,
  ): Promise<Exit | Error> {
    if (exit.by === 'expires') {
      this.#clock.increment(exit.afterMs)
      return exit
    }
    const reached = await this.#reach(state, exit, n)
    await microtasks()
    if (reached instanceof Error) return reached
    expect(this.#script.calls.at(-1)?.slice(0, -1)).toEqual([...reached.args, this.data])
    const answer = exit.by === 'catch' ? errorOf(n) : exit
    this.#script.answer(answer)
    await microtasks()
    return answer
  }

  /** Until the handler of the state is called. */
  async #reach(state: Exclude<StateDefinition, { kind: 'final' }>, exit: Exit, n: number): Promise<Reached> {
    switch (state.kind) {
      case 'step':
        return { args: [] }
      case 'wait':
        return this.#signal(state.on, exit.by === 'signal' ? exit.signal : ([...state.on.keys()][0] ?? ''), n)
      case 'timer':
        this.#clock.increment(state.forMs ?? 0)
        return { args: [] }
      case 'map':
        return this.#endItems(state, n)
      case 'parallel':
        return this.#endBranches(state, n)
      case 'child': {
        if (exit.by === 'signal') return this.#signal(state.on, exit.signal, n)
        const [child] = this.#script.atWork()
        if (exit.by === 'catch' && n % 2) {
          child?.failed(errorOf(n))
          return new ChildError('', 'failed')
        }
        child?.done(n)
        return { args: [{ state: 'an.swered', data: { answer: n } }] }
      }
    }
  }

  #signal(on: ReadonlyMap<string, { readonly count: number }>, signal: string, n: number): Reached {
    const before: unknown = this.snapshot.value
    for (let left = on.get(signal)?.count ?? 1; left > 0; left--) {
      expect(this.snapshot.value).toEqual(before)
      this.actor.send({ type: signalType(signal), n } as { type: string })
    }
    return { args: [{ type: signal, n, id: expect.any(String) as string }] }
  }

  async #endItems({ name, tolerance, collects }: MapState, n: number): Promise<Reached> {
    const all: unknown[] = []
    let failed = 0
    const count = this.#script.plans.get(name)?.items ?? 0
    for (let i = 0; i < count; i++) {
      const [item, ok, error] = await this.#endPart(0, n, i)
      const index = item.args[0] as number
      all[index] = collects ? settled(ok, index, error) : ok ? index : undefined
      if (!ok) failed++
      if (!ok && 'count' in tolerance && failed > tolerance.count) return collects ? new JoinError('') : error
    }
    if ('share' in tolerance && failed > tolerance.share * count) return new JoinError('')
    return { args: [all] }
  }

  async #endBranches({ name, branches }: ParallelState, n: number): Promise<Reached> {
    const plan = this.#script.plans.get(name)
    const needed = { all: branches.size, any: 1, two: Math.min(2, branches.size), settled: 0, first: 0 }
    const rule = plan?.join ?? 'all'
    const ended: [branch: string, end: unknown][] = []
    const good: [branch: string, result: unknown][] = []
    for (let i = 0; ; i++) {
      const [part, ok, error] = await this.#endPart(n, n, i)
      const branch = part.run.part ?? ''
      ended.push([branch, settled(ok, 0, error)])
      if (ok) good.push([branch, 0])
      if (rule === 'all' && !ok) return error
      const over =
        rule === 'first'
          ? branch === plan?.branches[0]
          : rule === 'settled'
            ? ended.length === branches.size
            : good.length >= needed[rule]
      if (over) break
      if (good.length + branches.size - ended.length < needed[rule]) return new JoinError('')
    }
    // what is not needed any more is stopped
    expect(this.#script.atWork().map(({ run }) => run.part)).toEqual([])
    return { args: [Object.fromEntries(rule === 'all' || rule === 'any' ? good : ended)] }
  }

  /** Ends one part: well or not, as a bit of `n` says. An item's result is its number, a branch's 0. */
  async #endPart(which: number, n: number, i: number): Promise<[part: Part, ok: boolean, error: Error]> {
    const parts = this.#script.atWork()
    const part = parts[which % parts.length] as Part
    const [ok, error] = [(n >> (i % 6)) % 3 > 0, errorOf(n + i)]
    if (ok) part.done(typeof part.args[0] === 'number' ? part.args[0] : 0)
    else part.failed(error)
    await microtasks()
    return [part, ok, error]
  }
}

function settled(ok: boolean, value: unknown, { name, message }: Error): unknown {
  return ok ? { ok, value } : { ok, error: expect.objectContaining({ name, message }) as object }
}

function errorOf(n: number): Error {
  return (THROWN[n % THROWN.length] as () => Error)()
}

function fits(errors: readonly unknown[], error: Error): boolean {
  if (errors.length === 0) return true
  return errors.some((match) =>
    typeof match === 'string'
      ? [error.name, (error as { code?: string }).code].includes(match)
      : match === Error || match === error.constructor,
  )
}

/** The top-level state of a snapshot. */
export function topOf({ value }: AnyMachineSnapshot): string {
  return stateName(typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? ''))
}

/** Until a handler has been called, or its answer has arrived. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
