import type { AnyMachineSnapshot } from 'xstate'
import type { Machine } from '../compile/machine.ts'
import type { OutcomeOf, SentTo, Shape } from '../definition/shape.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import { isEnded, isParked } from '../model/status.ts'
import type { InputOf, OutputOf } from '../model/schema.ts'
import type { Caller } from '../model/caller.ts'
import type { Part } from '../store/part-list.ts'
import type { UndoEntry } from '../store/undo-list.ts'
import type { Control, Said } from './control.ts'
import type { Watch } from './feed.ts'
import type { ForkOptions } from './forking.ts'
import type { Accepted, Mailbox, Send } from './mailbox.ts'
import type { RunStore } from './run-store.ts'
import type { StreamPiece } from './streaming.ts'
import type { RunView } from './run-view.ts'

/** What a handle needs of its engine. */
export interface HandleParts {
  readonly runs: RunStore
  readonly mailbox: Mailbox
  readonly control: Control
  /** The machine of a run; throws `unknown-workflow`. */
  readonly machineOf: (run: Pick<RunView, 'workflow' | 'version'>) => Machine
  /** Looks at the run again. */
  readonly visit: (id: string) => void
  readonly fork: (id: string, options: ForkOptions) => Promise<string>
  readonly query: (view: RunView, name: string) => Promise<unknown>
  readonly newId: () => string
  readonly stream: (id: string, after: string | undefined, watch: Watch) => AsyncGenerator<StreamPiece>
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
   * `id` twice is one signal; `as` says who sends it.
   *
   * @throws StepwrightError `unknown-signal`, `invalid-signal`, `not-permitted`, `run-ended`
   */
  signal<const N extends keyof D['signals'] & string>(
    name: N,
    payload: InputOf<D['signals'][N]>,
    options: Send = {},
  ): Promise<Accepted> {
    return this.#parts.mailbox.signal(this.id, name, payload, options)
  }

