import { formatMs } from '../../model/duration.ts'
import type { Ruled } from '../finding.ts'
import { anchorOf } from '../rules/rule.ts'
import { METRICS, type Metric } from './amount.ts'
import { sayEndless } from './bounds.ts'
import type { Limits } from './limits.ts'

/** The limits that a run may go over. */
export function overLimits(limits: Limits): readonly Ruled[] {
  const { definition, most } = limits
  const { run, exact } = limits.bounds()
  return METRICS.flatMap((metric) => {
    const limit = most[metric]
    const bound = run[metric]
    if (limit === undefined || !bound || bound.most <= limit) return []
    const { loop = [], path } = bound
    const states = bound.most < Infinity ? [] : loop.length > 0 ? [...new Set(loop)] : path.slice(-1)
    const may = exact ? 'may come to' : 'may come to as much as'
    return [
      {
        rule: 'over-limit' as const,
        why: 'Somebody has said what a run may come to at most, and no run should be the first to show that it is not so.',
        states,
        at: anchorOf(definition.states.get(states[0] ?? '')),
        path: [...path, ...loop.slice(1)],
        message:
          bound.most < Infinity
            ? `A run ${may} ${sayAmount(metric, bound.most)}, and the limit is ${sayAmount(metric, limit)}`
            : `Nothing bounds the ${NAMES[metric]} of a run, and the limit is ${sayAmount(metric, limit)}: ${sayEndless(bound)}`,
        remedy:
          loop.length > 0
            ? 'Give one of the states of the loop maxVisits: { times, to, with } that leads out of it'
            : 'Bound it where it is declared, by maxVisits, retry, timeout, expires or most, or raise the limit',
      },
    ]
  })
}

/** What metrics are called. */
export const NAMES: Readonly<Record<Metric, string>> = {
  visits: 'visits',
  attempts: 'attempts',
  modelCalls: 'model calls',
  tokens: 'tokens',
  cost: 'cost',
  ms: 'time',
  undoingMs: 'time to undo',
}

/** A number of something for people. */
export function sayAmount(metric: Metric, amount: number): string {
  if (amount === Infinity) return 'unbounded'
  if (metric === 'ms' || metric === 'undoingMs') return formatMs(amount)
  const number = metric === 'cost' ? String(Number(amount.toPrecision(6))) : String(amount)
  return `${number} ${NAMES[metric]}`
}
