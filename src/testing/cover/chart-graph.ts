import type { ActorLogic, EventObject, SnapshotStatus } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import type { Machine } from '../../compile/machine.ts'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { takable, type Transition } from './transition.ts'

/** Where a run stands, as far as the chart knows: the state, and how often bounded states were entered. */
export interface Place {
  readonly id: string
  readonly state: string
  readonly ways: readonly Way[]
}

/** A transition that can be taken from a place. */
export interface Way {
  readonly transition: Transition
  /** The id of the place it leads to. */
  readonly to: string
}

/** The places of a chart by their ids; the first is where a run begins. */
export type ChartGraph = ReadonlyMap<string, Place>

/** More places than that come of a bound of thousands of visits. */
const MOST_PLACES = 50_000

interface Standing {
  readonly status: SnapshotStatus & 'active'
  readonly output: undefined
  readonly error: undefined
  readonly state: string
  readonly visits: Readonly<Record<string, number>>
}

type Taken = EventObject & { readonly transition: Transition }

/**
 * The places a run can stand in, walked by xstate/graph. Each move is one of the compiled machine. The chart alone does not
 * know that a state with `maxVisits` is left by that edge, and by no other, once it was entered too often, so the visits of
 * such states are part of the place: it is a logic around the machine that is walked, not the machine.
 */
export function graphOf(machine: Machine): ChartGraph {
  const { definition } = machine
  const all = takable(definition)
  const bounds = new Map(
    [...definition.states.values()].flatMap((state) =>
      state.kind !== 'final' && state.maxVisits ? [[state.name, state.maxVisits.times] as const] : [],
    ),
  )
  const enter = (state: string, visits: Standing['visits']): Standing => {
    const bound = bounds.get(state)
    const counted =
      bound === undefined ? visits : { ...visits, [state]: Math.min((visits[state] ?? 0) + 1, bound + 1) }
    return { status: 'active', output: undefined, error: undefined, state, visits: counted }
  }
  const logic = {
    config: undefined,
    getInitialSnapshot: () => enter(definition.initial, {}),
    transition: ({ state, visits }: Standing, { transition }: Taken) =>
      enter(machine.move(state, transition.exit).state, visits),
    getPersistedSnapshot: (snapshot: Standing) => snapshot,
  }
  const eventsOf = ({ state, visits }: Standing): readonly Taken[] => {
    const tooOften = (visits[state] ?? 0) > (bounds.get(state) ?? Infinity)
    return all
      .filter(({ from, exit }) => from === state && (exit.by === 'visits') === tooOften)
      .map((transition) => ({ type: transition.says, transition }))
  }
  const id = ({ state, visits }: Standing): string => JSON.stringify([state, visits])
  const adjacent = walked(logic as unknown as Walked, eventsOf, id, definition.name)
  const places = (Object.entries(adjacent) as [string, Adjacent][]).map(([name, { state, transitions }]) => {
    const ways = Object.values(transitions).map(({ event, state: next }) => ({
      transition: event.transition,
      to: id(next),
    }))
    return [name, { id: name, state: state.state, ways }] as const
  })
  return new Map(places)
}

type Walked = ActorLogic<Standing, Taken>

interface Adjacent {
  readonly state: Standing
  readonly transitions: Readonly<Record<string, { readonly event: Taken; readonly state: Standing }>>
}

function walked(
  logic: Walked,
  events: (standing: Standing) => readonly Taken[],
  serializeState: (standing: Standing) => string,
  workflow: string,
) {
  try {
    return getAdjacencyMap(logic, {
      events,
      serializeState,
      serializeEvent: ({ type }) => type,
      limit: MOST_PLACES,
    })
  } catch (cause) {
    if (!(cause instanceof Error && cause.message === 'Traversal limit exceeded')) throw cause
    throw new StepwrightError('not-coverable', {
      what: `${workflow} has more than ${MOST_PLACES} places to stand in: its maxVisits multiply`,
      remedy: 'Give the class that is tested a lower maxVisits',
      cause,
    })
  }
}
