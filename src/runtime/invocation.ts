import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Machine } from '../compile/machine.ts'
import { formatMs } from '../model/duration.ts'
import { TimeoutError } from '../model/failure.ts'
import type { Host } from '../model/host.ts'
import type { Limits } from '../model/limits.ts'
import type { Run } from '../model/run.ts'
import type { Store } from '../store/store.ts'
import type { ContextParts, Kept } from './attempt-parts.ts'
import { makeContext } from './context.ts'
import { Life, limited, STOPPED } from './life.ts'
import { redactionFor, redactLog } from './secrets.ts'

/** What a call of a method needs besides the run. */
export interface CallParts {
  readonly machine: Machine
  /** The frozen instance of the workflow class. */
  readonly instance: object
  readonly resources: object
  readonly config: unknown
  /** The session's state. */
  readonly session: unknown
  readonly store: Store
  readonly host: Host
  readonly limits: Limits
  readonly worker: string
  /** Fires when the run is taken away or the engine closes: the call then has no outcome. */
  readonly stop: AbortSignal
}

/** One call of one method. */
export interface Invocation extends Pick<ContextParts, 'memos' | 'part' | 'more'> {
  /** A method of the workflow class, or a function of its declaration. */
  readonly method: string | ((...args: readonly unknown[]) => unknown)
  /** Before the context. */
  readonly args: readonly unknown[]
  readonly timeoutMs: number
  readonly heartbeatMs: number | undefined
  /** For messages: the state, or what of it. */
  readonly what: () => string
}

/** What a method returned, or `STOPPED`. Throws what it throws, and TimeoutError. */
export async function invoke(
  run: Run,
  { method, args, timeoutMs, heartbeatMs, what, ...own }: Invocation,
  parts: CallParts,
  kept: Kept,
): Promise<unknown> {
  const life = new Life()
  const redaction = redactionFor(run, parts.machine, { session: parts.session })
  const noteRedaction = () => redactionFor(run, parts.machine, { session: parts.session }, 'all')
  try {
    const { resources, config, session, store, host, stop } = parts
    const fn = typeof method === 'function' ? method : methodOf(parts.instance, method, what)
    const context = makeContext({
      run,
      resources,
      config,
      session,
      store,
      host,
      kept,
      life,
      noteRedaction,
      ...own,
    })
    const called: unknown = fn.call(parts.instance, ...args, context)
    // a handler that is not async is over already: nothing could have ended it
    if (!isThenable(called)) return called
    const timeout = (why: 'timeout' | 'heartbeat'): Error =>
      new TimeoutError(
        why === 'timeout'
          ? `${what()} took longer than its timeout of ${formatMs(timeoutMs)}`
          : `${what()} was silent for longer than its heartbeat of ${formatMs(heartbeatMs ?? 0)}`,
      )
    return await limited(called, life, { host, stop, timeoutMs, heartbeatMs, timeout })
  } catch (thrown) {
    throw redaction ? redaction.thrown(thrown) : thrown
  } finally {
    life.end()
    if (redaction) redactLog(kept, redaction)
  }
}

function methodOf(
  instance: object,
  method: string,
  what: () => string,
): (...args: readonly unknown[]) => unknown {
  const fn = (instance as Record<string, unknown>)[method]
  if (typeof fn === 'function') return fn as (...args: readonly unknown[]) => unknown
  throw new StepwrightError('needs-migration', {
    what: `${what()} has no method ${quote(method)}`,
    remedy: 'Load the class that the run was started with',
  })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

export { STOPPED }
