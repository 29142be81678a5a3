import type { Machine } from '../../compile/machine.ts'
import type { Definition } from '../../definition/definition.ts'
import { hiddenPaths } from '../../model/masking.ts'
import { isEnded } from '../../model/status.ts'
import type { InspectedCommit, InspectedRun } from './inspector-parts.ts'
import { showable } from './showable.ts'

/** The messages that a commit gives in one protocol, made when they are asked for. */
export interface Messages {
  /** The run appears, in the state it is in now. */
  readonly register: string
  /** What happened, one for each. */
  readonly events: readonly string[]
  /** Where it stands now. */
  readonly state: string
  /** It has ended; `undefined` where a protocol has no word for that. */
  readonly stop: string | undefined
}

/** One of the protocols that inspectors speak. */
export type Protocol = (commit: InspectedCommit, machine: Machine) => Messages

/** A commit on its way to clients: its messages are made once for all that speak the same protocol. */
export class ShownCommit {
  readonly commit: InspectedCommit
  readonly ended: boolean
  readonly #machine: Machine
  readonly #messages = new Map<Protocol, Messages>()

  /** Throws for a run in a state that its machine does not have. */
  constructor(commit: InspectedCommit, machine: Machine) {
    machine.state(commit.run.state)
    this.commit = commit
    this.ended = isEnded(commit.run.status)
    this.#machine = machine
  }

  in(protocol: Protocol): Messages {
    const messages = this.#messages.get(protocol) ?? protocol(this.commit, this.#machine)
    this.#messages.set(protocol, messages)
    return messages
  }
}

/** The context of a run as it may be shown. */
export function shownContext(definition: Definition, { state, data, vars, progress }: InspectedRun): object {
  return {
    data: showable(data, hiddenPaths(definition, state)),
    vars: showable(vars, hiddenPaths(definition, 'vars')),
    ...(progress && definition.states.get(state)?.kind === 'map' ? { progress } : {}),
  }
}
