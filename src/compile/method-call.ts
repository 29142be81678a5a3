import type { AnyActorRef } from 'xstate'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Definition } from '../definition/definition.ts'
import type { RunInfo, Vote } from '../definition/shape.ts'
import type { BranchEnd } from './join.ts'

/** What handlers of a projection see besides their input. */
export interface ProjectionOptions {
  readonly resources?: object
  readonly config?: unknown
  /** The session state at the beginning; kept in memory and shared by all actors of one projection. */
  readonly session?: object
}

/** Where a run stands when something is done in its state: the input of every actor of a projection. */
export interface Handling {
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
  /** How often the state has been entered. */
  readonly visit: number
  readonly votes: readonly Vote[]
  /** The signal that is handled, with its name as the workflow declares it. */
  readonly signal?: Pick<Vote, 'type' | 'id' | 'payload'>
  /** The branch to work on. */
  readonly branch?: string
  /** How the branches of a parallel state have ended, in that order, for its join. */
  readonly ended?: readonly BranchEnd[]
  /** What the child run of the state ended with. */
  readonly outcome?: unknown
}

/** The actor that does it: its run, its clock, and what fires when it is stopped. */
export interface Place {
  readonly runId: string
  readonly clock: AnyActorRef['system']['_clock']
  readonly signal: AbortSignal
}

/** The place of an invoked actor. */
export function placeOf(self: AnyActorRef, signal: AbortSignal): Place {
  return { runId: self._parent?.id ?? self.id, clock: self.system._clock, signal }
}

/** The key of one visit, or of a part of it. */
export function keyOf({ runId }: Place, { state, visit }: Handling, part?: string): string {
  return `${runId}/${state}/${visit}${part === undefined ? '' : `/${part}`}`
}

/** One call of a method, or of a function of the declaration. */
export interface MethodCall {
  readonly method: string | ((...args: never[]) => unknown)
  /** Before the context. */
  readonly args: readonly unknown[]
  /** The branch, or the number of the item. */
  readonly part?: string
  /** What else the context offers. */
  readonly more?: object
}

/** What a method returned; `keep` makes its changes of the session count. */
export interface Returned {
  readonly value: unknown
  keep(): void
}

type Change = (state: object) => object

/** Calls the methods of a workflow class, once each, on an in-memory context. */
export class MethodCaller {
  readonly definition: Definition
  readonly options: ProjectionOptions
  readonly #instance: Readonly<Record<string, unknown>>
  #session: object

  constructor(definition: Definition, options: ProjectionOptions) {
    this.definition = definition
    this.options = options
    this.#instance = Object.freeze(new definition.workflowClass()) as Readonly<Record<string, unknown>>
    this.#session = options.session ?? {}
  }

  async call(handling: Handling, { method, args, part, more }: MethodCall, place: Place): Promise<Returned> {
    const fn = typeof method === 'function' ? method : this.#instance[method]
    if (typeof fn !== 'function') {
      throw new StepwrightError('needs-migration', {
        what: `${quote(handling.state)} has no method ${quote(method)}`,
        remedy: 'Give the class that the definition was read from',
      })
    }
    const changes: Change[] = []
    const context = {
      ...this.options.resources,
      run: this.#runInfo(handling, place, part),
      config: this.options.config ?? {},
      vars: handling.vars,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      session: { ...this.#session, update: (change: Change) => void changes.push(change) },
      memo: makeMemo(),
      heartbeat: ignore,
      reply: ignore,
      callbackToken: (signal: string) => Promise.resolve(`${keyOf(place, handling, part)}/${signal}`),
      ...more,
    }
    const value: unknown = await (fn as (...args: unknown[]) => unknown).apply(this.#instance, [
      ...args,
      context,
    ])
    const keep = (): void => {
      for (const change of changes) this.#session = change(this.#session)
    }
    return { value, keep }
  }

  #runInfo(handling: Handling, place: Place, part: string | undefined): RunInfo {
    const { state, visit, votes } = handling
    return {
      id: place.runId,
      workflow: this.definition.name,
      state,
      visit,
      attempt: 1,
      idempotencyKey: keyOf(place, handling, part),
      ...(part === undefined ? {} : { part }),
      votes,
      signal: place.signal,
    }
  }
}

function makeMemo() {
  const made = new Map<string, Promise<unknown>>()
  return (key: string, make: () => unknown): Promise<unknown> => {
    const found = made.get(key) ?? Promise.resolve().then(make)
    made.set(key, found)
    found.catch(() => made.delete(key)) // as in the engine: only results are kept
    return found
  }
}

function ignore(): void {}
