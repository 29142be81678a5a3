import { branchEvent, signalType } from '../../compile/keys.ts'
import type { Definition } from '../../definition/definition.ts'
import type { Failure } from '../../model/failure.ts'
import type { Happening } from '../../model/history.ts'
import { hiddenPaths } from '../../model/masking.ts'
import type { InspectedCommit } from './inspector-parts.ts'
import { joinedBranches } from './joined-branches.ts'
import { JOINED_TYPE } from './service-machine.ts'
import { showable } from './showable.ts'

/** An event as XState has it. */
export type XStateEvent = { readonly type: string } & Readonly<Record<string, unknown>>

/** A move, and what the event of it is called in a protocol. */
export type Moved = Extract<Happening, { type: 'moved' }>
export type MoveType = (definition: Definition, move: Moved) => string

/** One thing that happened, and the event that it is shown as. */
export interface Shown {
  readonly event: XStateEvent
  readonly happening?: Happening
}

/** What a commit tells, as events of the machine; marked fields are masked. */
export function eventsOf(
  definition: Definition,
  { run, happenings, part }: InspectedCommit,
  moveType: MoveType,
): readonly Shown[] {
  const shown = happenings.flatMap((happening): readonly Shown[] => {
    const event = toEvent(definition, happening, moveType)
    return event ? [{ event, happening }] : []
  })
  if (!part) return shown
  const { name, end, all } = part
  const isBranch = definition.states.get(run.state)?.kind === 'parallel'
  const type = isBranch ? branchEvent(name, end) : 'stepwright.progress'
  return [...shown, { event: isBranch ? { type } : { type, ...all.progress } }]
}

/** What is no event of the machine is named `stepwright.<type>`; log lines are left out where fields are marked, since they may hold one. */
function toEvent(definition: Definition, happening: Happening, moveType: MoveType): XStateEvent | undefined {
  const own = (fields: object = {}): XStateEvent => ({ type: `stepwright.${happening.type}`, ...fields })
  switch (happening.type) {
    case 'started':
      return { type: 'xstate.init', input: showable(happening.data, hiddenPaths(definition, happening.to)) }
    case 'signalled':
    case 'voted': {
      const payload = showable(happening.payload, hiddenPaths(definition, `signal ${happening.name}`))
      return { ...(typeof payload === 'object' ? payload : { payload }), type: signalType(happening.name) }
    }
    case 'moved': {
      const data = showable(happening.data, hiddenPaths(definition, happening.to))
      const caught = happening.failure ? sayFailure(definition, happening.failure) : {}
      return { type: moveType(definition, happening), data, ...caught }
    }
    case 'attempt-failed':
      return own({ attempt: happening.attempt, ...sayFailure(definition, happening.failure) })
    case 'failed':
      return own(sayFailure(definition, happening.failure))
    case 'retried':
      return own({ attempt: happening.attempt })
    case 'recovered':
      return own({ recoveries: happening.recoveries })
    case 'parked':
    case 'unparked':
      return own({ status: happening.status })
    case 'signal-refused':
      return own({ signal: happening.name })
    case 'reminded': {
      const { method, count, failure } = happening
      return own({ method, count, ...(failure ? sayFailure(definition, failure) : {}) })
    }
    case 'repaired':
      return own({ upTo: happening.upTo, lost: happening.lost })
    case 'waits':
      return own({ until: happening.until })
    case 'reminding':
      return own({ method: happening.method, attempt: happening.attempt })
    case 'joined':
      return {
        ...{ type: JOINED_TYPE, done: happening.done, failed: happening.failed },
        branches: joinedBranches(definition, happening),
      }
    case 'model-called':
      return own({ model: happening.model, verb: happening.verb, usage: happening.usage })
    case 'tool-called':
      return own({ tool: happening.tool })
    case 'child-started':
      return own({ child: happening.child, workflow: happening.workflow })
    case 'cancelled':
    case 'terminated':
    case 'paused':
      return own({ reason: happening.reason })
    case 'retried-by-hand':
      return own({ state: happening.state })
    case 'migrated':
      return own({ from: happening.from, to: happening.to, state: happening.state })
    case 'compensating': {
      const { why, failure } = happening
      return own({ why, ...(failure ? sayFailure(definition, failure) : {}) })
    }
    case 'undone': {
      const { state, visit, part, skipped } = happening
      return own({ state, visit, part, skipped })
    }
    case 'undo-failed': {
      const { state, visit, attempt, failure } = happening
      return own({ state, visit, attempt, ...sayFailure(definition, failure) })
    }
    case 'log': {
      const { level, message, fields } = happening
      return definition.marks.length > 0 ? undefined : own({ level, message, fields: showable(fields, []) })
    }
    case 'claimed':
    case 'released':
    case 'woken':
    case 'unpaused':
    case 'compensated':
      return own()
    case 'completed':
      return undefined
  }
}

/** An error's message may quote a marked field, so it is shown only where nothing is marked. */
function sayFailure({ marks }: Definition, { name, message }: Failure): object {
  return marks.length > 0 ? { error: name } : { error: name, message }
}
