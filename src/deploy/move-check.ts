import { awaitedBy, isChild, type Definition, type StateDefinition } from '../definition/definition.ts'
import { exitsOf } from '../definition/exit.ts'
import { sayAny, sayDuration } from '../inspect/drawn-text.ts'
import type { WorkflowJson } from '../inspect/chart-json.ts'
import type { Failure } from '../model/failure.ts'
import type { HistoryEvent } from '../model/history.ts'
import type { ReceivedSignal } from '../model/run.ts'
import { parseWith } from '../model/schema.ts'
import { notCounted } from '../runtime/answering.ts'
import { sayMove, type Parting } from './difference.ts'
import type { Visit } from './visit.ts'

/** What is needed to judge a visit by the new chart. */
export interface Judging {
  readonly definition: Definition
  /** The state in the new code. */
  readonly state: StateDefinition
  /** Where the move that left it leads in the new code. */
  readonly to: string | undefined
  /** The chart as it was, where the store has it. */
  readonly old: WorkflowJson | undefined
}

/** Where a visit would go another way on the new chart; `undefined`: nowhere. Calls no handler. */
export async function checkVisit(visit: Visit, judging: Judging): Promise<Parting | undefined> {
  const { state } = judging
  const bound = checkBound(visit, judging)
  if (bound) return bound
  const votes: ReceivedSignal[] = []
  for (const event of visit.events) {
    const parting =
      event.type === 'voted' || event.type === 'signalled'
        ? await checkSignal(event, votes, visit, judging)
        : checkEvent(event, state, judging)
    if (parting) return parting
    if (event.type === 'voted') votes.push(event)
  }
  return undefined
}

/** A state that is entered too often is left at once. */
function checkBound({ visit, left }: Visit, { state }: Judging): Parting | undefined {
  const edge = state.kind === 'final' ? undefined : state.maxVisits
  const over = edge !== undefined && visit > edge.times
  if (over === (left?.by === 'visits') || !(left ?? over)) return undefined
  const expected = left ? sayMove(left) : `stays in ${state.name}`
  const came = over
    ? `goes to ${edge.to}, after ${edge.times} visits`
    : `visit ${visit} is not too many any more`
  return { what: 'move', expected, came }
}

function checkEvent(event: HistoryEvent, state: StateDefinition, judging: Judging): Parting | undefined {
  switch (event.type) {
    case 'moved':
      return checkMove(event, state, judging)
    case 'completed':
      return state.kind === 'final'
        ? undefined
        : {
            what: 'move',
            expected: `completes in ${state.name}`,
            came: `${state.name} is not final any more`,
          }
    case 'failed': {
      const ways = waysFor(state, event.failure)
      const expected = `fails with ${event.failure.name}`
      return ways.has(undefined) ? undefined : { what: 'failure', expected, came: sayWays(ways) }
    }
    case 'child-started': {
      const spec =
        state.kind === 'child'
          ? state.child
          : state.kind === 'map' && isChild(state.item)
            ? state.item
            : undefined
      return spec
        ? undefined
        : { what: 'child', expected: `starts ${event.workflow}`, came: 'starts no child run' }
    }
    case 'undone': {
      const undone = judging.definition.states.get(event.state)
      if (!undone || event.skipped) return undefined
      return undoes(undone)
        ? undefined
        : { what: 'undo', expected: `${event.state} is undone`, came: 'nothing undoes it any more' }
    }
    default:
      return undefined
  }
}

function checkMove(
  moved: HistoryEvent & { readonly type: 'moved' },
  state: StateDefinition,
  { to = moved.to }: Judging,
): Parting | undefined {
  const [by, signal] = moved.by.startsWith('signal:') ? ['signal', moved.by.slice(7)] : [moved.by, undefined]
  const exits = exitsOf(state)
  const declared = exits.some(
    (exit) =>
      exit.to === to &&
      (by === 'skip' || (exit.by === by && (exit.by !== 'signal' || exit.signal === signal))),
  )
  if (declared) return checkCaught(moved, to, state)
  const ways = [...new Set(exits.filter((exit) => by === 'skip' || exit.by === by).map((exit) => exit.to))]
  const came = ways.length > 0 ? `goes only to ${ways.join(', ')}` : `has no such way out`
  return { what: 'move', expected: sayMove(moved), came }
}

