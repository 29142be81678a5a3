/**
 * What dead workers have left, and in which order it is taken up.
 *
 * A run that was at work in one crash is taken up like any other, side by side with the rest. One that was in several in
 * a row and got nowhere in between may be what kills its worker. Such suspects are taken up first and one at a time;
 * nothing else begins until the suspect has committed something or let go, so that no other run is in the next crash.
 */
import { joinKey } from '../model/identifier.ts'
import type { Run } from '../model/run.ts'
import { dropLease, isAlive, readLeases } from '../store/lease.ts'
import type { Kernel } from './kernel.ts'

/** How the tags of runs begin that a worker has. */
const HELD = ['running/', 'compensating/'] as const
/** Runs of a dead worker looked for at once. */
const PAGE = 200
/**
 * How long a suspect that does not commit anything has its worker to itself: a second, and ten times as long with each
 * recovery. One that is only slow must not hold up all others for ever; one that kills late is found in a later life.
 */
const ALONE_MS = 1_000
const LONGEST_ALONE_MS = 1_000_000

export class Recovery {
  readonly #kernel: Kernel
  /** Called when the next one may begin. */
  readonly #onFree: () => void
  /** Runs to look at, with how often each was recovered in its visit. */
  readonly #left = new Map<string, number>()
  #suspect: string | undefined
  #cancelAlarm: (() => void) | undefined

  constructor(kernel: Kernel, onFree: () => void) {
    this.#kernel = kernel
    this.#onFree = onFree
  }

  /** A suspect is at work, or is next: nothing else may begin. */
  get holds(): boolean {
    return this.#suspect !== undefined || this.#worst > 0
  }

  /** Looks for runs that some worker has, dead or alive, and this one does not drive. `true`: there are some. */
  async find(isDriven: (id: string) => boolean = () => false): Promise<boolean> {
    const { store } = this.#kernel
    for (const held of HELD) {
      const rows = await store.list('run', { tag: held, limit: Number.MAX_SAFE_INTEGER })
      const others = rows.filter(({ tag = '', key }) => tag !== held && !isDriven(key))
      await this.#add(others.map(({ key }) => key))
    }
    return this.#left.size > 0
  }

  /** Looks for runs whose owner is dead. `true`: there are some. */
  async sweep(): Promise<boolean> {
    const { store, host, worker } = this.#kernel
    let found = false
    const now = host.now() // before they are read: while a slow store answers, a lease may be renewed
    for (const lease of (await readLeases(store)).values()) {
      if (lease.worker === worker || isAlive(lease, now)) continue
      const held = HELD.map((tag) => store.list('run', { tag: tag + joinKey(lease.worker), limit: PAGE }))
      const left = (await Promise.all(held)).flat()
      if (left.length === 0) await dropLease(store, lease.worker)
      await this.#add(left.map(({ key }) => key))
      found ||= left.length > 0
    }
    return found
  }

  /** A run that is to be looked at soon. */
  add(id: string): void {
    if (!this.#left.has(id)) this.#left.set(id, 0)
  }

  /** The next run to look at: suspects first, and none while one is at work. */
  next(): string | undefined {
    if (this.#suspect !== undefined) return undefined
    const worst = this.#worst
    for (const [id, recoveries] of this.#left) {
      if (recoveries < worst) continue
      this.#left.delete(id)
      return id
    }
    return undefined
  }

  /** Whether a run that has to be recovered may begin now. One that may not is kept for later. */
  admits({ id, recoveries }: Pick<Run, 'id' | 'recoveries'>): boolean {
    if (recoveries === 0) return true
    if (this.#suspect !== undefined) {
      this.#left.set(id, recoveries)
      return false
    }
    const { host } = this.#kernel
    const alone = Math.min(ALONE_MS * 10 ** (recoveries - 1), LONGEST_ALONE_MS)
    this.#suspect = id
    this.#cancelAlarm = host.alarm(host.now() + alone, () => this.clear(id))
    return true
  }

  /** A run has got somewhere, or is in this worker's hands no more. */
  clear(id: string): void {
    if (this.#suspect !== id) return
    this.#suspect = undefined
    this.#cancelAlarm?.()
    this.#onFree()
  }

  stop(): void {
    this.#cancelAlarm?.()
  }

  get #worst(): number {
    let worst = 0
    for (const recoveries of this.#left.values()) worst = Math.max(worst, recoveries)
    return worst
  }

  async #add(ids: readonly string[]): Promise<void> {
    const fresh = ids.filter((id) => !this.#left.has(id))
    if (fresh.length === 0) return
    const rows = await this.#kernel.store.get('run', fresh)
    for (const [i, id] of fresh.entries()) this.#left.set(id, recoveriesIn(rows[i]?.value))
  }
}

/** How often the run in a document was recovered. One that is damaged is set aside when it is looked at. */
function recoveriesIn(text = ''): number {
  try {
    const { recoveries } = JSON.parse(text) as { readonly recoveries?: unknown }
    return typeof recoveries === 'number' ? recoveries : 0
  } catch {
    return 0
  }
}
