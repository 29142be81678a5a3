/**
 * A worker holds a lease, looks for runs that have something to do, and drives them side by side.
 *
 * I6, I9 What is due is found in the store, so nothing depends on this process having been there when it came.
 * I10 A run that cannot be read or driven is set aside; it never stops the worker or another run.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { joinKey } from '../model/identifier.ts'
import type { Run } from '../model/run.ts'
import { isEnded, isParked } from '../model/status.ts'
import { parseWith } from '../model/schema.ts'
import { listDue, type DueEntry, dueKey } from '../store/due-list.ts'
import { dropLease, isAlive, makeLease, readLeases, writeLease } from '../store/lease.ts'
import { Memos } from '../store/memos.ts'
import { RunDocument } from '../store/run-document.ts'
import type { Delete } from '../store/store.ts'
import { advance, type RunEvent } from './advance.ts'
import { drive } from './drive.ts'
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
/** Entries of the due list read at once. */
const PAGE = 200

export class Worker {
  readonly #kernel: Kernel
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  readonly #driving = new Map<string, Promise<void>>()
  readonly #orphans = new Set<string>()
  #cancelAlarms: (() => void)[] = []
  #cancelLook: (() => void) | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false
  #failing = false

  constructor(kernel: Kernel, options: WorkerOptions) {
    this.#kernel = kernel
    this.#options = options
  }

  /** Takes the lease and goes on with whatever a dead worker has left. */
  async start(): Promise<void> {
    const { store } = this.#kernel
    await this.#renew()
    for (const { tag = '', key } of await store.list('run', {
      tag: 'running/',
      limit: Number.MAX_SAFE_INTEGER,
    })) {
      if (tag !== `running/${joinKey(this.#kernel.worker)}`) this.#orphans.add(key)
    }
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
    return !this.#stop.signal.aborted && this.#driving.size < this.#options.concurrency
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
    const driven = drive({ document, loaded, kernel: this.#kernel, stop: this.#stop.signal, due, resumed })
      .catch((error: unknown) => this.#dropped(id, error))
      .finally(() => {
        this.#driving.delete(id)
        this.look()
      })
    this.#driving.set(id, driven)
  }

  /** Looks at what is due, now or as soon as the present look ends. */
  look(): void {
    if (this.#stop.signal.aborted) return
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
    await Promise.all(this.#driving.values())
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
      if (!this.#driving.has(id)) await this.#attend(id, [])
    }
    for (let limit = PAGE; ; limit *= 4) {
      const entries = await listDue(store, limit)
      const byRun = Map.groupBy(
        entries.filter((e) => e.at <= host.now()),
        (entry) => entry.run,
      )
      for (const [id, own] of byRun) {
        if (!this.free) return Infinity // looked at again when a run lets go of its place
        if (!this.#driving.has(id)) await this.#attend(id, own)
      }
      const later = entries.find((entry) => entry.at > host.now())
      if (later) return later.at
      if (entries.length < limit) return Infinity
    }
  }

  /** Looks at one run and drives it if it can go on. */
  async #attend(id: string, due: readonly DueEntry[]): Promise<void> {
    const { store, host } = this.#kernel
    let document: RunDocument | undefined
    try {
      document = await RunDocument.load(store, id, host.newId)
    } catch (error) {
      if (
        !(error instanceof StepwrightError) ||
        (error.code !== 'corrupt-document' && error.code !== 'store-newer')
      )
        throw error
      await this.#setAside(id, error, due)
      return
    }
    const run = document?.run
    const rows = (keep?: Run): Delete[] => {
      const kept = keep?.timer && dueKey(keep.timer.at, id, keep.timer.kind)
      return due.filter((entry) => entry.key !== kept).map(({ key }) => ({ collection: 'due', key }))
    }
    if (!document || !run || isEnded(run.status) || isParked(run.status)) {
      if (due.length > 0) await store.write({ delete: rows() })
      return
    }
    const loaded = this.#kernel.loaded.get(run.workflow)
    if (!loaded) return // another worker's
    const event = await this.#claim(document, loaded)
    if (event === 'leave') return
    if (event !== 'go on' && !(await this.#apply(document, loaded, event))) return
    if (!isParked(document.run.status) && !this.#driving.has(id))
      this.take(document, loaded, true, rows(document.run))
  }

  /** What has to be committed before this worker may drive a run. */
  async #claim({ run }: RunDocument, { machine }: Loaded): Promise<RunEvent | 'go on' | 'leave'> {
    const { store, host, worker } = this.#kernel
    if (run.status === 'running' && run.worker !== undefined && run.worker !== worker) {
      const leases = await readLeases(store)
      if (isAlive(leases.get(run.worker), host.now())) return 'leave'
    }
    const state = machine.definition.states.get(run.state)
    const parsed = state && (await parseWith(state.schema, run.data))
    if (!parsed?.ok) {
      const why = parsed ? `its data does not fit: ${parsed.reasons.join('; ')}` : 'no such state is declared'
      return {
        type: 'parked',
        status: 'needs-migration',
        reason: `It stands in ${quote(run.state)} of ${run.workflow}, and ${why}`,
        remedy: 'Load code that knows that state and data, then resume the run',
      }
    }
    if (run.status === 'waiting') return 'go on'
    if (run.status === 'pending') return { type: 'claimed', worker }
    return { type: 'recovered', worker, memos: (await Memos.load(store, run)).size }
  }

  async #apply(document: RunDocument, { machine }: Loaded, event: RunEvent): Promise<boolean> {
    const { run, happenings } = advance(machine, document.run, event, this.#kernel.host.now())
    if (!(await document.commit(run, happenings))) return false // another worker was first
    this.#kernel.announce({ run, revision: document.revision, happenings })
    return true
  }

  /** A document that cannot be read keeps its text and gets a status of its own. */
  async #setAside(id: string, error: StepwrightError, due: readonly DueEntry[]): Promise<void> {
    this.#kernel.warn(error.message)
    const { store } = this.#kernel
    const [row] = await store.get('run', [id])
    if (!row) return
    const tag = error.code === 'corrupt-document' ? 'corrupt/' : 'needs-migration/'
    await store.write({
      put: [{ collection: 'run', key: id, value: row.value, expect: row.revision, tag }],
      delete: due.map(({ key }) => ({ collection: 'due', key })),
    })
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
    const cancel = host.alarm(host.now() + PAUSE_MS, () => {
      this.#orphans.add(id)
      this.look()
    })
    this.#cancelAlarms.push(cancel)
  }

  /** Finds runs whose owner is dead. */
  async #sweep(): Promise<void> {
    const { store, host, worker } = this.#kernel
    for (const lease of (await readLeases(store)).values()) {
      if (lease.worker === worker || isAlive(lease, host.now())) continue
      const left = await store.list('run', { tag: `running/${joinKey(lease.worker)}`, limit: PAGE })
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
