import { isEnded } from './model/status.ts'
import type { RunFilter } from './control/run-store.ts'
import type { RunHandle } from './control/run-handle.ts'
import type { RunView } from './control/run-view.ts'
import { SessionDocument } from './store/session-document.ts'
import type { Store } from './store/store.ts'

/** What a session needs of its engine. */
interface SessionParts {
  readonly store: Store
  open(): Promise<void>
  list(filter: RunFilter): Promise<readonly RunView[]>
  resume(id: string): Promise<RunHandle>
}

/** Runs that share state: a conversation, a customer. Made by `engine.session(id)`. */
export class EngineSession {
  readonly id: string
  readonly #engine: SessionParts

  /** @internal */
  constructor(id: string, engine: SessionParts) {
    this.id = id
    this.#engine = engine
  }

  /** What handlers have made of it; `undefined` before the first change. */
  async state(): Promise<unknown> {
    await this.#engine.open()
    return (await SessionDocument.load(this.#engine.store, this.id, () => '')).state
  }

  /** All its runs, newest first. */
  runs(): Promise<readonly RunView[]> {
    return this.#engine.list({ session: this.id, limit: Number.MAX_SAFE_INTEGER })
  }

  /** Goes on with every run of it that has not ended. */
  async resume(): Promise<readonly RunHandle[]> {
    const open = (await this.runs()).filter(({ status }) => !isEnded(status))
    return Promise.all(open.map((run) => this.#engine.resume(run.id)))
  }
}
