/**
 * The only loop that moves runs: load, perform, advance, commit, again, until the run waits, ends or is taken away.
 *
 * I3 A handler is called only after the commit that leads to it.
 * I4 A committed result is never computed again: what to do next is read from the committed document alone.
 * I5, I10 A run that the loaded code cannot go on with is parked with a reason.
 */
import { isFork, type ForkState, type StepState } from '../definition/definition.ts'
import { CancelledError, TimeoutError, toFailure } from '../model/failure.ts'
import { isEnded, isParked } from '../model/status.ts'
import { duePut } from '../store/due-list.ts'
import { isOfVisit, readNotices, taken, type Message } from '../store/inbox.ts'
import type { Put } from '../store/store.ts'
import { answer, turnAway } from './answering.ts'
import { attempt, type AttemptOutcome } from './attempt.ts'
import type { RunEvent } from './event.ts'
import { endEvent, failureEvent } from './failing.ts'
import { Fork } from './fork.ts'
import { Hold, isOurs, type Turn } from './hold.ts'
import type { CallParts } from './invocation.ts'
import { isDamage, parking } from './damage.ts'
import { remind } from './reminding.ts'
import { cached } from './step-cache.ts'
import { Undoer } from './undoing.ts'
import { verbEvent } from './verbs.ts'

/** A run that is being driven. */
export interface Driving {
  /** Ends when the run waits, has ended, or was taken away. Throws `fenced` where another worker has taken it. */
  readonly done: Promise<void>
  /** Something came for the run: a notice in its inbox, or its deadline. */
  nudge(): void
}

/** Drives a run as far as it goes now. */
export function drive(turn: Turn): Driving {
  const driver = new Driver(turn)
  return { done: driver.run(), nudge: () => driver.nudge() }
}

class Driver {
  readonly #turn: Turn
  readonly #hold: Hold
  readonly #undoer: Undoer
  #nudged: boolean
  /** Ends what is at work: the worker stops, or the run is cancelled, terminated, or out of time. */
  #interrupt = new AbortController()
  #fork: Fork | undefined

  constructor(turn: Turn) {
    this.#turn = turn
    this.#hold = new Hold(turn)
    this.#undoer = new Undoer(this.#hold)
    this.#nudged = turn.resumed
  }

  async run(): Promise<void> {
    const { stop } = this.#turn
    const onStop = (): void => this.#interrupt.abort(stop.reason)
    stop.addEventListener('abort', onStop, { once: true })
    if (stop.aborted) onStop()
    try {
      await this.#drive()
      await this.#letGo()
    } catch (error) {
      if (!isDamage(error)) throw error
      await this.#hold.commit(parking(error))
    } finally {
      stop.removeEventListener('abort', onStop)
    }
  }

