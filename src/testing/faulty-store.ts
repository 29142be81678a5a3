import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Host } from '../model/host.ts'
import { PassingStore } from '../store/passing-store.ts'
import type { Batch, Collection, Entry, Range, Row, Store } from '../store/store.ts'

/** One call of a store, as a {@link FaultPlan} sees it. */
export interface StoreCall {
  readonly verb: 'get' | 'write' | 'list'
  /** 1 for the first call of any verb, and so on. */
  readonly call: number
  /** 1 for the first write, and so on; of a read, how many writes came before it. */
  readonly write: number
  /** What is written. */
  readonly batch?: Batch
}

/**
 * What goes wrong with a call.
 *
 * - `delay`: it is late, by the clock of the test.
 * - `fail`: an error, and nothing has happened.
 * - `lose-reply`: what is written lands, and the answer is an error.
 * - `stale`: a read answers what the same read answered before.
 * - `hang`: it never answers, and nothing happens.
 * - `die`: the process is gone: this call and all after it never answer. `lands`: what is written lands before that.
 */
export type Fault =
  | { readonly type: 'delay'; readonly ms: number }
  | { readonly type: 'fail' | 'lose-reply' | 'stale' | 'hang' }
  | { readonly type: 'die'; readonly lands: boolean }

/** Says what goes wrong with a call; `undefined`: nothing. */
export type FaultPlan = (call: StoreCall) => Fault | undefined

/**
 * A store around another one whose calls go wrong as planned: for tests of what your workflows do when the store is
 * slow, away, or the process dies in the middle of a write.
 *
 * @example
 * const store = new FaultyStore(inner, ({ write }) => (write === 3 ? { type: 'die', lands: true } : undefined))
 * const test = createTestEngine({ workflows: [Order], store })
 * await Promise.race([test.finish(run), store.died])
 */
export class FaultyStore extends PassingStore {
  /** Resolves when the process of this store has died. */
  readonly died: Promise<void>
  readonly #plan: FaultPlan
  readonly #host: Pick<Host, 'now' | 'alarm'> | undefined
  readonly #answers = new Map<string, unknown>()
  #calls = 0
  #writes = 0
  #dead = false
  #die!: () => void

  /** `host`: the clock that delays go by; real time without one. */
  constructor(inner: Store, plan: FaultPlan, host?: Pick<Host, 'now' | 'alarm'>) {
    super(inner)
    this.#plan = plan
    this.#host = host
    this.died = new Promise((resolve) => (this.#die = resolve))
  }

  /** Its process has died. */
  get dead(): boolean {
    return this.#dead
  }

  /** Writes so far: the boundaries at which a process can die. */
  get writes(): number {
    return this.#writes
  }

  override get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    const key = `get ${collection} ${JSON.stringify(keys)}`
    return this.#call('get', () => super.get(collection, keys), { key })
  }

  override list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const key = `list ${collection} ${JSON.stringify(range)}`
    return this.#call('list', () => super.list(collection, range), { key })
  }

  override write(batch: Batch): Promise<boolean> {
    return this.#call('write', () => super.write(batch), { batch })
  }

  async #call<T>(
    verb: StoreCall['verb'],
    work: () => Promise<T>,
    { key = '', batch }: { readonly key?: string; readonly batch?: Batch },
  ): Promise<T> {
    if (this.#dead) return never()
    this.#calls += 1
    if (batch) this.#writes += 1
    const fault = this.#plan({ verb, call: this.#calls, write: this.#writes, ...(batch ? { batch } : {}) })
    switch (fault?.type) {
      case 'delay':
        await this.#sleep(fault.ms)
        break
      case 'fail':
        throw this.#away()
      case 'lose-reply':
        await work()
        throw this.#away()
      case 'hang':
        return never()
      case 'die':
        this.#dead = true
        if (fault.lands) await work()
        this.#die()
        return never()
      case 'stale':
        if (this.#answers.has(key)) return this.#answers.get(key) as T
        break
      case undefined:
    }
    const answer = await work()
    if (!batch) this.#answers.set(key, answer)
    return answer
  }

  #sleep(ms: number): Promise<void> {
    const { setTimeout } = globalThis
    const host = this.#host
    return new Promise(
      (resolve) => void (host ? host.alarm(host.now() + ms, resolve) : setTimeout(resolve, ms)),
    )
  }

  #away(): StepwrightError {
    return new StepwrightError('store-unavailable', {
      what: `${this.name} did not answer (a fault of the test)`,
      remedy: 'Try again',
    })
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined)
}
