import { hiddenPaths, masked, type Mark } from '../model/masking.ts'
import type { HistoryEvent } from '../model/history.ts'
import type { Part } from '../store/part-list.ts'
import type { RunView } from './run-view.ts'

/** Shows what a run holds without the fields that its schemas mark as `secret` or `pii`. */
export class Masking {
  readonly #marks: readonly Mark[]

  constructor(marks: readonly Mark[]) {
    this.#marks = marks
  }

  /** Nothing is marked. */
  get isEmpty(): boolean {
    return this.#marks.length === 0
  }

  /** A value of the schema that is called so among the marks. */
  at(where: string, value: unknown): unknown {
    return masked(value, hiddenPaths({ marks: this.#marks }, where))
  }

  view<V extends RunView>(view: V): V {
    const { state, data, vars, votes, undoing } = view
    return {
      ...view,
      data: this.at(state, data),
      vars: this.at('vars', vars),
      ...(votes ? { votes: votes.map((vote) => this.#signal(vote)) } : {}),
      ...(undoing?.to === undefined
        ? {}
        : { undoing: { ...undoing, data: this.at(undoing.to, undoing.data) } }),
    }
  }

  event(event: HistoryEvent): HistoryEvent {
    switch (event.type) {
      case 'started':
      case 'moved':
        return this.#entered(event, event.to)
      case 'migrated':
      case 'retried-by-hand':
        return this.#entered(event, event.state)
      case 'signalled':
      case 'voted':
        return this.#signal(event)
      case 'completed':
        return 'output' in event ? { ...event, output: this.at(event.state, event.output) } : event
      default:
        return event
    }
  }

  /** What a branch or an item came to; what a child run came to is of another workflow. */
  part(state: string, name: string, part: Part): Part {
    if (!('result' in part) || part.child !== undefined) return part
    return { ...part, result: this.at(`branch ${state}/${name}`, this.at(`item of ${state}`, part.result)) }
  }

  #entered<E extends { readonly data?: unknown; readonly vars?: unknown }>(event: E, state: string): E {
    return {
      ...event,
      ...('data' in event ? { data: this.at(state, event.data) } : {}),
      ...('vars' in event ? { vars: this.at('vars', event.vars) } : {}),
    }
  }

  #signal<S extends { readonly name: string; readonly payload: unknown }>(signal: S): S {
    return { ...signal, payload: this.at(`signal ${signal.name}`, signal.payload) }
  }
}
