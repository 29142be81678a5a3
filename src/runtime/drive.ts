/**
 * The only loop that moves runs: load, perform, advance, commit, again, until the run waits, ends or is taken away.
 *
 * I3 A handler is called, and a watcher told, only after the commit that leads to it.
 * I4 A committed result is never computed again: what to do next is read from the committed document alone.
 * I5, I10 A run that the loaded code cannot go on with is parked with a reason.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { judge } from '../model/failure.ts'
import { visitOf } from '../model/run.ts'
import { parseWith, type Schema } from '../model/schema.ts'
import { duePut } from '../store/due-list.ts'
import { readInbox, taken, type Message } from '../store/inbox.ts'
import { Memos } from '../store/memos.ts'
import type { Along, Patience, RunDocument } from '../store/run-document.ts'
import { SessionDocument } from '../store/session-document.ts'
import type { Delete } from '../store/store.ts'
import { advance, type RunEvent } from './advance.ts'
import { attempt, edgeData, failureEvent, fit, type AttemptOutcome, type AttemptParts } from './attempt.ts'
import type { Kernel, Loaded } from './kernel.ts'

/** What is given to one turn of driving a run. */
export interface Turn {
  readonly document: RunDocument
  readonly loaded: Loaded
  readonly kernel: Kernel
  /** Fires when the worker must let go. */
  readonly stop: AbortSignal
  /** Entries of the due list that this turn answers; they go with its first commit. */
  readonly due: readonly Delete[]
  /** The run was loaded from the store: earlier attempts of this visit may have saved results. */
  readonly resumed: boolean
}

/** Drives a run as far as it goes now. Throws `fenced` where another worker has taken it. */
export async function drive(turn: Turn): Promise<void> {
  await new Driver(turn).run()
}

class Driver {
  readonly #turn: Turn
  readonly #patience: Patience
  #due: readonly Delete[]
  #memos: Memos | undefined

  constructor(turn: Turn) {
    this.#turn = turn
    this.#due = turn.due
    this.#memos = turn.resumed ? undefined : Memos.none(turn.kernel.store, turn.document.run)
    this.#patience = makePatience(turn)
  }

