/** A run as its history tells it: what its document must say too, and what is left of it where that is lost. */
import type { Failure } from '../model/failure.ts'
import { childrenSpentIn, spentIn, type HistoryEvent } from '../model/history.ts'
import { NOTHING_SPENT, plus } from '../model/model-call.ts'
import { visitOf, type Run, type ReceivedSignal, type Undoing } from '../model/run.ts'
import { isEnded, type Ended, type Parked, type Status } from '../model/status.ts'

/** A status without who has to act next: that no history tells. */
export type Phase = 'active' | 'paused' | 'compensating' | Ended | Parked

/** What the entries of a history lead to. */
export interface Told extends Pick<
  Run,
  | 'workflow'
  | 'version'
  | 'state'
  | 'visits'
  | 'since'
  | 'data'
  | 'vars'
  | 'session'
  | 'startedBy'
  | 'forkedFrom'
  | 'parent'
  | 'schedule'
  | 'deadline'
  | 'transaction'
  | 'spent'
  | 'childrenSpent'
  | 'createdAt'
  | 'updatedAt'
> {
  readonly seq: number
  readonly phase: Phase
  /** Before it was paused. */
  readonly paused: Phase | undefined
  readonly input: unknown
  readonly votes: readonly ReceivedSignal[]
  /** The signal whose handler runs. */
  readonly signal: ReceivedSignal | undefined
  readonly undoable: number
  readonly undoing: Undoing | undefined
  readonly failure: Failure | undefined
}

/** A history that does not begin with its start, or is not one. */
export class Untold extends Error {}

/** What a history leads to with one more entry; its values are decoded. Throws {@link Untold}. */
export function retell(told: Told | undefined, event: HistoryEvent): Told {
  if (event.type === 'started') {
    if (told) throw new Untold('it starts twice')
    return begun(event)
  }
  if (!told) throw new Untold('it does not begin with its start')
  const next = happened(told, event)
  const spent = spentIn([event])
  const counted = spent.calls > 0 ? { spent: plus(told.spent ?? NOTHING_SPENT, spent) } : {}
  const children = childrenSpentIn([event])
  const withChildren =
    children.calls > 0 ? { childrenSpent: plus(told.childrenSpent ?? NOTHING_SPENT, children) } : {}
  return { ...next, ...counted, ...withChildren, seq: event.seq, updatedAt: event.at }
}

/** What a status is, as far as a history tells it. */
export function phaseOf(status: Status): Phase {
  return status === 'pending' || status === 'running' || status === 'waiting' ? 'active' : status
}

function begun(event: Extract<HistoryEvent, { type: 'started' }>): Told {
  const { seq, at, workflow, version, to, data, vars, session } = event
  const { by, forkedFrom, parent, schedule, deadline, transaction } = event
  return {
    seq,
    workflow,
    version,
    state: to,
    visits: { [to]: 1 },
    since: at,
    data,
    input: data,
    vars,
    session,
    ...(by ? { startedBy: by } : {}),
    ...(forkedFrom ? { forkedFrom } : {}),
    ...(parent ? { parent } : {}),
    ...(schedule === undefined ? {} : { schedule }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(transaction ? { transaction } : {}),
    phase: 'active',
    paused: undefined,
    votes: [],
    signal: undefined,
    undoable: 0,
    undoing: undefined,
    failure: undefined,
    createdAt: at,
    updatedAt: at,
  }
}

function happened(told: Told, event: Exclude<HistoryEvent, { type: 'started' }>): Told {
  switch (event.type) {
    case 'moved': {
      const vars =
        event.vars === undefined ? told.vars : { ...(told.vars as object), ...(event.vars as object) }
      const active = { ...told, vars, phase: 'active', failure: undefined, undoing: undefined } as const
      return entered({ ...active, undoable: event.undoable ?? told.undoable }, event.to, event)
    }
    case 'migrated': {
      const mapped = { ...told, version: event.to, vars: event.vars }
      return event.state === told.state
        ? { ...mapped, data: event.data }
        : entered(mapped, event.state, event)
    }
    case 'retried-by-hand': {
      const again = { ...told, phase: 'active', failure: undefined } as const
      return event.data === undefined ? again : entered(again, event.state, { ...told, ...event })
    }
    case 'signalled':
      return {
        ...told,
        phase: 'active',
        signal: receivedIn(event),
        votes: [...told.votes, receivedIn(event)],
      }
    case 'voted':
      return { ...told, votes: [...told.votes, receivedIn(event)] }
    case 'signal-refused':
      return told.signal?.id === event.id && told.signal.name === event.name
        ? { ...told, signal: undefined, votes: told.votes.slice(0, -1) }
        : told
    case 'paused':
      return { ...told, phase: 'paused', paused: told.phase }
    case 'unpaused':
      return { ...told, phase: told.paused ?? 'active', paused: undefined }
    case 'cancelled':
    case 'terminated':
      return { ...told, phase: event.type }
    case 'failed':
      return { ...told, phase: 'failed', failure: event.failure }
    case 'compensating': {
      const { why, undoable, since = 0, to, data, failure = told.failure } = event
      const undoing: Undoing = { why, since, ...(to === undefined ? {} : { to, data }) }
      return { ...told, phase: 'compensating', undoable, undoing, failure, signal: undefined }
    }
    case 'undone': {
      const undoable = told.undoable - (event.part === undefined ? 1 : 0)
      return { ...told, phase: 'compensating', undoable }
    }
    case 'undo-failed':
      return { ...told, phase: 'compensating' }
    case 'compensated':
      return {
        ...told,
        phase: told.undoing?.why === 'cancelled' ? 'cancelled' : 'compensated',
        undoing: undefined,
      }
    case 'completed':
      return { ...told, phase: 'completed', ...(event.output === undefined ? {} : { data: event.output }) }
    case 'parked':
      return { ...told, phase: event.status }
    case 'unparked':
      return { ...told, phase: told.undoing ? 'compensating' : 'active' }
    case 'repaired': {
      const { undoable } = event
      if (isEndedPhase(told.phase)) return { ...told, undoable }
      const begun = undoable < told.undoable ? ({ why: 'failed', since: 0 } as const) : undefined // in what is lost
      const repaired = { ...told, undoable, undoing: told.undoing ?? begun }
      return { ...repaired, phase: 'paused', paused: goesOnAs(repaired) }
    }
    default:
      return told // nothing that a document would say otherwise
  }
}

/** How a run goes on that was set aside, paused, or at work when its document was lost. */
function goesOnAs({ phase, paused, undoing }: Told): 'active' | 'compensating' {
  return undoing || phase === 'compensating' || paused === 'compensating' ? 'compensating' : 'active'
}

export function isEndedPhase(phase: Phase): phase is Ended {
  return phase !== 'active' && isEnded(phase)
}

function entered(
  told: Told,
  state: string,
  { at, data, transaction }: Pick<Told, 'data' | 'transaction'> & { readonly at: number },
): Told {
  const { transaction: _left, ...rest } = told
  return {
    ...rest,
    state,
    visits: { ...told.visits, [state]: visitOf({ state, visits: told.visits }) + 1 },
    since: at,
    data,
    ...(transaction ? { transaction } : {}),
    votes: [],
    signal: undefined,
  }
}

function receivedIn(event: Extract<HistoryEvent, { type: 'signalled' | 'voted' }>): ReceivedSignal {
  const { name, id, payload, caller, at } = event
  return { name, id, payload, at, ...(caller ? { caller } : {}) }
}
