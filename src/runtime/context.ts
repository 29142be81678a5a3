import { quote } from '../errors/stepwright-error.ts'
import { bind, type Bindable } from '../definition/scope.ts'
import type { Log, RunInfo, Vote } from '../definition/shape.ts'
import type { Caller } from '../model/caller.ts'
import { toMs, type Duration } from '../model/duration.ts'
import type { LogLine } from '../model/history.ts'
import { idempotencyKey, visitOf, type ReceivedSignal, type Run } from '../model/run.ts'
import { newToken } from '../store/callback-token.ts'
import type { ContextParts, Kept, MemoBook } from './attempt-parts.ts'
import { AttemptScope, attemptOver } from './attempt-scope.ts'
import type { Life } from './life.ts'

/** Names in a handler's context that resources cannot have. */
export const RESERVED: readonly string[] = [
  'run',
  'session',
  'config',
  'vars',
  'log',
  'memo',
  'heartbeat',
  'reply',
  'callbackToken',
  'work',
]

/** How the memo of a callback token is called, before the name of its signal. */
export const CALLBACK = 'callback '

/** The last parameter of a handler. */
export function makeContext(parts: ContextParts): object {
  const context = Object.assign(new HandlerContext(parts), parts.resources, parts.more)
  for (const [name, resource] of boundIn(parts.resources)) {
    let view: unknown
    const get = (): unknown => (view ??= resource[bind](new AttemptScope(parts, context.run)))
    Object.defineProperty(context, name, { get, enumerable: true, configurable: true })
  }
  return context
}

type Bound = readonly (readonly [name: string, resource: Bindable<unknown>])[]
const bound = new WeakMap<object, Bound>()

/** The resources that are bound to each attempt; looked for once. */
function boundIn(resources: object): Bound {
  let found = bound.get(resources)
  if (!found) {
    const entries = Object.entries(resources) as [string, Bindable<unknown>][]
    found = entries.filter(([, value]) => typeof (value as object | null)?.[bind as never] === 'function')
    bound.set(resources, found)
  }
  return found
}

/** What the engine offers; made when it is asked for, since most handlers ask for little. */
class HandlerContext {
  readonly #parts: ContextParts
  #run: RunInfo | undefined
  #log: Log | undefined
  #session: object | undefined
  #memo: ReturnType<typeof makeMemo> | undefined

  constructor(parts: ContextParts) {
    this.#parts = parts
  }

  get run(): RunInfo {
    return (this.#run ??= new HandledRun(this.#parts))
  }

  get config(): unknown {
    return this.#parts.config
  }

  get vars(): unknown {
    return this.#parts.run.vars
  }

  get log(): Log {
    return (this.#log ??= makeLog(this.#parts.kept, this.#parts.life))
  }

  get session(): object {
    const { session, kept, life } = this.#parts
    const update = (change: (state: unknown) => unknown): void =>
      void (life.alive && kept.session.push(change))
    return (this.#session ??= { ...(session as object), update })
  }

  get memo(): ReturnType<typeof makeMemo> {
    return (this.#memo ??= makeMemo(this.#parts.memos, this.run, this.#parts.life))
  }

  get heartbeat(): () => void {
    const { life, host } = this.#parts
    return () => void (life.heard = host.now())
  }

  get reply(): (value: unknown) => void {
    const { life, kept } = this.#parts
    return (value) => void (life.alive && (kept.reply = { value }))
  }

  get callbackToken(): (signal: string, options?: { readonly expires?: Duration }) => Promise<unknown> {
    const { run, host, store } = this.#parts
    return (signal, { expires } = {}) =>
      this.memo(CALLBACK + signal, () => {
        const until = expires === undefined ? undefined : host.now() + toMs(expires, 'expires')
        return newToken(store, { run: run.id, signal, ...(until === undefined ? {} : { until }) })
      })
  }
}

/** The run as a handler sees it. */
class HandledRun implements RunInfo {
  readonly #run: Run
  readonly #life: Life
  readonly id: string
  readonly workflow: string
  readonly state: string
  readonly visit: number
  readonly attempt: number
  readonly idempotencyKey: string
  declare readonly part?: string
  declare readonly caller?: Caller

  constructor({ run, life, part }: ContextParts) {
    this.#run = run
    this.#life = life
    this.id = run.id
    this.workflow = run.workflow
    this.state = run.state
    this.visit = visitOf(run)
    this.attempt = part?.attempt ?? run.attempt
    this.idempotencyKey = idempotencyKey(run, part?.name)
    if (part) this.part = part.name
    if (run.signal?.caller) this.caller = run.signal.caller
  }

  get votes(): readonly Vote[] {
    return (this.#run.votes ?? []).map(voteOf)
  }

  get signal(): AbortSignal {
    return this.#life.signal
  }
}

function voteOf({ name, id, payload, caller, at }: ReceivedSignal): Vote {
  return { type: name, id, payload, at, ...(caller ? { caller } : {}) }
}

function makeLog(kept: Kept, life: Life): Log {
  const at =
    (level: LogLine['level']) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      if (life.alive)
        kept.log.push({
          type: 'log',
          level,
          message: String(message),
          ...(fields === undefined ? {} : { fields }),
        })
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function makeMemo(memos: MemoBook, info: RunInfo, life: Life) {
  const making = new Map<string, Promise<unknown>>()
  return (key: string, make: () => unknown): Promise<unknown> => {
    if (typeof key !== 'string' || key === '' || key.length > 500) {
      return Promise.reject(new TypeError(`the key of a memo is ${quote(key)}, not 1 to 500 characters`))
    }
    if (memos.has(key)) return Promise.resolve(memos.get(key))
    const pending = making.get(key)
    if (pending) return pending
    const made = makeOnce(key, make).finally(() => making.delete(key))
    making.set(key, made)
    return made
  }

  async function makeOnce(key: string, make: () => unknown): Promise<unknown> {
    if (!life.alive) throw attemptOver(key, info)
    const value = await make()
    if (!life.alive || !(await memos.save(key, value))) throw attemptOver(key, info)
    return memos.get(key)
  }
}
