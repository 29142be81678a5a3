import type { Failure } from './failure.ts'
import type { HistoryEvent, MoveCause } from './history.ts'
import { NOTHING_SPENT, plus, spentBy, type Spent } from './model-call.ts'
import type { Ended } from './status.ts'

/** One visit of a state, as the history of its run tells it. */
export interface Stay {
  readonly state: string
  /** When it was entered. Milliseconds. */
  readonly at: number
  /** Time in which something was at work in it. Milliseconds. */
  readonly workMs: number
  /** Time in which it waited: for signals, for time, for parts, for a worker, for people. Milliseconds. */
  readonly waitMs: number
  /** Attempts, branches, items, reminders and compensations of it that failed. */
  readonly failures: number
  /** By the name of the error, where the history tells it. */
  readonly errors: ReadonlyMap<string, number>
  /** What its model calls have cost. */
  readonly spent: Spent
  /** The run failed in it for good. */
  readonly failed: boolean
  /** What it had done was undone, all of it or some of its branches and items. */
  readonly undone?: boolean
  /** The move that left it; nothing where the run is in it or ended in it, nor where a person or a migration moved on. */
  readonly left?: { readonly to: string; readonly by: MoveCause }
}

/** What one run has done: its visits in their order. */
export interface Journey {
  readonly stays: readonly Stay[]
  /** How the run ended, in its last visit. */
  readonly end?: Ended
}

type Draft = { -readonly [K in keyof Stay]: Stay[K] } & { errors: Map<string, number> }

/**
 * The journey of a run, from its whole history, oldest first. The last visit of a run that has not ended lasts until
 * `now` (milliseconds). `rests` says which states have nothing at work as they are entered: waits and timers.
 */
export function journeyOf(
  history: Iterable<HistoryEvent>,
  now: number,
  rests: (state: string) => boolean = () => false,
): Journey {
  const reader = new Reader(rests)
  for (const event of history) reader.read(event)
  return reader.end(now)
}

class Reader {
  readonly #rests: (state: string) => boolean
  readonly #stays: Draft[] = []
  #end: Ended | undefined
  /** From when time is counted: while the run goes on. */
  #since: number | undefined
  #waiting = false
  #undoing: 'failed' | 'cancelled' | 'transaction' = 'failed'

  constructor(rests: (state: string) => boolean) {
    this.#rests = rests
  }

  end(now: number): Journey {
    this.#stop(now)
    return { stays: this.#stays, ...(this.#end ? { end: this.#end } : {}) }
  }

  read(event: HistoryEvent): void {
    const { at } = event
    switch (event.type) {
      case 'started':
        return this.#enter(event.to, at)
      case 'moved': {
        const { from, to, by, failure } = event
        if (by === 'catch') this.#fails(from, failure ? [failure] : []) // its last attempt is told by the move alone
        if (by === 'expires' || by === 'skip') this.#waiting = true // until now nothing was at work
        this.#stop(at)
        const stay = this.#last()
        if (stay) stay.left = { to, by }
        return this.#enter(to, at)
      }
      case 'migrated':
        if (event.state !== this.#last()?.state) this.#enter(event.state, at)
        return
      case 'retried-by-hand': {
        const failed = this.#last(event.state)
        if (failed) failed.failed = false
        if (event.data === undefined) this.#goOn(at, false)
        else this.#enter(event.state, at)
        return
      }
      case 'claimed':
      case 'woken':
      case 'retried':
      case 'reminding':
      case 'signalled':
        return this.#turn(at, true, false)
      case 'voted':
        return this.#turn(at, true, true)
      case 'unpaused':
      case 'unparked':
        return this.#turn(at, true, this.#rests(this.#last()?.state ?? ''))
      case 'waits':
      case 'paused':
      case 'parked':
      case 'released':
      case 'signal-refused':
        return this.#turn(at, this.#waiting, true)
      case 'attempt-failed':
        this.#fails(event.state, [event.failure])
        return this.#turn(at, this.#waiting, true)
      case 'undone': {
        const stays = this.#stays.filter(({ state }) => state === event.state)
        const stay = stays[event.visit - 1] ?? stays.at(-1)
        if (stay && !event.skipped) stay.undone = true
        return
      }
      case 'undo-failed':
        this.#fails(event.state, [event.failure])
        return
      case 'reminded':
        if (event.failure) this.#fails(this.#last()?.state ?? '', [event.failure])
        return this.#turn(at, this.#waiting, true)
      case 'joined':
        this.#fails(event.state, Object.values(event.failures ?? {}), event.failed)
        if (event.spent) this.#spends(event.spent)
        return
      case 'model-called':
        return this.#spends(spentBy(event))
      case 'compensating':
        this.#undoing = event.why
        return this.#goOn(at, false) // a run that had failed or was cancelled is at work again
      case 'failed': {
        const stay = this.#last(event.state)
        if (stay) stay.failed = true
        return this.#over('failed', at)
      }
      case 'compensated':
        return this.#over(this.#undoing === 'cancelled' ? 'cancelled' : 'compensated', at)
      case 'completed':
      case 'cancelled':
      case 'terminated':
        return this.#over(event.type, at)
      default:
        return // neither moves a run nor ends it
    }
  }

  #last(state?: string): Draft | undefined {
    return state === undefined ? this.#stays.at(-1) : this.#stays.findLast((stay) => stay.state === state)
  }

  #enter(state: string, at: number): void {
    this.#stop(at)
    const fresh = { workMs: 0, waitMs: 0, failures: 0, spent: NOTHING_SPENT, failed: false }
    this.#stays.push({ state, at, ...fresh, errors: new Map() })
    this.#goOn(at, this.#rests(state))
  }

  #goOn(at: number, waiting: boolean): void {
    this.#since ??= at
    this.#waiting = waiting
    this.#end = undefined
  }

  /** What was until now, and what is from now on. */
  #turn(at: number, waited: boolean, waits: boolean): void {
    if (this.#since === undefined) return
    this.#waiting = waited
    this.#stop(at)
    this.#goOn(at, waits)
  }

  #stop(at: number): void {
    const stay = this.#last()
    if (stay && this.#since !== undefined)
      stay[this.#waiting ? 'waitMs' : 'workMs'] += Math.max(0, at - this.#since)
    this.#since = undefined
  }

  #over(end: Ended, at: number): void {
    this.#stop(at)
    this.#end = end
  }

  #fails(state: string, failures: readonly Failure[], count = Math.max(1, failures.length)): void {
    const stay = this.#last(state)
    if (!stay) return
    stay.failures += count
    for (const { name } of failures) stay.errors.set(name, (stay.errors.get(name) ?? 0) + 1)
  }

  #spends(spent: Spent): void {
    const stay = this.#last()
    if (stay) stay.spent = plus(stay.spent, spent)
  }
}
