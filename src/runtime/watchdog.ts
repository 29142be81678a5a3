/**
 * A thread that notices when the event loop does not turn: a handler in an endless loop holds up every run of its
 * process, its timers, and the report to the lease, and nothing on the loop itself could say so.
 *
 * The loop counts beats into shared memory, the thread looks whether they go on. It counts its own looks instead of
 * reading a clock: a laptop that sleeps or a process that is stopped holds up both alike. While a debugger is
 * attached it says nothing.
 */
import type { Kernel } from './kernel.ts'
import { THREAD } from './watchdog-thread.ts'

/** What is done about a blocked loop. */
export interface WatchdogSettings {
  /** How long the loop may be blocked, in milliseconds. */
  readonly afterMs: number
  readonly then: 'warn' | 'kill'
}

/** Places in the shared numbers. */
export const PLACES = ['beat', 'runs', 'debugged', 'end'] as const
type Place = (typeof PLACES)[number]
/** Looks of the thread in the time that the loop may be blocked. */
const LOOKS = 10
/** Before a thread is started that is not urgent. */
const CALM_MS = 1_000
/** So many runs at work are named. */
const NAMES = 16
/** Bytes for each name; the first is its length. */
const NAME_BYTES = 128

export class Watchdog {
  readonly #settings: WatchdogSettings
  readonly #warn: Kernel['warn']
  readonly #numbers: Int32Array
  readonly #names: Uint8Array
  readonly #shared = new SharedArrayBuffer(PLACES.length * 4 + NAMES * NAME_BYTES)
  readonly #text = new TextEncoder()
  readonly #free = Array.from({ length: NAMES }, (_, i) => i)
  #beating: NodeJS.Timeout | undefined
  #closed = false

  constructor(settings: WatchdogSettings, warn: Kernel['warn']) {
    this.#settings = settings
    this.#warn = warn
    this.#numbers = new Int32Array(this.#shared, 0, PLACES.length)
    this.#names = new Uint8Array(this.#shared, PLACES.length * 4)
  }

  /**
   * Begins to watch. `urgent`: runs are recovered, and one of them may be what blocked an earlier process. Where a
   * warning is all there is to come, a process that is soon over starts no thread.
   */
  async open(urgent: boolean): Promise<void> {
    if (urgent || this.#settings.then === 'kill') await this.#start()
    else setTimeout(() => void this.#start(), CALM_MS).unref()
  }

  /** A run is at work. Returns what ends that. */
  watch(id: string): () => void {
    this.#numbers[at('runs')] = (this.#numbers[at('runs')] ?? 0) + 1
    const place = this.#free.pop()
    if (place !== undefined) {
      const name = this.#names.subarray(place * NAME_BYTES, (place + 1) * NAME_BYTES)
      name[0] = this.#text.encodeInto(id, name.subarray(1)).written
    }
    return () => {
      this.#numbers[at('runs')] = (this.#numbers[at('runs')] ?? 0) - 1
      if (place === undefined) return
      this.#names[place * NAME_BYTES] = 0
      this.#free.push(place)
    }
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#beating)
    this.#numbers[at('end')] = 1
    Atomics.notify(this.#numbers, at('end'))
  }

  async #start(): Promise<void> {
    if (this.#beating || this.#closed) return
    const { afterMs, then } = this.#settings
    const everyMs = Math.max(10, afterMs / LOOKS)
    const debugging = process.getBuiltinModule('inspector')
    this.#beating = setInterval(() => {
      this.#numbers[at('beat')] = ((this.#numbers[at('beat')] ?? 0) + 1) | 0
      this.#numbers[at('debugged')] = debugging.url() === undefined ? 0 : 1
    }, everyMs).unref()
    const workerData = { shared: this.#shared, places: PLACES, NAME_BYTES, LOOKS, everyMs, afterMs, then }
    try {
      const { Worker } = await import('node:worker_threads')
      // as text, so that it needs no file beside it: neither a loader nor a bundler has to know of it
      const thread = new Worker(THREAD, { eval: true, workerData, execArgv: [], env: {} })
      thread.on('error', (error) => this.#warn(`The watchdog ended: ${error.message}`)).unref()
    } catch (error) {
      this.#warn(`No watchdog, since no thread can be started here: ${String(error)}`)
    }
  }
}

function at(place: Place): number {
  return PLACES.indexOf(place)
}
