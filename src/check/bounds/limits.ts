import type { Definition } from '../../definition/definition.ts'
import { readDefinition } from '../../definition/read-definition.ts'
import type { AnyClass } from '../../definition/shape.ts'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { toMs, type Duration } from '../../model/duration.ts'
import { METRICS, type Metric } from './amount.ts'
import { boundsOf, type Bounds, type BoundsOptions } from './bounds.ts'
import { readFigures, type Figures, type FiguresByState } from './figures.ts'

/** What no run is to come to more of; `ms` and `undoingMs` as durations. */
export type Most = { readonly [M in Metric]?: M extends 'ms' | 'undoingMs' ? Duration : number }

/** Limits of one workflow; made by {@link limits}. */
export class Limits {
  readonly definition: Definition
  /** As numbers; times in milliseconds. */
  readonly most: { readonly [M in Metric]?: number }
  readonly #figures: FiguresByState
  readonly #children: readonly Bounds[]

  constructor(
    definition: Definition,
    most: Limits['most'] = {},
    figures: FiguresByState = new Map(),
    children: readonly Bounds[] = [],
  ) {
    this.definition = definition
    this.most = most
    this.#figures = figures
    this.#children = children
  }

  /** What a run can come to. */
  bounds(): Bounds {
    return boundsOf(this.definition, this.#figures, this.#children)
  }

  /** The same with others in the place of some limits. */
  with(most: Limits['most']): Limits {
    return new Limits(this.definition, { ...this.most, ...most }, this.#figures, this.#children)
  }
}

/**
 * What no run of a workflow is to come to more of. `check` finds a limit that a run may go over, as `bounds` with the
 * same options tells: export it from a file that `stepwright check` is given, or hand it to {@link check}.
 *
 * @throws StepwrightError `invalid-options` for limits or figures that cannot be.
 * @example
 * export const atMost = limits(Article, {
 *   perState: { [State.Draft]: { modelCalls: 1, cost: 0.02 } },
 *   most: { visits: 40, cost: 0.5, ms: '2d' },
 * })
 */
export function limits<C extends AnyClass>(
  workflow: C,
  { perState = {}, children = [], most }: BoundsOptions<C> & { readonly most: Most },
): Limits {
  const definition = readDefinition(workflow)
  const figures = readFigures(definition, perState as Record<string, Figures>)
  const numbers = Object.entries(most).map(([metric, given]) => {
    const isTime = metric === 'ms' || metric === 'undoingMs'
    const number = isTime ? toMs(given as Duration, `most.${metric}`) : given
    if (METRICS.some((known) => known === metric) && typeof number === 'number' && number >= 0)
      return [metric, number] as const
    throw new StepwrightError('invalid-options', {
      what: `most.${metric} is ${quote(given)}`,
      remedy: `Give numbers of 0 or more for ${METRICS.join(', ')}`,
    })
  })
  return new Limits(definition, Object.fromEntries(numbers), figures, children)
}
