import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Log, RunInfo, Vote } from '../definition/shape.ts'
import { toMs, type Duration } from '../model/duration.ts'
import type { LogLine } from '../model/history.ts'
import type { Host } from '../model/host.ts'
import { idempotencyKey, visitOf, type ReceivedSignal, type Run } from '../model/run.ts'
import { newToken } from '../store/callback-token.ts'
import type { Store } from '../store/store.ts'
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

/** What a handler has asked to be kept with its move. */
export interface Kept {
  readonly log: LogLine[]
  /** Pure changes of the session, in order. */
  readonly session: ((state: unknown) => unknown)[]
  /** The answer to an update, the newest alone. */
  reply?: { readonly value: unknown }
}

/** Saves results inside the visit. */
export interface MemoBook {
  has(key: string): boolean
  get(key: string): unknown
  /** `false`: the attempt is over, nothing was saved. */
  save(key: string, value: unknown): Promise<boolean>
}

/** What the context of one attempt is made from. */
export interface ContextParts {
  readonly run: Run
  readonly resources: object
  readonly config: unknown
  readonly session: unknown
  readonly memos: MemoBook
  readonly kept: Kept
  readonly life: Life
  readonly store: Store
  readonly host: Host
  /** The branch or item, and its own count of attempts. */
  readonly part?: { readonly name: string; readonly attempt: number }
  /** What else the handler is offered. */
  readonly more?: object
}

/** The last parameter of a handler. */
export function makeContext(parts: ContextParts): object {
  const { run, resources, config, session, memos, kept, life, part, more } = parts
  const caller = run.signal?.caller
  const info: RunInfo = {
    id: run.id,
    workflow: run.workflow,
    state: run.state,
    visit: visitOf(run),
    attempt: part?.attempt ?? run.attempt,
    idempotencyKey: idempotencyKey(run, part?.name),
    votes: (run.votes ?? []).map(voteOf),
    ...(part ? { part: part.name } : {}),
    ...(caller ? { caller } : {}),
    get signal() {
      return life.signal
    },
  }
  const memo = makeMemo(memos, info, life)
  return {
    ...resources,
    run: info,
    config,
    vars: run.vars,
    log: makeLog(kept, life),
    session: {
      ...(session as object),
      update: (change: (state: unknown) => unknown) => void (life.alive && kept.session.push(change)),
    },
    memo,
    heartbeat: () => void (life.heard = parts.host.now()),
    reply: (value: unknown) => void (life.alive && (kept.reply = { value })),
    callbackToken: (signal: string, { expires }: { readonly expires?: Duration } = {}) =>
      memo(`callback ${signal}`, () => {
        const until = expires === undefined ? undefined : parts.host.now() + toMs(expires, 'expires')
        return newToken(parts.store, { run: run.id, signal, ...(until === undefined ? {} : { until }) })
      }),
    ...more,
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
    if (!life.alive) throw over(key)
    const value = await make()
    if (!life.alive || !(await memos.save(key, value))) throw over(key)
    return memos.get(key)
  }

  function over(key: string): StepwrightError {
    return new StepwrightError('attempt-over', {
      what: `memo ${quote(key)} of ${info.idempotencyKey} was asked for after its attempt had ended`,
      remedy: 'Stop the handler when run.signal fires',
    })
  }
}
