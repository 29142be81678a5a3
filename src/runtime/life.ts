import type { Host } from '../model/host.ts'

/** The time between the start and the end of one attempt; what a handler does after it changes nothing. */
export class Life {
  #over = false
  #reason: Error | undefined
  #abort: AbortController | undefined

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
  /** Absolute, milliseconds. */
  readonly until: number
  readonly timeout: () => Error
}

/** Waits for a handler: its result, its error, `STOPPED`, or the error of the timeout. */
export async function limited(
  called: PromiseLike<unknown>,
  life: Life,
  { host, stop, until, timeout }: Limits,
): Promise<unknown> {
  let release = (): void => undefined
  const ended = new Promise((resolve, reject) => {
    const onStop = (): void => {
      life.end(new Error('the worker let go of this run'))
      resolve(STOPPED)
    }
    if (stop.aborted) return onStop()
    stop.addEventListener('abort', onStop, { once: true })
    const cancel = host.alarm(until, () => {
      const error = timeout()
      life.end(error)
      reject(error)
    })
    release = () => {
      cancel()
      stop.removeEventListener('abort', onStop)
    }
  })
  try {
    return await Promise.race([called, ended])
  } finally {
    release()
  }
}
