import type { AnyMachineSnapshot } from 'xstate'
import type { Machine } from '../compile/machine.ts'
import type { OutcomeOf, Shape } from '../definition/shape.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import { isEnded, isParked } from '../model/status.ts'
import type { InputOf } from '../model/schema.ts'
import type { Watch } from './feed.ts'
import type { RunStore } from './run-store.ts'
import type { RunView } from './run-view.ts'

/** What a handle needs of its engine. */
export interface HandleParts {
  readonly runs: RunStore
  readonly machineOf: (workflow: string) => Machine
  /** Tells the worker of this process that there is something to look at. */
  readonly nudge: (id: string) => void
  /** Begins to listen; `next()` resolves when the run may have changed. */
  readonly watch: (id: string) => Watch
}

/** One run, from the outside. It holds no state: every answer is read from the store. */
export class RunHandle<D extends Shape = Shape> {
  readonly id: string
  readonly #parts: HandleParts

  /** @internal */
  constructor(id: string, parts: HandleParts) {
    this.id = id
    this.#parts = parts
  }

  /** The run as it is stored now: status, state, data, what it waits for. */
  view(): Promise<RunView> {
    return this.#parts.runs.view(this.id)
  }

  /**
   * Sends a signal. When this resolves it is stored, and it will be applied once, when the run awaits it. The same
   * `id` twice is one signal.
   *
   * @throws StepwrightError `unknown-signal`, `invalid-signal`, `run-ended`
   */
  async signal<const N extends keyof D['signals'] & string>(
    name: N,
    payload: InputOf<D['signals'][N]>,
    { id }: { readonly id?: string } = {},
  ): Promise<{ readonly id: string; readonly duplicate: boolean }> {
    const accepted = await this.#parts.runs.signal(this.id, name, payload, id)
    this.#parts.nudge(this.id)
    return accepted
  }

  /**
   * Waits for the end: the final state and what it received.
   *
   * @throws StepwrightError `run-failed` with the failure as `details.failure`; `run-parked` for one that was set aside.
   */
  async result(): Promise<OutcomeOf<D>> {
    const watch = this.#parts.watch(this.id)
    try {
      for (;;) {
        const view = await this.view()
        if (view.status === 'completed') {
          const { member } = this.#parts.machineOf(view.workflow).state(view.state)
          return { state: member, data: view.data } as OutcomeOf<D>
        }
        if (isEnded(view.status) || isParked(view.status)) throw outcomeError(view)
        await watch.next()
      }
    } finally {
      watch.end()
    }
  }

  /**
   * The history, oldest first, and then each new event as it is committed, until the run ends. `follow: false` ends
   * with what is there now. `after` leaves out events up to that number.
   */
  async *events({
    after = 0,
    follow = true,
  }: { readonly after?: number; readonly follow?: boolean } = {}): AsyncGenerator<HistoryEvent> {
    const watch = this.#parts.watch(this.id)
    try {
      for (let last = after; ;) {
        const { status } = await this.view()
        for (const event of await this.#parts.runs.history(this.id, last)) {
          yield event
          last = event.seq
        }
        if (!follow || isEnded(status) || isParked(status)) return
        await watch.next()
      }
    } finally {
      watch.end()
    }
  }

  /** An XState snapshot of the run: `createActor(machine, { snapshot })` restores it. */
  async snapshot(): Promise<AnyMachineSnapshot> {
    const view = await this.view()
    return this.#parts.machineOf(view.workflow).snapshot(view)
  }
}

function outcomeError({ id, status, failure, state }: RunView): StepwrightError {
  const name = failure && failure.name !== status ? `${failure.name}: ` : ''
  const why = failure ? `: ${name}${failure.message}` : ''
  return status === 'failed'
    ? new StepwrightError('run-failed', {
        what: `Run ${quote(id)} failed in ${quote(state)}${why}`,
        remedy: 'See its history with run.events() or `stepwright show`',
        details: { run: id, state, failure },
      })
    : new StepwrightError('run-parked', {
        what: `Run ${quote(id)} is ${status} in ${quote(state)}${why}`,
        remedy: 'Mend the cause, then resume it with engine.resume(id)',
        details: { run: id, state, status, failure },
      })
}
