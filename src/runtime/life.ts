import type { Host } from '../model/host.ts'

/** The time between the start and the end of one attempt; what a handler does after it changes nothing. */
export class Life {
  #over = false
  #reason: Error | undefined
  #abort: AbortController | undefined
  /** When the handler was last heard of. */
  heard = 0

  get alive(): boolean {
    return !this.#over
  }

  /** Fires when the attempt is ended from outside. Made when it is first asked for. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#reason) this.#abort.abort(this.#reason)
    return this.#abort.signal
  }

  /** Ends it; with a reason its signal fires. */
  end(reason?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#reason = reason
    if (reason) this.#abort?.abort(reason)
  }
}

/** Given in place of a result where `stop` fired first. */
export const STOPPED = Symbol('stopped')

/** What ends the wait for a handler before it does. */
export interface Limits {
  readonly host: Host
  readonly stop: AbortSignal
  /** Of the whole attempt, in milliseconds. */
  readonly timeoutMs: number
  /** The longest silence, in milliseconds. */
  readonly heartbeatMs: number | undefined
  readonly timeout: (why: 'timeout' | 'heartbeat') => Error
}

/** Waits for a handler: its result, its error, `STOPPED`, or the error of the timeout. */
export async function limited(
  called: PromiseLike<unknown>,
  life: Life,
  { host, stop, timeoutMs, heartbeatMs, timeout }: Limits,
): Promise<unknown> {
  const releases: (() => void)[] = []
  const ended = new Promise((resolve, reject) => {
    const onStop = (): void => {
      resolve(STOPPED) // before the handler hears of it: an error that it ends with then does not count
      life.end(stop.reason instanceof Error ? stop.reason : new Error('the worker let go of this run'))
    }
    if (stop.aborted) return onStop()
    const fail = (why: 'timeout' | 'heartbeat'): void => {
      const error = timeout(why)
      reject(error)
      life.end(error)
    }
    stop.addEventListener('abort', onStop, { once: true })
    releases.push(
      host.alarm(host.now() + timeoutMs, () => fail('timeout')),
      () => stop.removeEventListener('abort', onStop),
    )
    if (heartbeatMs !== undefined) releases.push(watchHeart(life, host, heartbeatMs, () => fail('heartbeat')))
  })
  try {
    return await Promise.race([called, ended])
  } finally {
    for (const release of releases) release()
  }
}

/** Calls `silent` once nothing was heard for so long. Returns what ends the watch. */
function watchHeart(life: Life, host: Host, heartbeatMs: number, silent: () => void): () => void {
  life.heard = host.now()
  let cancel: () => void
  const arm = (): void => {
    cancel = host.alarm(life.heard + heartbeatMs, () => {
      if (host.now() - life.heard >= heartbeatMs) silent()
      else arm()
    })
  }
  arm()
  return () => cancel()
}