  async #drive(): Promise<void> {
    const { document, kernel, stop } = this.#turn
    for (;;) {
      while (this.#nudged && !stop.aborted) await this.#heed()
      const { run } = document
      const mine = run.worker === kernel.worker
      if (stop.aborted || isEnded(run.status) || isParked(run.status)) break
      const turn = kernel.host.turn?.()
      if (turn) await turn // steps that wait for nothing would starve timers and sockets
      if (run.status === 'running' && mine) {
        if (!(await this.#perform())) this.#nudged = true // what came for the run is looked at, and then it goes on, or not
      } else if (run.status === 'compensating' && mine) {
        if (!(await this.#undoer.next(this.#interrupt.signal))) this.#nudged = true
      } else if (run.status === 'compensating' && run.worker === undefined && !this.#waits) {
        await this.#hold.commit({ type: 'claimed', worker: kernel.worker }) // it was waiting when its undoing began
      } else if (run.status !== 'waiting' || this.#hold.isQuiet || !(await answer(this.#hold))) break
    }
  }

  nudge(): void {
    this.#nudged = true
    this.#hold.stir()
    this.#fork?.nudge()
    this.#interruptIfAsked().catch((error: unknown) => this.#turn.kernel.warn(String(error)))
  }

  async #letGo(): Promise<void> {
    const { document, kernel, stop } = this.#turn
    const { id, status, worker } = document.run
    if (stop.aborted && worker === kernel.worker && (status === 'running' || status === 'compensating')) {
      await this.#hold.commit({ type: 'released' }, { put: [duePut(kernel.host.now(), id, 'released')] })
    } else if (!stop.aborted && this.#hold.due.length > 0)
      await kernel.store.write({ delete: this.#hold.due }) // stopped, nothing was looked at: the next worker will
  }

  /** Looks whether what came ends the handler at work: a pause lets it finish. */
  async #interruptIfAsked(): Promise<void> {
    const { document, kernel } = this.#turn
    const kinds = (await readNotices(kernel.store, document.run.id)).map(({ kind }) => kind)
    if (kinds.includes('pause') && this.#fork) {
      this.#fork.pausing = true
      this.#fork.nudge()
    }
    const undoing = document.run.undoing !== undefined // which nothing but a terminate ends
    if (kinds.includes('terminate') || (!undoing && (this.#late || kinds.includes('cancel'))))
      this.#interrupt.abort(new CancelledError(`run ${JSON.stringify(document.run.id)} is not to go on`))
  }

  /** Only its timer can set it going. */
  get #waits(): boolean {
    return (this.#hold.run.timer?.at ?? 0) > this.#turn.kernel.host.now()
  }

  get #late(): boolean {
    const { deadline = Infinity, status } = this.#hold.run
    const still = status === 'compensating' || status === 'paused' || isEnded(status) || isParked(status)
    return deadline <= this.#turn.kernel.host.now() && !still
  }

  /** Applies what came for the run: what people ask for, and the end of its time. */
  async #heed(): Promise<void> {
    const { kernel } = this.#turn
    this.#nudged = false
    if (this.#late) {
      const failure = { name: new TimeoutError().name, message: 'the run took longer than its deadline' }
      await this.#hold.commit({ type: 'failed', failure }, { put: this.#again() })
    }
    for (const notice of await readNotices(kernel.store, this.#hold.run.id)) {
      if (notice.kind === 'child') {
        // of a child that nobody waits for any more
        const { run } = this.#hold
        if (run.undoing || !isOfVisit(notice, run)) await kernel.store.write({ delete: [taken(notice)] })
        continue
      }
      const event = verbEvent(this.#hold.run, notice as Message & { kind: 'pause' | 'cancel' | 'terminate' })
      if (event) await this.#hold.commit(event, { put: this.#again(), delete: [taken(notice)] })
      else await kernel.store.write({ delete: [taken(notice)] })
    }
    if (this.#interrupt.signal.aborted && !this.#turn.stop.aborted) this.#interrupt = new AbortController()
  }

  /** A run that nobody holds, and that may have something to undo now, is found again should this process die. */
  #again(): readonly Put[] {
    const { kernel, document } = this.#turn
    const { id, worker } = document.run
    return worker === undefined ? [duePut(kernel.host.now(), id, 'undo')] : []
  }

  /** Does what the present state asks for. `false`: it was stopped. */
  async #perform(): Promise<boolean> {
    const { state, run } = this.#hold
    if (await turnAway(this.#hold)) return true
    const stop = this.#interrupt.signal
    const call = await this.#hold.callParts(stop)
    if (run.reminding !== undefined) return remind(this.#hold, call)
    if (isFork(state) && !run.signal) return this.#performFork(state, call)
    const memos = await this.#hold.memos()
    const work = (): Promise<AttemptOutcome | undefined> => attempt(run, call, memos)
    if (state.kind !== 'step' || !state.cache) return this.#commitOutcome(await work(), call)
    return this.#performCached(state, call, work)
  }

  async #performCached(
    state: StepState,
    call: CallParts,
    work: () => Promise<AttemptOutcome | undefined>,
  ): Promise<boolean> {
    const { run, kernel } = this.#hold
    try {
      const recalled = await cached(run, state, call.machine, kernel, call.stop, work)
      try {
        return await this.#commitOutcome(recalled?.outcome, call, recalled?.put)
      } finally {
        recalled?.done()
      }
    } catch (error) {
      if (isOurs(error)) throw error
      return await this.#commitOutcome({ event: await failureEvent(run, error, call), session: [] }, call) // of the user's own `cache.key`
    }
  }

  async #performFork(state: ForkState, call: CallParts): Promise<boolean> {
    const { run } = this.#hold
    this.#fork = new Fork(this.#hold, state, call)
    try {
      const ended = await this.#fork.run()
      if (ended.end === 'stopped') return false
      if (ended.end === 'waiting') {
        const { timer, told } = ended
        await this.#hold.commit({ type: 'parts-waiting', ...(timer ? { timer } : {}), log: told })
        this.#fork.keep()
        return true
      }
      if (ended.end === 'failed') {
        const event = await endEvent(run, ended.failure, ended.edge, call)
        const log = [...ended.told, ...('log' in event && event.log ? event.log : [])]
        return await this.#commitOutcome({ event: { ...event, log } as RunEvent, session: [] }, call)
      }
      const outcome = await attempt(run, call, await this.#hold.memos(), { value: ended.value })
      if (!outcome) return false
      const { event } = outcome
      const log = event.type === 'moved' ? { log: [...ended.told, ...(event.log ?? [])] } : {}
      return await this.#commitOutcome({ ...outcome, event: { ...event, ...log } }, call)
    } catch (error) {
      if (isOurs(error)) throw error
      return await this.#commitOutcome({ event: await failureEvent(run, error, call), session: [] }, call) // of the user's own `over`
    } finally {
      this.#fork = undefined
    }
  }

  async #commitOutcome(
    outcome: AttemptOutcome | undefined,
    call: CallParts,
    put: Parameters<Hold['commitOutcome']>[1] = {},
  ): Promise<boolean> {
    if (!outcome) return false
    try {
      await this.#hold.commitOutcome(outcome, put)
    } catch (error) {
      if (isOurs(error)) throw error
      // what a handler hands over can turn out wrong as late as here, and so can what a catch edge makes of that
      const event = await failureEvent(this.#hold.run, error, call)
      await this.#hold.commitOutcome({ event, session: [] }).catch((second: unknown) => {
        if (isOurs(second)) throw second
        return this.#hold.commit({ type: 'failed', failure: toFailure(second) })
      })
    }
    return true
  }
}
