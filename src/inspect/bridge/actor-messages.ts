import { eventType } from '../../compile/keys.ts'
import type { Machine } from '../../compile/machine.ts'
import type { Definition } from '../../definition/definition.ts'
import type { Exit } from '../../definition/exit.ts'
import { isEnded } from '../../model/status.ts'
import { eventsOf, type Moved, type XStateEvent } from './happening-event.ts'
import type { InspectedCommit } from './inspector-parts.ts'
import { shownContext, type Messages, type Protocol } from './shown-commit.ts'

/** The protocol of `@statelyai/inspect`. */
export const actors: Protocol = (commit, machine) => new ActorMessages(commit, machine)

/** The version of that package whose messages these are. */
const VERSION = '0.7.2'

/** The messages of the `@statelyai/inspect` protocol that one commit gives: each run is an actor of version 5. */
class ActorMessages implements Messages {
  readonly #commit: InspectedCommit
  readonly #machine: Machine
  #shown: readonly XStateEvent[] | undefined
  #events: readonly string[] | undefined
  #state: string | undefined

  constructor(commit: InspectedCommit, machine: Machine) {
    this.#commit = commit
    this.#machine = machine
  }

  /** `@xstate.actor` */
  get register(): string {
    const { workflow, parent } = this.#commit.run
    const definition = definitionText(this.#machine)
    return this.#message('@xstate.actor', 'actor', {
      ...{ name: workflow, definition, snapshot: this.#snapshot },
      ...(parent ? { parentId: parent.run } : {}),
    })
  }

  /** `@xstate.event` */
  get events(): readonly string[] {
    this.#events ??= this.#happened.map((event, i) => this.#message('@xstate.event', `event.${i}`, { event }))
    return this.#events
  }

  /** `@xstate.snapshot` */
  get state(): string {
    const event = this.#happened.at(-1) ?? { type: 'xstate.init' }
    this.#state ??= this.#message('@xstate.snapshot', 'snapshot', { event, snapshot: this.#snapshot })
    return this.#state
  }

  /** The last snapshot says so itself. */
  readonly stop = undefined

  #message(type: string, suffix: string, fields: object): string {
    const { run, revision, entry, part } = this.#commit
    return JSON.stringify({
      type,
      ...fields,
      sessionId: run.id,
      rootId: run.parent?.run ?? run.id,
      id: `${run.id}.${revision}.${suffix}`,
      createdAt: String(entry?.at ?? part?.at ?? run.updatedAt ?? 0),
      _version: VERSION,
    })
  }

  get #happened(): readonly XStateEvent[] {
    this.#shown ??= eventsOf(this.#machine.definition, this.#commit, moveType).map(({ event }) => event)
    return this.#shown
  }

  get #snapshot(): object {
    const { run } = this.#commit
    const { state, data, vars, branches } = run
    const { value } = this.#machine.snapshot({ state, data, vars, ...(branches ? { branches } : {}) })
    const context = shownContext(this.#machine.definition, run)
    const status = run.status === 'completed' ? 'done' : isEnded(run.status) ? 'stopped' : 'active'
    const ended = run.status === 'failed' ? 'error' : status
    return { status: ended, value, context, tags: [run.status], children: {} }
  }
}

const definitionTexts = new WeakMap<Definition, string>()

/** The configuration of the event machine; its functions do not stand in JSON. */
function definitionText({ definition, chart }: Machine): string {
  const text = definitionTexts.get(definition) ?? JSON.stringify(chart.config)
  definitionTexts.set(definition, text)
  return text
}

/** A move is an event of its own in the event machine. */
function moveType(_definition: Definition, { by, to }: Moved): string {
  if (by === 'skip') return 'stepwright.skipped'
  const exit = by.startsWith('signal:')
    ? { by: 'signal', signal: by.slice('signal:'.length), to }
    : { by, to }
  return eventType(exit as Exit)
}