async function checkSignal(
  event: HistoryEvent & { readonly type: 'voted' | 'signalled' },
  votes: readonly ReceivedSignal[],
  { at }: Visit,
  { definition, state, old }: Judging,
): Promise<Parting | undefined> {
  const { name, payload, id } = event
  const expected = `takes ${name}`
  const refused = (came: string): Parting => ({ what: 'signal', expected, came })
  const schema = definition.signals.get(name)
  if (!schema) return refused(`no signal ${name} is declared`)
  const way = awaitedBy(state).get(name)
  if (!way) return refused(`does not await it`)
  const read = await parseWith(schema, payload)
  if (!read.ok) return refused(`its payload does not fit: ${read.reasons.join('; ')}`)
  const others = votes.filter((vote) => vote.id !== id)
  const wrong = notCounted({ votes: others }, way, event)
  if (wrong !== undefined) return refused(wrong)
  const counted = others.filter((vote) => vote.name === name).length + 1
  if (event.type === 'signalled' && counted < way.count)
    return refused(`waits for ${way.count} of it, and there were ${counted}`)
  if (event.type === 'voted' && counted >= way.count)
    return refused(`goes on with ${way.count} of it, and does not wait for more`)
  const { expires } = { expires: undefined, ...state }
  const before = expiryOf(old, state.name)
  // a signal may have lain in the inbox for long, so a wait that is no shorter than it was says nothing
  if (expires && before !== undefined && expires.afterMs < before && event.at > at + expires.afterMs)
    return { what: 'move', expected, came: `goes to ${expires.to}, after ${sayDuration(expires.afterMs)}` }
  return undefined
}

/** How long the wait was; without an end, for ever. */
function expiryOf(old: WorkflowJson | undefined, state: string): number | undefined {
  const found = old?.states.find(({ name }) => name === state)
  const exit = found?.exits.find(({ by }) => by === 'expires')
  return found && (exit?.by === 'expires' ? exit.afterMs : Infinity)
}

/** What was caught may be taken by another edge now; histories from before it was told say nothing. */
function checkCaught(
  { failure, ...moved }: HistoryEvent & { readonly type: 'moved' },
  to: string,
  state: StateDefinition,
): Parting | undefined {
  const ways = failure && waysFor(state, failure)
  if (!ways || ways.has(to)) return undefined
  return { what: 'move', expected: `${sayMove(moved)} with ${failure.name}`, came: sayWays(ways) }
}

/** Where a failure may lead; `undefined` among them: it is not caught. The class of an error is not kept, only its name. */
function waysFor(state: StateDefinition, { name, code }: Failure): ReadonlySet<string | undefined> {
  const ways = new Set<string | undefined>()
  for (const { errors, to } of state.kind === 'final' ? [] : state.catches) {
    const isSure =
      errors.length === 0 ||
      errors.some((match) =>
        typeof match === 'string'
          ? match === name || match === code
          : match.name === name || match.name === 'Error',
      )
    if (isSure || errors.some((match) => typeof match === 'function')) ways.add(to)
    if (isSure) return ways
  }
  return ways.add(undefined)
}

function sayWays(ways: ReadonlySet<string | undefined>): string {
  const known = [...ways].filter((to) => to !== undefined)
  return known.length === 0
    ? 'that is not caught any more'
    : `that is caught, and it goes to ${sayAny(known)}`
}

function undoes(state: StateDefinition): boolean {
  if (state.kind === 'final') return false
  const branches = state.kind === 'parallel' ? [...state.branches.values()] : []
  return state.undo !== undefined || branches.some(({ undo }) => undo !== undefined)
}
