/**
 * A worker holds a lease, looks for runs that have something to do, and drives them side by side.
 *
 * I6, I9 What is due is found in the store, so nothing depends on this process having been there when it came.
 * I10 A run that cannot be read or driven is set aside; it never stops the worker or another run.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { listDue, type DueEntry } from '../store/due-list.ts'
import { dropLease, makeLease, writeLease } from '../store/lease.ts'
import type { RunDocument } from '../store/run-document.ts'
import type { Delete } from '../store/store.ts'
import { claim } from './claiming.ts'
import { drive, type Driving } from './drive.ts'
import type { Committed, Kernel, Loaded } from './kernel.ts'
import { Recovery } from './recovery.ts'
import { Watchdog, type WatchdogSettings } from './watchdog.ts'

/** How a worker works. Times in milliseconds. */
export interface WorkerOptions {
  /** Runs driven at once. */
  readonly concurrency: number
  /** How long a worker that does not report is believed to live. */
  readonly leaseMs: number
  /** How often a store that others write to is looked at. */
  readonly pollMs: number
  readonly watchdog: WatchdogSettings | undefined
}

/** How often dead owners are looked for, in a store that others use too. */
const SWEEP_MS = 500
/** How long closing waits for what does not end. */
const LONGEST_STOP_MS = 10_000
/** Before a run that had to be let go is looked at again. */
const PAUSE_MS = 1_000
/** Entries of the due list read at once. */
const PAGE = 200

export class Worker {
  readonly #kernel: Kernel
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  readonly #driving = new Map<string, Driving & { readonly nudgedBy: Set<string> }>()
  readonly #recovery: Recovery
  readonly #watchdog: Watchdog | undefined
  #cancelAlarms: (() => void)[] = []
  #cancelLook: (() => void) | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false
  #started = false
  #failing = false

  constructor(kernel: Kernel, options: WorkerOptions) {
    this.#kernel = kernel
    this.#options = options
    this.#recovery = new Recovery(kernel, () => this.look())
    if (options.watchdog) this.#watchdog = new Watchdog(options.watchdog, kernel.warn)
  }

  /** Takes the lease and goes on with whatever a dead worker has left. */
  async start(): Promise<void> {
    const { store } = this.#kernel
    await this.#renew()
    const found = await this.#recovery.find()
    await this.#watchdog?.open(found)
    this.#started = true
    this.#every(this.#options.leaseMs / 3, () => this.#renew())
    if (store.shared) this.#every(Math.max(SWEEP_MS, this.#options.pollMs), () => this.#sweep())
    this.look()
  }

  /** Runs driven now. */
  get busy(): number {
    return this.#driving.size
  }

  /** One more run may begin. */
  get free(): boolean {
    return this.#hasRoom && !this.#recovery.holds
  }

