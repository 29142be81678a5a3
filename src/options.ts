import { StepwrightError, quote } from './errors/stepwright-error.ts'
import type { AnyClass, ShapeOf } from './definition/shape.ts'
import type { InspectorOptions } from './inspect/inspector.ts'
import type { Host } from './model/host.ts'
import { toMs, type Duration } from './model/duration.ts'
import { readRetention, type Retention } from './control/retention.ts'
import { RESERVED } from './runtime/context.ts'
import type { WorkerOptions } from './runtime/worker.ts'
import type { StoreOption } from './store/open-store.ts'

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
  /** Shows live runs to the XState inspector: `true`, or a port and whether it may send signals. Loopback only. Default off. */
  readonly inspect?: boolean | InspectorOptions
  /** How long runs that have ended are kept; workers remove them in the background. Default: for ever. */
  readonly retention?: Retention
  /** Called with what a person should know and no caller waits for. Default: `process.emitWarning`. */
  readonly onWarning?: (message: string) => void
  /** Time, chance and ids; tests replace them. */
  readonly host?: Host
}

/** What the engine makes of its options. */
export interface Settings extends WorkerOptions {
  readonly driving: boolean
}

/** Checks the options that are plain values. */
export function readSettings(options: PlainOptions<readonly AnyClass[]>, resources: object): Settings {
  const { concurrency = 64, lease = '10s', poll = '100ms', worker = true, workflows } = options
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
  return {
    concurrency,
    driving: worker,
    leaseMs: Math.max(100, toMs(lease, 'lease')),
    pollMs: Math.max(5, toMs(poll, 'poll')),
  }
}
