/**
 * A worker holds a lease, looks for runs that have something to do, and drives them side by side.
 *
 * I6, I9 What is due is found in the store, so nothing depends on this process having been there when it came.
 * I10 A run that cannot be read or driven is set aside; it never stops the worker or another run.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { joinKey } from '../model/identifier.ts'
import { listDue, type DueEntry } from '../store/due-list.ts'
import { dropLease, isAlive, makeLease, readLeases, writeLease } from '../store/lease.ts'
import type { RunDocument } from '../store/run-document.ts'
import type { Delete } from '../store/store.ts'
import { claim } from './claiming.ts'
import { drive, type Driving } from './drive.ts'
import type { Kernel, Loaded } from './kernel.ts'

/** How a worker works. Times in milliseconds. */
export interface WorkerOptions {
  /** Runs driven at once. */
  readonly concurrency: number
  /** How long a worker that does not report is believed to live. */
  readonly leaseMs: number
  /** How often a store that others write to is looked at. */
  readonly pollMs: number
}

/** How often dead owners are looked for, in a store that others use too. */
const SWEEP_MS = 500
/** Before a run that had to be let go is looked at again. */
const PAUSE_MS = 1_000
/** How the tags of runs begin that a worker has. */
const HELD = ['running/', 'compensating/'] as const
/** Entries of the due list read at once. */
const PAGE = 200

export class Worker {
  readonly #kernel: Kernel
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  readonly #driving = new Map<string, Driving & { readonly nudgedBy: Set<string> }>()
  readonly #orphans = new Set<string>()
  #cancelAlarms: (() => void)[] = []
  #cancelLook: (() => void) | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false
  #started = false
  #failing = false

  constructor(kernel: Kernel, options: WorkerOptions) {
    this.#kernel = kernel
    this.#options = options
  }

  /** Takes the lease and goes on with whatever a dead worker has left. */
  async start(): Promise<void> {
    const { store } = this.#kernel
    await this.#renew()
    await this.#findHeld()
    this.#started = true
    this.#every(this.#options.leaseMs / 3, () => this.#renew())
    if (store.shared) this.#every(Math.max(SWEEP_MS, this.#options.pollMs), () => this.#sweep())
    this.look()
  }

  /** Runs driven now. */
  get busy(): number {
    return this.#driving.size
  }

  /** There is room for one more run. */
  get free(): boolean {
    return this.#started && !this.#stop.signal.aborted && this.#driving.size < this.#options.concurrency
  }

  /** Nothing is being driven or looked for. */
  get idle(): boolean {
    return this.#driving.size === 0 && this.#looking === undefined
  }

  /** Looks at one run as soon as there is room. */
  visit(id: string): void {
    this.#orphans.add(id)
    this.look()
  }

  /** Drives a run whose document names this worker as its owner, or that waits. */
  take(document: RunDocument, loaded: Loaded, resumed: boolean, due: readonly Delete[] = []): void {
    const { id } = document.run
    const driving = drive({ document, loaded, kernel: this.#kernel, stop: this.#stop.signal, due, resumed })
    const done = driving.done
      .catch((error: unknown) => this.#dropped(id, error))
      .finally(() => {
        this.#driving.delete(id)
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

  /** Lets go of everything: attempts are aborted, their runs released, the lease dropped. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new Error('the engine is closing'))
    this.#cancelLook?.()
    for (const cancel of this.#cancelAlarms.splice(0)) cancel()
    await this.#looking
    await Promise.all([...this.#driving.values()].map(({ done }) => done))
    await dropLease(this.#kernel.store, this.#kernel.worker).catch(() => undefined)
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
    for (const id of this.#orphans) {
      if (!this.free) return Infinity
      this.#orphans.delete(id)
      try {
        if (!this.#driving.has(id)) await this.#attend(id, [])
      } catch (error) {
        this.#orphans.add(id) // for the next look: nothing else would find it
        throw error
      }
    }
    for (let limit = PAGE; ; limit *= 4) {
      const entries = await listDue(store, limit)
      const byRun = Map.groupBy(
        entries.filter((e) => e.at <= host.now()),
        (entry) => (entry.why === 'schedule' ? `schedule ${entry.run}` : `run ${entry.run}`),
      )
      for (const own of byRun.values()) {
        const { run: id, why } = own[0] as DueEntry
        if (why === 'schedule') await this.#fire(id, own)
        else if (this.#driving.has(id)) this.#nudge(id, own)
        else if (this.free) await this.#attend(id, own) // else looked at again when a run lets go of its place
      }
      if (!this.free) return Infinity
      const later = entries.find((entry) => entry.at > host.now())
      if (later) return later.at
      if (entries.length < limit) return Infinity
    }
  }

  /** Runs that some worker has, and this one does not drive. */
  async #findHeld(): Promise<void> {
    for (const held of HELD) {
      const rows = await this.#kernel.store.list('run', { tag: held, limit: Number.MAX_SAFE_INTEGER })
      for (const { tag = '', key } of rows)
        if (tag !== held && !this.#driving.has(key)) this.#orphans.add(key)
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
    const claimed = await claim(id, due, this.#kernel)
    if (claimed && !this.#driving.has(id)) this.take(claimed.document, claimed.loaded, true, claimed.due)
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
      this.#orphans.add(id)
      const found = rolledBack ? this.#findHeld().catch(() => undefined) : Promise.resolve() // others went back too
      void found.then(() => this.look())
    })
    this.#cancelAlarms.push(cancel)
  }

  /** Finds runs whose owner is dead. */
  async #sweep(): Promise<void> {
    const { store, host, worker } = this.#kernel
    for (const lease of (await readLeases(store)).values()) {
      if (lease.worker === worker || isAlive(lease, host.now())) continue
      const held = HELD.map((tag) => store.list('run', { tag: tag + joinKey(lease.worker), limit: PAGE }))
      const left = (await Promise.all(held)).flat()
      for (const { key } of left) this.#orphans.add(key)
      if (left.length === 0) await dropLease(store, lease.worker)
      else this.look()
    }
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