  get #hasRoom(): boolean {
    return this.#started && !this.#stop.signal.aborted && this.#driving.size < this.#options.concurrency
  }

  /** Nothing is being driven or looked for. */
  get idle(): boolean {
    return this.#driving.size === 0 && this.#looking === undefined
  }

  /** Looks at one run as soon as there is room. */
  visit(id: string): void {
    this.#recovery.add(id)
    this.look()
  }

  /** Something was committed by this engine. */
  heard({ run, happenings }: Committed): void {
    if (happenings[0]?.type !== 'recovered') this.#recovery.clear(run.id)
  }

  /** Drives a run whose document names this worker as its owner, or that waits. */
  take(document: RunDocument, loaded: Loaded, resumed: boolean, due: readonly Delete[] = []): void {
    const { id } = document.run
    const unwatch = this.#watchdog?.watch(id)
    const driving = drive({ document, loaded, kernel: this.#kernel, stop: this.#stop.signal, due, resumed })
    const done = driving.done
      .catch((error: unknown) => this.#dropped(id, error))
      .finally(() => {
        unwatch?.()
        this.#driving.delete(id)
        this.#recovery.clear(id)
        this.look()
      })
    this.#driving.set(id, { ...driving, done, nudgedBy: new Set() })
  }

  /** Looks at what is due, now or as soon as the present look ends. */
  look(): void {
    if (!this.#started || this.#stop.signal.aborted) return
    this.#lookAgain = true
    this.#looking ??= this.#lookRepeatedly().finally(() => {
      this.#looking = undefined
      if (this.#lookAgain) this.look()
    })
  }

  /**
   * Lets go of everything: attempts are aborted, their runs released, the lease dropped. What does not end is left
   * behind after a while; others take those runs over, and what is still written for them here is refused.
   */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new Error('the engine is closing'))
    this.#cancelLook?.()
    this.#recovery.stop()
    this.#watchdog?.close()
    for (const cancel of this.#cancelAlarms.splice(0)) cancel()
    await this.#settled()
  }

  /** All that is being done has ended and the lease is dropped, or they have had their time. */
  async #settled(): Promise<void> {
    const { host, store, worker, warn } = this.#kernel
    const late = Promise.withResolvers<void>()
    const cancel = host.alarm(host.now() + LONGEST_STOP_MS, () => {
      const runs = [...this.#driving.keys()].map(quote).join(', ')
      warn(
        `Closing did not wait any longer for ${runs === '' ? 'the store' : `what does not end in ${runs}`}`,
      )
      late.resolve()
    })
    const ended = async (): Promise<void> => {
      await this.#looking
      await Promise.all([...this.#driving.values()].map(({ done }) => done))
    }
    const drop = (): Promise<void> => dropLease(store, worker).catch(() => undefined)
    await Promise.race([ended().then(drop), late.promise.then(() => void drop())])
    cancel()
  }

  async #lookRepeatedly(): Promise<void> {
    while (this.#lookAgain && !this.#stop.signal.aborted) {
      this.#lookAgain = false
      const next = await this.#surely(() => this.#lookOnce())
      this.#schedule(next)
    }
  }

  /** Takes what is due while there is room; returns when the next entry is due. */
  async #lookOnce(): Promise<number> {
    const { host, store } = this.#kernel
    while (this.#hasRoom) {
      const id = this.#recovery.next()
      if (id === undefined) break
      if (!this.#driving.has(id)) await this.#attend(id, [])
    }
    for (let limit = PAGE; ; limit *= 4) {
      const entries = await listDue(store, limit)
      const now = host.now() // one time for all: what comes due meanwhile rings at once
      const byRun = Map.groupBy(
        entries.filter((e) => e.at <= now),
        (entry) => (entry.why === 'schedule' ? `schedule ${entry.run}` : `run ${entry.run}`),
      )
      for (const own of byRun.values()) {
        const { run: id, why } = own[0] as DueEntry
        if (why === 'schedule') await this.#fire(id, own)
        else if (this.#driving.has(id)) this.#nudge(id, own)
        else if (this.free) await this.#attend(id, own) // else looked at again when a run lets go of its place
      }
      if (!this.free) return Infinity
      const later = entries.find((entry) => entry.at > now)
      if (later) return later.at
      if (entries.length < limit) return Infinity
    }
  }

  /** Tells a run that is being driven of what came for it, once for each. */
  #nudge(id: string, due: readonly DueEntry[]): void {
    const driving = this.#driving.get(id)
    const fresh = due.filter(({ key }) => driving && !driving.nudgedBy.has(key))
    for (const { key } of fresh) driving?.nudgedBy.add(key)
    if (fresh.length > 0) driving?.nudge()
  }

  /** A schedule that cannot be read or started from harms no run and no other schedule. */
  async #fire(id: string, due: readonly DueEntry[]): Promise<void> {
    try {
      await this.#kernel.fire(id, due)
    } catch (error) {
      if (error instanceof StepwrightError && error.code.startsWith('store-')) throw error
      this.#kernel.warn(`Schedule ${quote(id)}: ${error instanceof Error ? error.message : quote(error)}`)
      await this.#kernel.store.write({ delete: due.map(({ key }) => ({ collection: 'due', key })) })
    }
  }

  /** Looks at one run and drives it if it can go on. */
  async #attend(id: string, due: readonly DueEntry[]): Promise<void> {
    try {
      const claimed = await claim(id, due, this.#kernel, (run) => this.#recovery.admits(run))
      if (claimed && !this.#driving.has(id)) this.take(claimed.document, claimed.loaded, true, claimed.due)
    } catch (error) {
      if (isAway(error)) this.#recovery.add(id) // nothing else may ever come to name this run
      throw error
    } finally {
      if (!this.#driving.has(id)) this.#recovery.clear(id)
    }
  }

  #dropped(id: string, error: unknown): void {
    const { warn } = this.#kernel
    warn(
      error instanceof StepwrightError
        ? error.message
        : `Run ${quote(id)} was let go: ${error instanceof Error ? (error.stack ?? error.message) : quote(error)}`,
    )
    if ((error instanceof StepwrightError && error.code === 'fenced') || this.#stop.signal.aborted) return
    const { host } = this.#kernel
    const rolledBack = error instanceof StepwrightError && error.code === 'store-rollback'
    const cancel = host.alarm(host.now() + PAUSE_MS, () => {
      this.#recovery.add(id)
      const others = rolledBack ? this.#recovery.find((run) => this.#driving.has(run)) : Promise.resolve() // they went back too
      void others.catch(() => undefined).then(() => this.look())
    })
    this.#cancelAlarms.push(cancel)
  }

  async #sweep(): Promise<void> {
    if (await this.#recovery.sweep()) this.look()
  }

  async #renew(): Promise<void> {
    const { store, host, worker } = this.#kernel
    await writeLease(store, makeLease(worker, host.now() + this.#options.leaseMs))
  }

  #every(ms: number, work: () => Promise<void>): void {
    let cancel: () => void
    const again = (): void => {
      cancel = this.#kernel.host.alarm(this.#kernel.host.now() + ms, () => {
        work()
          .catch(() => undefined) // the next look reports a store that is away
          .finally(() => {
            if (!this.#stop.signal.aborted) again()
          })
      })
    }
    again()
    this.#cancelAlarms.push(() => cancel())
  }

  #schedule(at: number): void {
    this.#cancelLook?.()
    const { host, store } = this.#kernel
    const poll = store.shared || this.#failing ? host.now() + this.#options.pollMs : Infinity
    const next = Math.min(at, poll)
    if (next < Infinity) this.#cancelLook = host.alarm(next, () => this.look())
  }

  /** A store that is away is reported once, and asked again at the next poll. */
  async #surely(look: () => Promise<number>): Promise<number> {
    try {
      const next = await look()
      this.#failing = false
      return next
    } catch (error) {
      if (!this.#failing) this.#kernel.warn(error instanceof Error ? error.message : String(error))
      this.#failing = true
      return Infinity
    }
  }
}

/** The store is away, and may come back. */
function isAway(error: unknown): boolean {
  return (
    error instanceof StepwrightError && (error.code === 'store-unavailable' || error.code === 'store-busy')
  )
}
