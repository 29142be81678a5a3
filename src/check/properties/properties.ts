import type { Definition } from '../../definition/definition.ts'
import { readDefinition } from '../../definition/read-definition.ts'
import type { AnyClass, Key, ShapeOf } from '../../definition/shape.ts'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { Chart } from '../chart.ts'
import { isWalk, looseStandingsOf, standingsOf } from '../standings.ts'
import { counterexample, type Counterexample, type Loops } from './counterexample.ts'
import { monitorOf, type NamedClaim } from './monitor.ts'
import { sayClaim, type Property } from './property.ts'

/** Options of {@link properties}. */
export interface PropertiesOptions {
  /**
   * `'end'` (default): a run does not go round a loop for ever that has a way out. `'may-run-forever'`: it may, so that what
   * is to come may never come.
   */
  readonly loops?: Loops
}

/** Properties of one workflow; made by {@link properties}. */
export class Properties {
  readonly definition: Definition
  /** By name. */
  readonly claims: ReadonlyMap<string, Property>
  readonly loops: Loops

  constructor(definition: Definition, claims: ReadonlyMap<string, Property>, loops: Loops) {
    this.definition = definition
    this.claims = claims
    this.loops = loops
  }
}

/** One property that some run breaks, or that is not decided. */
export interface Broken extends Counterexample {
  /** Bounds of visits multiply to more than can be looked at; there is no path. */
  readonly undecided?: true
  readonly name: string
  /** The property as it is written: `never(paid).before(approved)`. */
  readonly says: string
  /** The states it is about. */
  readonly states: readonly string[]
}

/**
 * What every run of a workflow is to keep to, by name. `check` looks whether it does, on the chart: export it from a
 * file that `stepwright check` is given, or hand it to {@link check}.
 *
 * @throws StepwrightError `invalid-options` for a state that the workflow does not have.
 * @example
 * export const promises = properties(Order, {
 *   'paid only after approval': never(State.Paid).before(State.Approved),
 *   'every case ends somewhere': eventually(State.Closed, State.Escalated),
 * })
 */
export function properties<C extends AnyClass>(
  workflow: C,
  claims: Readonly<Record<string, Property<ShapeOf<C>['state']>>>,
  { loops = 'end' }: PropertiesOptions = {},
): Properties {
  const definition = readDefinition(workflow)
  for (const [name, { claim }] of Object.entries<Property>(claims)) nameStates(definition, claim, name)
  return new Properties(definition, new Map(Object.entries<Property>(claims)), loops)
}

/** The properties that some run breaks, each with a shortest such run; and those that are not decided. */
export function brokenOf(
  { definition, claims, loops }: Properties,
  most: number = MOST,
  chart = new Chart(definition),
): readonly Broken[] {
  const standings = standingsOf(chart, most)
  return [...claims].flatMap(([name, { claim }]) => {
    const named = nameStates(definition, claim, name)
    const broken = (found: Counterexample) => [
      { name, says: sayClaim(named), states: named.states, ...found },
    ]
    const monitor = monitorOf(named)
    if (standings) {
      const found = counterexample(standings, monitor, loops)
      return found ? broken(found) : []
    }
    // what is to come is only known where visits are counted; the rest breaks on a path, and short ones count to little
    if (!monitor.awaitsNothing) return broken(UNDECIDED)
    const found = counterexample(looseStandingsOf(chart), monitor, loops)
    return found ? broken(isWalk(chart, found.legs) ? found : UNDECIDED) : []
  })
}
const UNDECIDED = { path: [], legs: [], undecided: true } as const

/** More standings than that take seconds to go through. */
const MOST = 50_000

/** Members of the enum as the names of states. */
function nameStates(
  { name: workflow, states }: Definition,
  claim: Property['claim'],
  name: string,
): NamedClaim {
  const names = new Map([...states.values()].map((state) => [state.member, state.name]))
  const nameOf = (member: Key): string => {
    const state = names.get(member)
    if (state !== undefined) return state
    throw new StepwrightError('invalid-options', {
      what: `The property ${quote(name)} names ${quote(member)}, which is not a state of ${workflow}`,
      remedy: `Name one of ${[...names.values()].map(quote).join(', ')}`,
    })
  }
  const named = { ...claim, states: claim.states.map(nameOf) }
  return 'mark' in claim ? ({ ...named, mark: claim.mark.map(nameOf) } as NamedClaim) : (named as NamedClaim)
}
