import type { HistoryEvent, RunHandle } from 'stepwright'
import type { TestClock } from 'stepwright/testing'

/** What a promise comes to, while the clock goes on in steps of `step` until it does. */
export async function settled<T>(clock: TestClock, promise: Promise<T>, step = 1_000): Promise<T> {
  let open = true
  promise.then(
    () => (open = false),
    () => (open = false),
  )
  const began = clock.now()
  while (open && clock.now() < began + PATIENCE_STEPS * step) await clock.advance(step)
  if (open) throw new Error(`nothing came of it in ${(clock.now() - began) / 1_000} s of virtual time`)
  return promise
}

/** Looks again and again, while the clock goes on, until there is an answer. Says `what` where there is none. */
export async function eventually<T>(
  clock: TestClock,
  what: string,
  look: () => Promise<T | undefined>,
  step = 1_000,
): Promise<T> {
  for (let i = 0; i < PATIENCE_STEPS; i++) {
    const found = await settled(clock, look(), step)
    if (found !== undefined) return found
    await clock.advance(step)
  }
  throw new Error(`${what}: not in ${(PATIENCE_STEPS * step) / 1_000} s of virtual time`)
}

const PATIENCE_STEPS = 300

/** What has happened to a run so far. */
export async function historyOf(run: Pick<RunHandle, 'events'>): Promise<readonly HistoryEvent[]> {
  const history: HistoryEvent[] = []
  for await (const event of run.events({ follow: false })) history.push(event)
  return history
}
