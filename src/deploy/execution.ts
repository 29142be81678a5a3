import { isDeepStrictEqual } from 'node:util'
import type { StateDefinition } from '../definition/definition.ts'
import type { Effect } from '../definition/policy.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { createLlm } from '../llm/llm.ts'
import type { Model } from '../llm/model.ts'
import { replayed, type ReplayedModel } from '../llm/tape/replayed.ts'
import { Tape } from '../llm/tape/tape.ts'
import type { HistoryEvent } from '../model/history.ts'
import { systemHost, type Host } from '../model/host.ts'
import { LIMITS } from '../model/limits.ts'
import { NOTHING_SPENT } from '../model/model-call.ts'
import type { ReceivedSignal, Run } from '../model/run.ts'
import { parseWith } from '../model/schema.ts'
import { attempt } from '../runtime/attempt.ts'
import type { RunEvent } from '../runtime/event.ts'
import type { Loaded } from '../runtime/library.ts'
import { memoBook } from '../runtime/memo-book.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { Memos } from '../store/memos.ts'
import { sayMove, sayPaths, type Parting } from './difference.ts'
import type { Standing } from './translation.ts'
import type { Visit } from './visit.ts'

/** What handlers are run with. */
export interface ExecutionOptions {
  /** The resources that are language models, by name: each answers from the tape of the run. */
  readonly models: Readonly<Record<string, Pick<Model, 'name' | 'abilities'>>>
  /** The names of all others: using one is refused, and the run could not be rehearsed. */
  readonly others: readonly string[]
  /**
   * Which handlers run: those that say they have no effect (`'none'`, the default), or also those that may be repeated
   * (`'idempotent'`). All others count as doing what is recorded.
   */
  readonly effects?: Extract<Effect, 'none' | 'idempotent'>
  readonly signal?: AbortSignal
}

interface Scene {
  readonly run: { readonly id: string }
  readonly history: readonly HistoryEvent[]
  readonly visit: Visit
  readonly standing: Standing
  /** Where the recorded move leads. */
  readonly to: Standing | undefined
  readonly loaded: Loaded
}

/** Why a handler that decided a visit counts as doing what is recorded: its kind of state, or its effect. */
export interface NotRun {
  readonly notRun: string
}

type Played = { readonly parting: Parting | undefined } | { readonly reason: string } | NotRun

/**
 * Runs the new handlers of recorded visits: with their input, vars, signal and time as recorded, on a store in memory,
 * without a network as far as models go. The session is as it is in the beginning.
 */
export class Executor {
  readonly #options: ExecutionOptions

  constructor(options: ExecutionOptions) {
    this.#options = options
  }

  /** `undefined`: no handler decided the visit. */
  async execute(scene: Scene): Promise<Played | undefined> {
    const { visit, standing, loaded } = scene
    const state = loaded.machine.state(standing.state)
    const ended = visit.events.find(({ type }) => type === 'failed' || type === 'completed')
    if (state.method === undefined || !isByHandler(visit, state, ended)) return undefined
    const notRun = this.#leftOut(state)
    if (notRun !== undefined) return { notRun }
    const resources = await this.#resources(visit)
    const event = await this.#perform(scene, state, resources.given)
    if (resources.refused.length > 0)
      return {
        reason: `its handler used ${resources.refused.join(', ')}, for which there is nothing offline`,
      }
    const missed = missedBy(resources.replays)
    if (missed !== undefined)
      return { parting: { what: 'call', at: '', expected: 'asks what is on the tape', came: missed } }
    if (!event) return { reason: 'it was interrupted' }
    return { parting: compare(event, scene, ended) }
  }

  #leftOut({ kind, effect }: StateDefinition): string | undefined {
    const { effects = 'none' } = this.#options
    if (kind === 'map' || kind === 'parallel' || kind === 'child') return kind
    return effect === 'none' || effect === effects ? undefined : `effect ${effect}`
  }

  async #perform(
    { run: { id }, history, visit, standing, loaded }: Scene,
    state: StateDefinition,
    resources: object,
  ): Promise<RunEvent | undefined> {
    const signals = visit.events.filter((event) => event.type === 'signalled')
    const signal = signals.at(-1)
    const votes = visit.events.filter((event) => event.type === 'voted')
    const host = hostAt(signal?.at ?? visit.events.at(-1)?.at ?? visit.at)
    const started = history[0]
    const session = loaded.machine.definition.session
    const fresh = session && (await parseWith(session, {}))
    const standingRun: Run = {
      id,
      workflow: loaded.machine.definition.name,
      version: loaded.machine.definition.version,
      status: 'running',
      state: state.name,
      visits: { [state.name]: visit.visit },
      since: visit.at,
      attempt: 1,
      data: standing.data,
      vars: standing.vars,
      session: started?.type === 'started' ? started.session : id,
      ...(signal ? { signal: received(signal) } : {}),
      ...(votes.length > 0 ? { votes: votes.map(received) } : {}),
      recoveries: 0,
      memos: 0,
      worker: 'rehearsal',
      inputHash: '',
      createdAt: started?.at ?? visit.at,
      updatedAt: visit.at,
    }
    const parts = {
      ...{ ...loaded, resources, host, limits: LIMITS, worker: 'rehearsal', store: new MemoryStore() },
      session: fresh?.ok ? fresh.value : {},
      stop: this.#options.signal ?? new AbortController().signal,
    }
    const memos = memoBook(Memos.none(standingRun), {
      limit: LIMITS.memo,
      write: () => Promise.resolve(true),
      run: () => standingRun,
      uncounted: { spent: NOTHING_SPENT, children: NOTHING_SPENT },
      stir: () => undefined,
    })
    for (let number = 1; ; number++) {
      const outcome = await attempt({ ...standingRun, attempt: number }, parts, memos)
      const again = outcome?.event.type === 'attempt-failed' && outcome.event.retryAt !== undefined
      if (!again) return outcome?.event // its waits are skipped
    }
  }

  async #resources(visit: Visit): Promise<{
    readonly given: object
    readonly replays: readonly ReplayedModel[]
    readonly refused: readonly string[]
  }> {
    const { models, others } = this.#options
    const abilities = Object.fromEntries(Object.values(models).map((model) => [model.name, model.abilities]))
    const tape = await Tape.of(visit.events, abilities)
    const replays: ReplayedModel[] = []
    const refused: string[] = []
    const given = Object.fromEntries([
      ...Object.entries(models).map(([name, model]) => {
        const replay = replayed(tape, { model: model.name })
        replays.push(replay)
        return [name, createLlm(replay)] as const
      }),
      ...others.map((name) => [name, refusing(name, refused)] as const),
    ])
    return { given, replays, refused }
  }
}

