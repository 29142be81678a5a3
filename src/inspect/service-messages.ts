import type { Machine } from '../compile/machine.ts'
import { signalType, stateKey } from '../compile/keys.ts'
import type { Definition, ParallelState } from '../definition/definition.ts'
import type { Failure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { isEnded } from '../model/status.ts'
import type { InspectedCommit, InspectedRun } from './inspector-parts.ts'
import {
  doneType,
  errorType,
  expiryType,
  JOINED_TYPE,
  serviceMachine,
  VISITS_TYPE,
} from './service-machine.ts'
import { hiddenPaths } from '../model/masking.ts'
import { showable } from './showable.ts'

type XStateEvent = { readonly type: string } & Readonly<Record<string, unknown>>

/** The messages of the `@xstate/inspect` protocol that one commit gives, made when first asked for, for all clients. */
export class ServiceMessages {
  readonly run: InspectedRun
  readonly revision: number
  readonly ended: boolean
  readonly #definition: Definition
  readonly #happenings: readonly Happening[]
  #register: string | undefined
  #state: string | undefined
  #events: readonly string[] | undefined

  constructor({ run, revision, happenings }: InspectedCommit, { definition }: Machine) {
    this.run = run
    this.revision = revision
    this.ended = isEnded(run.status)
    this.#definition = definition
    this.#happenings = happenings
  }

  /** `service.register`: the run appears, in the state it is in now. */
  get register(): string {
    const { id, workflow } = this.run
    this.#register ??= this.#message('service.register', {
      machine: machineText(this.#definition),
      state: this.#stateText({ type: 'xstate.init' }),
      id: workflow,
      sessionId: id,
    })
    return this.#register
  }

  /** `service.event`, one for each thing that happened. */
  get events(): readonly string[] {
    this.#events ??= this.#xstateEvents().map((event) =>
      this.#message('service.event', { event: JSON.stringify(scxml(event)) }),
    )
    return this.#events
  }

  /** `service.state`: where it stands now. */
  get state(): string {
    this.#state ??= this.#message('service.state', {
      state: this.#stateText(this.#xstateEvents().at(-1) ?? { type: 'xstate.init' }),
    })
    return this.#state
  }

  /** `service.stop`: it has ended. */
  get stop(): string {
    return this.#message('service.stop', {})
  }

  #message(type: string, fields: object): string {
    return JSON.stringify({ type, ...fields, sessionId: this.run.id })
  }

  /** A state of XState 4. Tags carry the status, which is no part of a chart. */
  #stateText(event: XStateEvent): string {
    const { run } = this
    const definition = this.#definition
    const context = {
      data: showable(run.data, hiddenPaths(definition, run.state)),
      vars: showable(run.vars, hiddenPaths(definition, 'vars')),
    }
    const none = { actions: [], activities: {}, meta: {}, events: [], children: {} }
    return JSON.stringify({
      ...none,
      value: stateValue(definition, run, this.#happenings),
      context,
      event,
      _event: scxml(event),
      _sessionid: run.id,
      done: run.status === 'completed',
      changed: true,
      tags: [run.status],
    })
  }

  #xstateEvents(): XStateEvent[] {
    return this.#happenings.flatMap((happening) => toXStateEvent(this.#definition, happening) ?? [])
  }
}

const machineTexts = new WeakMap<Definition, string>()

function machineText(definition: Definition): string {
  const text = machineTexts.get(definition) ?? JSON.stringify(serviceMachine(definition))
  machineTexts.set(definition, text)
  return text
}

function scxml(event: XStateEvent): object {
  return { name: event.type, data: event, $$type: 'scxml', type: 'external' }
}

/** The state value of the projection, as far as a commit tells it. */
function stateValue({ states }: Definition, run: InspectedRun, happenings: readonly Happening[]): unknown {
  const key = stateKey(run.state)
  const state = states.get(run.state)
  const status = run.paused ?? run.status
  const retrying = run.timer?.kind === 'retry'
  const waits = (status === 'waiting' || run.reminding !== undefined) && !retrying
  const goesOn = happenings.some(({ type }) => type === 'signalled' || type === 'joined')
  const works = waits || ((status === 'running' || status === 'pending') && !retrying && !goesOn)
  switch (state?.kind) {
    case 'wait':
      return { [key]: waits ? 'awaiting' : 'handling' }
    case 'timer':
      return { [key]: waits ? 'sleeping' : 'handling' }
    case 'child':
      return state.detached ? key : { [key]: works ? 'working' : 'handling' }
    case 'parallel':
      return { [key]: works ? { working: regions(state, run) } : 'joining' }
    default:
      return key
  }
}

function regions({ branches }: ParallelState, { branches: ended = {} }: InspectedRun): object {
  const values = [...branches.keys()].map((name) => [
    stateKey(name),
    (Object.hasOwn(ended, name) && ended[name]) || 'working',
  ])
  return Object.fromEntries(values) as object
}

/** What happened, as an event of the machine; what is none is named `stepwright.<type>`, and log lines are left out. */
function toXStateEvent(definition: Definition, happening: Happening): XStateEvent | undefined {
  const own = (fields: object = {}): XStateEvent => ({ type: `stepwright.${happening.type}`, ...fields })
  switch (happening.type) {
    case 'started':
      return { type: 'xstate.init', input: showable(happening.data, hiddenPaths(definition, happening.to)) }
    case 'signalled':
    case 'voted': {
      const payload = showable(happening.payload, hiddenPaths(definition, `signal ${happening.name}`))
      return { ...(typeof payload === 'object' ? payload : { payload }), type: signalType(happening.name) }
    }
    case 'moved':
      return moveEvent(definition, happening)
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
      return { type: JOINED_TYPE, done: happening.done, failed: happening.failed }
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
    case 'claimed':
    case 'released':
    case 'woken':
    case 'unpaused':
    case 'compensated':
      return own()
    case 'completed':
    case 'log':
      return undefined
  }
}

function moveEvent(
  definition: Definition,
  { from, to, by, data }: Extract<Happening, { type: 'moved' }>,
): XStateEvent {
  const shown = { data: showable(data, hiddenPaths(definition, to)) }
  const state = definition.states.get(from)
  if (by === 'visits') return { type: VISITS_TYPE, ...shown }
  if (by === 'skip') return { type: 'stepwright.skipped', ...shown }
  const waited = by === 'expires' && (state?.kind === 'wait' || state?.kind === 'child') && state
  if (waited && waited.expires)
    return { type: expiryType(definition, waited, waited.expires.afterMs), ...shown }
  return { type: by === 'catch' ? errorType(from) : doneType(from), ...shown }
}

/** An error's message may quote a marked field, so it is shown only where nothing is marked. */
function sayFailure({ marks }: Definition, { name, message }: Failure): object {
  return marks.length > 0 ? { error: name } : { error: name, message }
}