  async run(): Promise<void> {
    const { document, kernel, stop } = this.#turn
    for (;;) {
      const { run } = document
      if (run.status === 'running' && run.worker === kernel.worker && !stop.aborted) {
        if (!(await this.#perform())) break
      } else if (run.status !== 'waiting' || stop.aborted || !(await this.#answer())) break
    }
    if (stop.aborted && document.run.status === 'running' && document.run.worker === kernel.worker) {
      const { id } = document.run
      await this.#commit({ type: 'released' }, { put: [duePut(kernel.host.now(), id, 'released')] })
    } else if (this.#due.length > 0) await kernel.store.write({ delete: this.#due })
  }

  /** Runs the handler of the present state. `false`: it was stopped. */
  async #perform(): Promise<boolean> {
    const { document, kernel, loaded, stop } = this.#turn
    const { run } = document
    this.#memos ??= await Memos.load(kernel.store, run)
    const memos = this.#memos
    const session = await this.#session()
    const parts: AttemptParts = {
      ...loaded,
      ...kernel,
      session: session.state,
      stop,
      memos: {
        has: (key) => memos.has(key),
        get: (key) => memos.get(key),
        save: (key, value) => memos.save(key, value, document.fence),
      },
    }
    const outcome = await attempt(run, parts)
    if (!outcome) return false
    try {
      await this.#commitOutcome(outcome, session.document)
    } catch (error) {
      if (!(error instanceof StepwrightError) || !['not-storable', 'invalid-data'].includes(error.code))
        throw error
      await this.#commit(await failureEvent(run, error, parts)) // what a handler hands over can turn out wrong as late as here
    }
    return true
  }

  async #commitOutcome(
    { event, session: changes }: AttemptOutcome,
    document: SessionDocument | undefined,
  ): Promise<void> {
    const { kernel, loaded } = this.#turn
    const schema = loaded.machine.definition.session
    if (changes.length === 0 || !schema || !document) return this.#commit(event)
    for (
      let current = document;
      ;
      current = await SessionDocument.load(kernel.store, current.id, kernel.host.newId)
    ) {
      let state = current.state ?? (await emptySession(schema))
      for (const change of changes) state = apply(change, state)
      const replaced = current.replaced(
        await fit(schema, state, 'invalid-data', `The session ${quote(current.id)}`),
      )
      if (await this.#tryCommit(event, { put: replaced })) return
      const [row] = await kernel.store.get('run', [this.#turn.document.run.id])
      if (row?.revision !== this.#turn.document.revision) throw fenced(this.#turn)
      // another run changed the session first: the changes are made again, on what it is now
    }
  }

  /** Looks whether a waiting run can go on: a signal it awaits, or a timer that is due. `false`: it goes on waiting. */
  async #answer(): Promise<boolean> {
    const { document, kernel, loaded } = this.#turn
    const { run } = document
    const state = loaded.machine.state(run.state)
    const now = kernel.host.now()
    const due = run.timer !== undefined && run.timer.at <= now
    if (run.timer?.kind === 'retry') {
      if (due) await this.#commit({ type: 'retry-due', worker: kernel.worker })
      return due
    }
    if (state.kind !== 'wait')
      throw new StepwrightError('corrupt-document', {
        what: `Run ${quote(run.id)} waits in ${quote(run.state)}, which does not wait`,
        remedy: 'Restore it from a backup',
      })
    for (const message of await readInbox(kernel.store, run.id)) {
      if (due && message.at > (run.timer?.at ?? Infinity)) break // it came after the end of the wait
      const wrong = await this.#wrongWith(message)
      if (wrong !== undefined) {
        const { name, id } = message
        await this.#commit({ type: 'signal-refused', name, id, reason: wrong }, { delete: [taken(message)] })
        continue
      }
      if (!state.on.has(message.name)) continue
      const { key: _key, ...signal } = message
      await this.#commit({ type: 'signalled', worker: kernel.worker, signal }, { delete: [taken(message)] })
      return true
    }
    if (!due || !state.expires) return false
    const { to, afterMs } = state.expires
    try {
      const data = await edgeData(
        loaded.machine,
        state.expires,
        [run.data],
        `The expires edge of ${quote(state.name)}`,
      )
      await this.#commit({ type: 'moved', worker: kernel.worker, exit: { by: 'expires', to, afterMs }, data })
    } catch (error) {
      if (error instanceof StepwrightError && (error.code === 'fenced' || error.code.startsWith('store-')))
        throw error
      await this.#commit({ type: 'failed', failure: judge(error, now).failure })
    }
    return true
  }

  async #wrongWith({ name, payload }: Message): Promise<string | undefined> {
    const schema = this.#turn.loaded.machine.definition.signals.get(name)
    if (!schema) return `no signal ${quote(name)} is declared`
    const parsed = await parseWith(schema, payload)
    return parsed.ok ? undefined : parsed.reasons.join('; ')
  }

  /** The session as this attempt sees it; workflows that declare none pay for no read. */
  async #session(): Promise<{ document?: SessionDocument; state: unknown }> {
    const { kernel, document, loaded } = this.#turn
    const schema = loaded.machine.definition.session
    if (!schema) return { state: {} }
    const session = await SessionDocument.load(kernel.store, document.run.session, kernel.host.newId)
    return { document: session, state: session.state ?? (await emptySession(schema)) }
  }

  async #commit(event: RunEvent, along: Along = {}): Promise<void> {
    if (!(await this.#tryCommit(event, along))) throw fenced(this.#turn)
  }

  async #tryCommit(event: RunEvent, along: Along): Promise<boolean> {
    const { document, kernel, loaded } = this.#turn
    const before = document.run
    const { run, happenings } = advance(loaded.machine, before, event, kernel.host.now())
    const left =
      run.status === 'completed' ||
      run.status === 'failed' ||
      run.state !== before.state ||
      visitOf(run) !== visitOf(before)
    const dropped = left ? (this.#memos?.dropped() ?? []) : []
    const batch: Along = { ...along, delete: [...dropped, ...this.#due, ...(along.delete ?? [])] }
    if (!(await document.commit(run, happenings, batch, this.#patience))) return false
    this.#due = []
    if (left) this.#memos = Memos.none(kernel.store, run)
    kernel.announce({ run, revision: document.revision, happenings })
    return true
  }
}

function emptySession(schema: Schema): Promise<unknown> {
  return fit(schema, {}, 'invalid-data', 'The empty session')
}

function apply(change: (state: unknown) => unknown, state: unknown): unknown {
  const changed = change(structuredClone(state))
  if (changed instanceof Promise)
    throw new StepwrightError('invalid-data', {
      what: 'The function given to session.update is async',
      remedy: 'Do the waiting in the handler; give update a pure function',
    })
  return changed
}

function fenced({ document }: Turn): StepwrightError {
  const { id } = document.run
  return new StepwrightError('fenced', {
    what: `Run ${quote(id)} has moved on past revision ${document.revision}, in other hands`,
    remedy: 'Nothing to do: whoever has it now goes on',
    details: { run: id },
  })
}

/** While the store is away, waits longer and longer, and gives up only when the worker is stopped. */
function makePatience({ kernel, stop }: Turn): Patience {
  return (error, tries) => {
    if (tries === 1) kernel.warn(error.message)
    if (stop.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const cancel = kernel.host.alarm(kernel.host.now() + Math.min(50 * 2 ** tries, 2_000), () =>
        resolve(true),
      )
      stop.addEventListener('abort', () => (cancel(), resolve(false)), { once: true })
    })
  }
}
