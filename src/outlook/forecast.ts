import type { Definition } from '../definition/definition.ts'
import { exitsOf } from '../definition/exit.ts'
import type { Ended } from '../model/status.ts'
import { expectedOf, type Chances } from './chain.ts'
import type { Departure, StateStatistics, Statistics } from './statistics.ts'

/** What past runs let expect of one that goes on. */
export interface Forecast {
  /** How many past visits of the state it stands in, and how many runs in all, this stands on. */
  readonly visits: number
  readonly runs: number
  /** From now until the end: the mean time, in milliseconds, and the model calls, the present visit counted whole. */
  readonly ms: number
  readonly calls: number
  readonly tokens: number
  readonly cost: number
  /** How it can end, the likeliest first. The chances add up to 1. */
  readonly ends: readonly ForecastEnd[]
  /** It has been in its state longer than nearly all past runs: what comes next is taken from all of them. */
  readonly late: boolean
}

/** One way to end. */
export interface ForecastEnd {
  /** `unknown`: it comes to a state that no past run has left. */
  readonly status: Ended | 'unknown'
  /** The final state, where it completes. */
  readonly state?: string
  /** From 0 to 1. */
  readonly chance: number
}

/** Why nothing is foretold. */
export interface NoForecast {
  readonly refused: string
}

/** Where a run stands. */
export interface ForecastFrom {
  readonly state: string
  /** How long it has been there. Milliseconds. */
  readonly ms: number
  /** It will be over in so many milliseconds, or in `most` at the latest, as its timer says. */
  readonly left?: { readonly ms: number; readonly exact: boolean }
}

/** How a forecast is made. */
export interface ForecastOptions {
  /** With fewer past visits of the state it stands in than that, nothing is foretold. Default 20. */
  readonly least?: number
  /** What a declared exit counts beside the times it was taken, so that what was never seen is not held impossible. Default 0.5; needs the chart. */
  readonly smoothing?: number
}

const LEAST = 20
const SMOOTHING = 0.5
/** So many past visits must have lasted longer than the present one, for it to be told by them alone. */
const LEAST_LONGER = 5

const UNKNOWN = 'end unknown'
const nodeOf = (state: string): string => `state ${state}`
const endOf = (status: Ended, state = ''): string => `end ${status} ${state}`

/**
 * Time, cost and the chance of each end, from where a run stands: an absorbing Markov chain of its workflow's states.
 * What comes next depends on the state alone, but for the present visit, where past visits count that lasted at least
 * as long.
 *
 * @example
 * const told = forecastFrom(statistics, { state: 'review', ms: 36e5 }, definition)
 * if (!('refused' in told)) console.log(told.ends, told.ms)
 */
export function forecastFrom(
  statistics: Statistics,
  { state, ms, left }: ForecastFrom,
  definition?: Pick<Definition, 'states'>,
  { least = LEAST, smoothing = SMOOTHING }: ForecastOptions = {},
): Forecast | NoForecast {
  const ways = new Ways(statistics, definition, smoothing)
  const visits = ways.over(state)
  if (visits < least)
    return {
      refused: `${visits === 0 ? 'no' : `only ${visits}`} past ${visits === 1 ? 'visit' : 'visits'} of ${state} ${visits === 1 ? 'is' : 'are'} over, and ${least} are needed`,
    }
  const longer = ways.from(state, ms < 1 ? undefined : ms)
  const late = longer.count < LEAST_LONGER
  const { next, rest } = late ? { next: ways.from(state).next, rest: 0 } : longer
  const expected = expectedOf(ways.chain(), next)
  const sum = { ms: leftOf(rest, late, left), ...ways.spentIn(state) }
  for (const [node, times] of expected.visits) {
    const spent = ways.spentAt(node)
    sum.ms += times * ways.meanAt(node)
    sum.calls += times * spent.calls
    sum.tokens += times * spent.tokens
    sum.cost += times * spent.cost
  }
  return { visits, runs: statistics.runs, ...sum, ends: endsOf(expected.ends, expected.lost), late }
}

/** How long the present visit goes on: as past ones did, and never longer than its timer. */
function leftOf(rest: number, late: boolean, left: ForecastFrom['left']): number {
  if (!left) return rest
  return left.exact || late ? left.ms : Math.min(rest, left.ms)
}

