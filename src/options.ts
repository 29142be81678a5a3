import { StepwrightError, quote } from './errors/stepwright-error.ts'
import type { AnyClass, ShapeOf } from './definition/shape.ts'
import type { InspectorOptions } from './inspect/bridge/inspector.ts'
import type { Host } from './model/host.ts'
import { LIMITS, type Limits } from './model/limits.ts'
import { toMs, type Duration } from './model/duration.ts'
import { readRetention, type Retention } from './control/retention.ts'
import { RESERVED } from './runtime/context.ts'
import type { WatchdogSettings } from './runtime/watchdog.ts'
import type { WorkerOptions } from './runtime/worker.ts'
import type { StoreOption } from './store/open-store.ts'
import { sealOf, type Seal } from './store/seal.ts'

type Intersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never
type Needs<Name extends string, T> = {} extends T ? { readonly [K in Name]?: T } : { readonly [K in Name]: T }

/** Options of `createEngine`. */
export type EngineOptions<W extends readonly AnyClass[] = readonly AnyClass[]> = PlainOptions<W> &
  Needs<'resources', Intersection<ShapeOf<W[number]>['resources']>> &
  Needs<'config', Intersection<ShapeOf<W[number]>['configGiven']>>

interface PlainOptions<W extends readonly AnyClass[]> {
  /** The workflow classes whose runs this engine starts and drives. */
  readonly workflows: W
  /** Where runs are kept. Default `'memory'`. */
  readonly store?: StoreOption
  /** Runs driven at once by this engine. Default 64. */
  readonly concurrency?: number
  /** `false`: this engine starts, reads and signals runs, and leaves driving to others. Default `true`. */
  readonly worker?: boolean
  /** How long a worker on another machine that no longer reports is believed to live. Default `'10s'`. */
  readonly lease?: Duration
  /** How often a store that other processes write to is looked at. Default `'100ms'`. */
  readonly poll?: Duration
  /**
   * Watches, from a thread of its own, for a handler that blocks the event loop. After `after` (default: the lease, when
   * others take its runs over, and at least a second) it writes to stderr which runs were at work; with `then: 'kill'`
   * it also ends the process, for a process manager to start it again. `false`: off; so is the default where a `host`
   * is given.
   */
  readonly watchdog?: false | WatchdogOptions
  /** How long one answer of a Keyv, or of a store of your own, is waited for. Default `'30s'`. */
  readonly storeTimeout?: Duration
  /** How large values may be, and how many starts may wait to be written; see {@link Limits}. */
  readonly limits?: Partial<Limits>
  /** Shows runs to inspectors and on a page: `true`, or a port and whether signals may be sent. Loopback only. Default off. */
  readonly inspect?: boolean | InspectorOptions
  /**
   * Signs documents and histories with HMAC-SHA-256, so that `stepwright verify` finds any edit that was made without
   * it. Give it before the first run, and to every process. Default: `STEPWRIGHT_HISTORY_KEY` of the environment; without a key a hash chain.
   */
  readonly historyKey?: string | Uint8Array
  /** How long runs that have ended are kept; workers remove them in the background. Default: for ever. */
  readonly retention?: Retention
  /** Called with what a person should know and no caller waits for. Default: `process.emitWarning`. */
  readonly onWarning?: (message: string) => void
  /** Time, chance and ids; tests replace them. */
  readonly host?: Host
}

/** The `watchdog` of {@link EngineOptions}. */
export interface WatchdogOptions {
  /** How long the event loop may be blocked. At least 100 ms. */
  readonly after?: Duration
  /** Default `'warn'`. */
  readonly then?: 'warn' | 'kill'
}

/** What the engine makes of its options. */
export interface Settings extends WorkerOptions {
  readonly driving: boolean
  readonly seal: Seal
  readonly storeTimeoutMs: number
  readonly limits: Limits
}

/** Checks the options that are plain values. */
export function readSettings(options: PlainOptions<readonly AnyClass[]>, resources: object): Settings {
  const {
    concurrency = 64,
    lease = '10s',
    poll = '100ms',
    storeTimeout = '30s',
    worker = true,
    workflows,
    historyKey,
  } = options
  const refuse = (what: string, remedy: string): never => {
    throw new StepwrightError('invalid-options', { what, remedy })
  }
  if (!Array.isArray(workflows) || workflows.length === 0)
    refuse(`workflows is ${quote(workflows)}`, 'Give an array of one or more workflow classes')
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    refuse(`concurrency is ${quote(concurrency)}`, 'Give a whole number of 1 or more')
  if (options.retention !== undefined) readRetention(options.retention)
  const taken = Object.keys(resources).filter((name) => RESERVED.includes(name))
  if (taken.length > 0)
    refuse(
      `resources has ${taken.map(quote).join(', ')}, which every context has already`,
      `Use other names than ${RESERVED.join(', ')}`,
    )
  const limits = { ...LIMITS, ...options.limits }
  for (const [name, limit] of Object.entries(limits))
    if (!Object.hasOwn(LIMITS, name) || typeof limit !== 'number' || !(limit >= 1))
      refuse(
        `limits.${name} is ${quote(limit)}`,
        `Give a number of 1 or more for ${Object.keys(LIMITS).join(', ')}; Infinity for no limit`,
      )
  return {
    concurrency,
    driving: worker,
    seal: sealOf(historyKey),
    limits,
    leaseMs: Math.max(100, toMs(lease, 'lease')),
    pollMs: Math.max(5, toMs(poll, 'poll')),
    watchdog: readWatchdog(options, refuse),
    storeTimeoutMs: Math.max(1, toMs(storeTimeout, 'storeTimeout')),
  }
}

function readWatchdog(
  { watchdog, lease = '10s', host }: Pick<PlainOptions<readonly AnyClass[]>, 'watchdog' | 'lease' | 'host'>,
  refuse: (what: string, remedy: string) => never,
): WatchdogSettings | undefined {
  if (watchdog === false || (watchdog === undefined && host)) return undefined // a clock of its own, but a real loop
  const { after = Math.max(1_000, toMs(lease, 'lease')), then = 'warn' } = watchdog ?? {}
  if (then !== 'warn' && then !== 'kill') refuse(`watchdog.then is ${quote(then)}`, 'Give warn or kill')
  return { afterMs: Math.max(100, toMs(after, 'watchdog.after')), then }
}
