import { systemHost, type Host } from '../../model/host.ts'

/** Time and chance, as what wraps a model sees them. `TestClock` of `stepwright/testing` is one. */
export type Clock = Pick<Host, 'now' | 'random' | 'alarm'>

/** The time of the process: it goes on evenly, whatever is done to the clock of the machine. For what stays in the process. */
export const steadyClock: Clock = {
  now: () => performance.now(),
  random: () => Math.random(),
  alarm: (at, fire) => systemHost.alarm(Date.now() + at - performance.now(), fire),
}

/** Waits for `ms` milliseconds; rejects with the reason of the signal where that fires first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const abort = (): void => {
      cancel()
      reject(signal?.reason as Error)
    }
    const cancel = clock.alarm(clock.now() + ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}
