import { signalType } from '../../compile/keys.ts'
import type { Machine } from '../../compile/machine.ts'
import { awaitedBy, type Definition } from '../../definition/definition.ts'
import type { Happening } from '../../model/history.ts'
import { eventsOf, type Moved, type Shown, type XStateEvent } from './happening-event.ts'
import type { InspectedCommit } from './inspector-parts.ts'
import { doneType, errorType, expiryType, serviceMachine, VISITS_TYPE } from './service-machine.ts'
import { shownContext, type Messages, type Protocol } from './shown-commit.ts'
import { isWaiting, stateValue } from './state-value.ts'

/** The protocol of `@xstate/inspect`. */
export const services: Protocol = (commit, machine) => new ServiceMessages(commit, machine)

/** The messages of the `@xstate/inspect` protocol that one commit gives. What it has no place for stands under `run`. */
class ServiceMessages implements Messages {
  readonly #commit: InspectedCommit
  readonly #definition: Definition
  #register: string | undefined
  #state: string | undefined
  #shown: readonly Shown[] | undefined
  #events: readonly string[] | undefined

  constructor(commit: InspectedCommit, { definition }: Machine) {
    this.#commit = commit
    this.#definition = definition
  }

  /** `service.register` */
  get register(): string {
    const { workflow, parent } = this.#commit.run
    this.#register ??= this.#message('service.register', {
      machine: machineText(this.#definition),
      state: this.#stateText({ type: 'xstate.init' }),
      id: workflow,
      ...(parent ? { parent: parent.run } : {}),
      run: this.#standing,
    })
    return this.#register
  }

  /** `service.event` */
  get events(): readonly string[] {
    const { entry, part } = this.#commit
    const ended = part && { type: 'part', part: part.name, end: part.end, at: part.at }
    this.#events ??= this.#happened.map(({ event, happening }) =>
      this.#message('service.event', {
        event: JSON.stringify(scxml(event)),
        run: { ...entry, ...(happening ? sayHappening(happening) : ended) },
      }),
    )
    return this.#events
  }

  /** `service.state` */
  get state(): string {
    this.#state ??= this.#message('service.state', {
      state: this.#stateText(this.#happened.at(-1)?.event ?? { type: 'xstate.init' }),
      run: this.#standing,
    })
    return this.#state
  }

  /** `service.stop` */
  get stop(): string {
    return this.#message('service.stop', {})
  }

  #message(type: string, fields: object): string {
    return JSON.stringify({ type, ...fields, sessionId: this.#commit.run.id })
  }

  /** A state of XState 4. Tags carry the status, which is no part of a chart. */
  #stateText(event: XStateEvent): string {
    const { run, happenings } = this.#commit
    const none = { actions: [], activities: {}, meta: {}, events: [], children: {} }
    return JSON.stringify({
      ...none,
      value: stateValue(this.#definition, run, happenings),
      context: shownContext(this.#definition, run),
      event,
      _event: scxml(event),
      _sessionid: run.id,
      done: run.status === 'completed',
      changed: true,
      tags: [run.status],
    })
  }

  /** Where it stands, in the words of the workflow. */
  get #standing(): object {
    const { run, entry, part } = this.#commit
    const { version, state, status, visits = {}, branches, createdAt, updatedAt } = run
    const definition = this.#definition.states.get(state)
    const open = status === 'waiting' && isWaiting(run)
    const awaits = definition && open ? [...awaitedBy(definition)] : []
    const signals = awaits.map(([name, { roles, count }]) => ({
      ...{ name, type: signalType(name) },
      ...(roles.length > 0 || count > 1 ? { roles } : {}), // who sends it matters
    }))
    const visit = Object.hasOwn(visits, state) ? visits[state] : undefined
    const parallel = definition?.kind === 'parallel'
    const ends = parallel ? { branches: branchesOf([...definition.branches.keys()], branches) } : {}
    return { version, state, status, visit, signals, ...ends, createdAt, at: part?.at ?? updatedAt, ...entry }
  }

  get #happened(): readonly Shown[] {
    this.#shown ??= eventsOf(this.#definition, this.#commit, moveType)
    return this.#shown
  }
}

function branchesOf(
  names: readonly string[],
  ended: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.map((name) => [name, (Object.hasOwn(ended, name) && ended[name]) || 'working']),
  )
}

/** What a list of events needs to say of one without knowing how the protocol names it. */
function sayHappening(happening: Happening): object {
  switch (happening.type) {
    case 'moved':
      return { type: 'moved', from: happening.from, to: happening.to, by: happening.by }
    case 'signalled':
    case 'voted':
      return { type: happening.type, signal: happening.name }
    default:
      return { type: happening.type }
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

/** How version 4 calls a move: by what has ended. */
function moveType(definition: Definition, { from, by }: Moved): string {
  const state = definition.states.get(from)
  if (by === 'visits') return VISITS_TYPE
  if (by === 'skip') return 'stepwright.skipped'
  const waited = by === 'expires' && (state?.kind === 'wait' || state?.kind === 'child') && state
  if (waited && waited.expires) return expiryType(definition, waited, waited.expires.afterMs)
  return by === 'catch' ? errorType(from) : doneType(from)
}