  /**
   * Sends a signal that is answered, and waits for the answer: the one its handler gave with `reply`, once its move was
   * committed. The same `id` again gives the same answer.
   *
   * @throws StepwrightError as `signal` does; `signal-refused` where the run did not take it, with the reason;
   *   `run-parked` where it was set aside: the update is kept for when it goes on.
   */
  async update<const N extends keyof D['replies'] & keyof D['signals'] & string>(
    name: N,
    payload: InputOf<D['signals'][N]>,
    { id = this.#parts.newId(), ...options }: Send = {},
  ): Promise<OutputOf<D['replies'][N]>> {
    const { mailbox } = this.#parts
    const refused = (reason: string): StepwrightError =>
      new StepwrightError('signal-refused', {
        what: `Run ${quote(this.id)} did not take ${quote(name)}: ${reason}`,
        remedy: 'Send another one, with an id of its own',
        details: { run: this.id, signal: name, id, reason },
      })
    const send = async (): Promise<void> => {
      await mailbox.checkUpdate(this.id, name)
      await mailbox.signal(this.id, name, payload, { id, ...options })
    }
    return this.#follow(send, async (view) => {
      const reply = await mailbox.reply(this.id, id)
      if (reply?.ok === false) throw refused(reply.reason)
      if (reply) return { value: reply.value as OutputOf<D['replies'][N]> }
      const { status, undoing } = view
      if (isEnded(status) || (undoing && undoing.why !== 'transaction')) throw refused(`it is ${status}`)
      if (isParked(status)) throw outcomeError(view)
      return undefined
    })
  }

  /** Asks a question that the workflow answers from where the run stands. Nothing is written. Throws `unknown-query`. */
  async query<const N extends keyof D['queries'] & string>(name: N): Promise<OutputOf<D['queries'][N]>> {
    return (await this.#parts.query(await this.view(), name)) as OutputOf<D['queries'][N]>
  }

  /**
   * Waits for the end: the final state and what it received.
   *
   * @throws StepwrightError `run-failed` with the failure as `details.failure`, for all ends but `completed`; `run-parked` for one that was set aside.
   */
  result(): Promise<OutcomeOf<D>> {
    return this.#follow(undefined, (view) => {
      if (view.status === 'completed') {
        const { member } = this.#parts.machineOf(view).state(view.state)
        return { value: { state: member, data: view.data } as OutcomeOf<D> }
      }
      if (isEnded(view.status) || isParked(view.status)) throw outcomeError(view)
      return undefined
    })
  }

  /**
   * What models say in its steps, piece by piece as it is said, until the run ends: of the calls that are made with
   * `stream: true`. `after`: the cursor of a piece, to go on behind it, from any process.
   *
   * @throws StepwrightError `invalid-options` for a cursor that is none.
   */
  async *stream({ after }: { readonly after?: string } = {}): AsyncGenerator<StreamPiece> {
    const watch = this.#parts.watch(this.id)
    try {
      yield* this.#parts.stream(this.id, after, watch)
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

  /** Branches, items and children of the state it stands in, by name: those that have begun. */
  parts(): Promise<ReadonlyMap<string, Part>> {
    return this.#parts.runs.parts(this.id)
  }

  /** What is left to undo, in that order, while the run is being undone. */
  undoable(): Promise<readonly UndoEntry[]> {
    return this.#parts.runs.undoable(this.id)
  }

  /** An XState snapshot of the run: `createActor(machine, { snapshot })` restores it. */
  async snapshot(): Promise<AnyMachineSnapshot> {
    const view = await this.view()
    const machine = this.#parts.machineOf(view)
    if (machine.state(view.state).kind !== 'parallel') return machine.snapshot(view)
    const ended = [...(await this.parts())].flatMap(([name, { status }]) =>
      status === 'done' || status === 'failed' ? [[name, status] as const] : [],
    )
    return machine.snapshot({ ...view, branches: Object.fromEntries(ended) })
  }

  /** Starts nothing new until `resume`; a handler at work may end. Timers go on, and what is due is done at resume. */
  pause(said: Said = {}): Promise<void> {
    return this.#parts.control.ask('pause', this.id, said)
  }

  /** Goes on with a run that is paused, was set aside, or has a compensation that failed. */
  async resume(said: Said = {}): Promise<void> {
    await this.#parts.control.resume(this.id, said)
    this.#parts.visit(this.id)
  }

  /** Aborts what is at work, undoes what was done, and ends the run as `cancelled`; its children too. */
  cancel(said: Said = {}): Promise<void> {
    return this.#parts.control.ask('cancel', this.id, said)
  }

  /** Ends the run at once as `terminated`; nothing is undone. Its children too. */
  terminate(said: Said = {}): Promise<void> {
    return this.#parts.control.ask('terminate', this.id, said)
  }

  /** Tries the failed step again in the same run: with what it has saved, or with other data. */
  retry(options: { readonly data?: unknown; readonly as?: Caller } = {}): Promise<void> {
    return this.#parts.control.retry(this.id, options)
  }

  /** Moves a run that stands still to a declared target of its state, without its handler. */
  skip<const S extends D['state']>(to: S, data: SentTo<D, S>, said: Said = {}): Promise<void> {
    return this.#parts.control.skip(this.id, to, data, said)
  }

  /** Leaves out the compensation that failed and goes on with the next. */
  skipCompensation(said: Said = {}): Promise<void> {
    return this.#parts.control.skipCompensation(this.id, said)
  }

  /** A new run that begins where this one stood at a checkpoint. This one stays as it is. */
  async fork(options: ForkOptions = {}): Promise<RunHandle<D>> {
    return new RunHandle(await this.#parts.fork(this.id, options), this.#parts)
  }

  /** Looks at the run until `look` finds something; `first` is done once one listens. */
  async #follow<T>(
    first: (() => Promise<void>) | undefined,
    look: (view: RunView) => { readonly value: T } | undefined | Promise<{ readonly value: T } | undefined>,
  ): Promise<T> {
    const watch = this.#parts.watch(this.id)
    try {
      await first?.()
      for (;;) {
        const found = await look(await this.view())
        if (found) return found.value
        await watch.next()
      }
    } finally {
      watch.end()
    }
  }
}

function outcomeError({ id, status, failure, state }: RunView): StepwrightError {
  const name = failure && failure.name !== status ? `${failure.name}: ` : ''
  const why = failure ? `: ${name}${failure.message}` : ''
  const said = status === 'failed' ? `failed in ${quote(state)}` : `is ${status} in ${quote(state)}`
  return isEnded(status)
    ? new StepwrightError('run-failed', {
        what: `Run ${quote(id)} ${said}${why}`,
        remedy: 'See its history with run.events() or `stepwright show`',
        details: { run: id, state, status, failure },
      })
    : new StepwrightError('run-parked', {
        what: `Run ${quote(id)} ${said}${why}`,
        remedy: 'Mend the cause, then resume it with run.resume()',
        details: { run: id, state, status, failure },
      })
}
