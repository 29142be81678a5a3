import { readDefinition } from '../../definition/read-definition.ts'
import type { AnyClass, ShapeOf, StartOf } from '../../definition/shape.ts'
import { makeStore } from '../../store/open-store.ts'
import { drillOn, type DrillRange } from './drilling.ts'
import { BEGINNING, live, NEXT_LIFE_MS, type Death, type DrillSignal } from './life.ts'
import type { DrillReport } from './report.ts'
import type { Lived } from './trial.ts'
import type { Act } from './witness.ts'

/** Options of {@link drill}. */
export interface DrillOptions<C extends AnyClass, World> extends DrillRange {
  readonly input: StartOf<ShapeOf<C>>
  readonly session?: string
  /** Sent in their order, each when the run waits for it. */
  readonly signals?: readonly DrillSignal[]
  /** The world outside, made anew for each crash: what handlers change through their resources. */
  readonly world?: () => World
  /** The resources of one process, on that world. */
  readonly resources?: (world: World) => ShapeOf<C>['resources']
  /** What can be seen of the world when the run has ended; it is compared. Default: the world itself. */
  readonly effects?: (world: World) => unknown
  readonly config?: ShapeOf<C>['configGiven']
  /** Runs at once. Default 8 where `world` is given, else 1: what runs share would make them differ. */
  readonly parallel?: number
  /**
   * Gives the class as a new process would load it, so that a dependence on variables of its module is found: in Vitest
   * ``async () => (await import(new URL(`./order.ts?life=${n++}`, import.meta.url).href)).OrderWorkflow``. Default: the class as it is, whose fields alone are new.
   */
  readonly load?: () => Promise<C>
}

/**
 * Crashes a run at each of its writes, just before and just after it lands, goes on with it as a new process would, and
 * compares how it comes out. Within this process and in memory, so it takes milliseconds where handlers take no time; `stepwright drill` does the same
 * with processes that are killed.
 *
 * @throws StepwrightError `not-possible` where the run does not come to rest without a crash.
 * @example
 * const report = await drill(OrderWorkflow, { input, world: () => new Map(), resources: (booked) => ({ shop: shopOn(booked) }) })
 * expect(report.passed, drillText(report)).toBe(true)
 */
export async function drill<C extends AnyClass, World = undefined>(
  workflow: C,
  {
    input,
    session,
    signals = [],
    world,
    resources,
    effects,
    config,
    load,
    parallel,
    ...range
  }: DrillOptions<C, World>,
): Promise<DrillReport> {
  const order = { input, signals, ...(session === undefined ? {} : { session }) }
  const liveOn = async (death?: Death): Promise<Lived> => {
    const outside = world?.() as World
    const store = makeStore('memory')
    const acts: Act[] = []
    const note = (act: Act): void => void acts.push(act)
    const begin = async (number: number, time: number, death?: Death) =>
      live({
        ...{ workflow: (await load?.()) ?? workflow, order, store, number, time, note },
        ...{ resources: resources?.(outside) ?? {}, ...(config ? { config: config as object } : {}) },
        ...(death ? { death } : {}),
      })
    let died = false
    try {
      let end = await begin(1, BEGINNING, death)
      died = end === 'died'
      if (end === 'died') end = await begin(2, timeIn(acts) + NEXT_LIFE_MS)
      if (end === 'died') throw new Error('a life without a death has died')
      const seen = world ? { effects: structuredClone(effects ? effects(outside) : outside) } : {}
      return { ...end, ...seen, acts, died }
    } catch (error) {
      return { outcome: { error: String(error) }, acts, writes: 0, died }
    }
  }
  const sideBySide = Math.max(1, parallel ?? (world ? SIDE_BY_SIDE : 1))
  return drillOn({ workflow: readDefinition(workflow).name, live: liveOn, parallel: sideBySide }, range)
}

const SIDE_BY_SIDE = 8

/** The time to which the clock was set last. */
export function timeIn(acts: readonly Act[]): number {
  return acts.reduce((time, act) => (act.type === 'time' ? Math.max(time, act.at) : time), BEGINNING)
}