function endsOf(chances: ReadonlyMap<string, number>, lost: number): readonly ForecastEnd[] {
  const ends = new Map<string, ForecastEnd>()
  const add = (name: string, chance: number): void => {
    const [, status = 'unknown', state = ''] = /^end (\S+) ?([^]*)$/.exec(name) ?? []
    const before = ends.get(name)?.chance ?? 0
    ends.set(name, {
      status: status as ForecastEnd['status'],
      ...(status === 'completed' ? { state } : {}),
      chance: chance + before,
    })
  }
  for (const [name, chance] of chances) add(name, chance)
  if (lost > 0) add(UNKNOWN, lost)
  return [...ends.values()].sort((a, b) => b.chance - a.chance)
}

/** How runs went on from each state. */
class Ways {
  readonly #statistics: Statistics
  readonly #definition: Pick<Definition, 'states'> | undefined
  readonly #smoothing: number
  readonly #departures: ReadonlyMap<string, readonly Departure[]>
  readonly #names: readonly string[]

  constructor(statistics: Statistics, definition: Pick<Definition, 'states'> | undefined, smoothing: number) {
    this.#statistics = statistics
    this.#definition = definition
    this.#smoothing = smoothing
    this.#departures = Map.groupBy(statistics.departures, ({ from }) => from)
    this.#names = [...new Set([...statistics.states.keys(), ...(definition?.states.keys() ?? [])])]
  }

  /** How many visits of a state are over. */
  over(state: string): number {
    const completed = this.#of(state)?.completed ?? 0
    return (this.#departures.get(state) ?? []).reduce((sum, { count }) => sum + count, completed)
  }

  chain(): ReadonlyMap<string, Chances> {
    return new Map(this.#names.map((name) => [nodeOf(name), this.from(name).next]))
  }

  /** Where visits went that lasted longer than `ms`, how many those are, and how much longer they took. */
  from(
    state: string,
    ms?: number,
  ): { readonly next: Chances; readonly count: number; readonly rest: number } {
    const weights = new Map<string, number>()
    const put = (to: string, weight: number): unknown => weights.set(to, (weights.get(to) ?? 0) + weight)
    const known = this.over(state) > 0
    let [count, sum] = [0, 0]
    for (const { to, by, count: all, time } of this.#departures.get(state) ?? []) {
      const longer = ms === undefined ? { count: all, mean: time.mean } : time.beyond(ms)
      if (longer.count > 0) put(by === 'end' ? endOf(to as Ended) : nodeOf(to), longer.count)
      count += longer.count
      sum += longer.count * (longer.mean - (ms ?? 0))
    }
    const { completed = 0 } = this.#of(state) ?? {}
    const chart = this.#definition?.states.get(state)
    const ends = completed > 0 || (!known && chart?.kind === 'final')
    if (ends) put(endOf('completed', state), Math.max(1, completed))
    if (known && chart)
      for (const exit of exitsOf(chart)) if (exit.by !== 'visits') put(nodeOf(exit.to), this.#smoothing)
    if (!known && !ends) put(UNKNOWN, 1)
    const total = [...weights.values()].reduce((a, b) => a + b, 0)
    const next = new Map([...weights].map(([to, weight]) => [to, weight / total]))
    return { next, count, rest: count === 0 ? 0 : sum / count }
  }

  /** The model calls of one visit, in the mean. */
  spentIn(state: string): { calls: number; tokens: number; cost: number } {
    const of = this.#of(state)
    const visits = Math.max(1, of?.time.count ?? 0)
    const { calls, tokens, cost } = of?.spent ?? { calls: 0, tokens: 0, cost: 0 }
    return { calls: calls / visits, tokens: tokens / visits, cost: cost / visits }
  }

  spentAt(node: string): { calls: number; tokens: number; cost: number } {
    return this.spentIn(node.slice(nodeOf('').length))
  }

  /** How long one visit takes, in the mean. */
  meanAt(node: string): number {
    return this.#of(node.slice(nodeOf('').length))?.time.mean ?? 0
  }

  #of(state: string): StateStatistics | undefined {
    return this.#statistics.states.get(state)
  }
}