/** Only what a handler decides: not the end of a wait, a bound on visits, or what people did. */
function isByHandler(
  { left, events }: Visit,
  { kind }: StateDefinition,
  ended: HistoryEvent | undefined,
): boolean {
  if (left) return left.by === 'step' || left.by === 'catch' || left.by.startsWith('signal:')
  if (ended?.type === 'completed') return kind === 'final'
  return ended !== undefined && events.some(({ type }) => type === 'attempt-failed')
}

function compare(
  event: RunEvent,
  { visit: { left }, to }: Scene,
  ended: HistoryEvent | undefined,
): Parting | undefined {
  const fails = ended?.type === 'failed' ? `fails with ${ended.failure.name}` : 'completes'
  const expected = left ? sayMove(left) : fails
  if (event.type === 'moved') {
    const moved = {
      to: event.exit.to,
      by: event.exit.by === 'signal' ? (`signal:${event.exit.signal}` as const) : event.exit.by,
    }
    if (!left || !to || to.state !== moved.to || (left.by === 'catch') !== (moved.by === 'catch'))
      return { what: 'move', expected, came: sayMove(moved) }
    if (!isDeepStrictEqual(to.data, event.data))
      return {
        what: 'data',
        at: sayPaths(to.data, event.data),
        expected: `${expected} with ${quote(to.data)}`,
        came: `with ${quote(event.data)}`,
      }
    const vars = { ...(left.vars as object | undefined) }
    return isDeepStrictEqual(vars, { ...event.vars })
      ? undefined
      : {
          what: 'vars',
          at: sayPaths(vars, { ...event.vars }),
          expected: `vars ${quote(vars)}`,
          came: `vars ${quote(event.vars ?? {})}`,
        }
  }
  if (event.type === 'closed') {
    const output = ended?.type === 'completed' ? ended.output : undefined
    return isDeepStrictEqual(output, event.output)
      ? undefined
      : {
          what: 'output',
          at: sayPaths(output, event.output),
          expected: `completes with ${quote(output)}`,
          came: `with ${quote(event.output)}`,
        }
  }
  if (event.type === 'taken-back') return { what: 'signal', expected, came: `refuses it: ${event.reason}` }
  const failure = 'failure' in event ? event.failure : undefined
  if (ended?.type === 'failed' && failure?.name === ended.failure.name) return undefined
  return {
    what: 'failure',
    at: failure?.name ?? '',
    expected,
    came: `fails with ${failure?.name}: ${failure?.message}`,
  }
}

function missedBy(replays: readonly ReplayedModel[]): string | undefined {
  for (const replay of replays)
    try {
      replay.check()
    } catch (error) {
      return (error as Error).message
    }
  return undefined
}

function received({
  name,
  id,
  payload,
  at,
  caller,
}: HistoryEvent & { type: 'voted' | 'signalled' }): ReceivedSignal {
  return { name, id, payload, at, ...(caller ? { caller } : {}) }
}

/** Stands still at a time; what a handler waits for itself takes its time. */
function hostAt(now: number): Host {
  return {
    ...systemHost,
    now: () => now,
    alarm: (at, fire) => systemHost.alarm(systemHost.now() + at - now, fire),
  }
}

/** Whatever is done with it throws, and is written down. */
function refusing(name: string, refused: string[]): unknown {
  const refuse = (): never => {
    if (!refused.includes(name)) refused.push(name)
    throw new StepwrightError('not-possible', {
      what: `The resource ${quote(name)} was used in a rehearsal`,
      remedy: 'Leave the handlers that need it to what is recorded',
    })
  }
  return new Proxy(class {}, {
    get: (_target, key) => (typeof key === 'symbol' || key === 'then' ? undefined : refuse()),
    apply: refuse,
    construct: refuse,
  })
}
