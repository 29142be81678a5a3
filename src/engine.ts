/// <reference lib="esnext.disposable" preserve="true" />
import type { Machine } from './compile/machine.ts'
import { readDefinition } from './definition/read-definition.ts'
import type { AnyClass, ShapeOf, StartOf } from './definition/shape.ts'
import { checkId } from './model/identifier.ts'
import { EngineParts } from './engine-parts.ts'
import type { EngineOptions } from './options.ts'
import { doInBulk, type BulkOptions, type BulkResult } from './control/bulk.ts'
import type { BulkVerb } from './control/control.ts'
import type { Start } from './runtime/creation.ts'
import type { Committed } from './runtime/kernel.ts'
import type { Accepted, Send } from './control/mailbox.ts'
import type { MigrationReport } from './control/judging.ts'
import { migrateRuns } from './control/migrating.ts'
import { progressOf, type PartsProgress } from './control/parts-progress.ts'
import { prune, type PruneOptions, type PruneReport } from './control/pruning.ts'
import { repairRun, type RepairOptions, type RepairReport } from './control/repairing.ts'
import { RunHandle } from './control/run-handle.ts'
import type { RunFilter } from './control/run-store.ts'
import type { RunView } from './control/run-view.ts'
import { verifyRun, type Verification } from './control/verifying.ts'
import type { ScheduleBook } from './schedule/schedule-book.ts'
import type { ScheduleOptions, ScheduleView } from './schedule/schedule.ts'
import { EngineSession } from './session.ts'
import type { Store } from './store/store.ts'
import type { Loaded } from './runtime/library.ts'

/**
 * Makes an engine. It opens its store at once, and goes on with whatever runs a dead process has left there.
 *
 * @throws StepwrightError `invalid-options`. Trouble with the store is thrown by the first call, or by `open()`.
 * @example
 * const engine = createEngine({ workflows: [Article], store: 'sqlite:runs.db', resources: { llm } })
 * const run = await engine.start(Article, { topic: 'state machines' }, { id: 'article-7', session: 'ada' })
 * console.log(await run.result())
 */
export function createEngine<const W extends readonly AnyClass[]>(
  options: EngineOptions<W>,
): Engine<W[number]> {
  return new Engine(options as EngineOptions)
}

/** Starts runs, drives them, and answers for them. Made by {@link createEngine}. */
export class Engine<W extends AnyClass = AnyClass> {
  readonly #parts: EngineParts

  /** @internal */
  constructor(options: EngineOptions, prepare?: (loaded: Loaded) => Loaded) {
    this.#parts = new EngineParts(options, prepare)
    this.open().catch(() => undefined) // the first call reports it
  }

  /** Where the runs are kept. */
  get store(): Store {
    return this.#parts.store
  }

  /** Schedules that start runs; stored, and worked by whichever engine is there. */
  get schedules(): ScheduleBook {
    return this.#parts.schedules
  }

  /** Opens the store and takes up what is due there; every other call does so too. Throws what is wrong with it. */
  open(): Promise<void> {
    return this.#parts.open()
  }

  /**
   * Starts a run and returns once it is stored. With an `id` that was used before for the same workflow and input,
   * gives that run; runs with the same `session` share its state.
   *
   * @throws StepwrightError `invalid-input`, `invalid-id`, `run-exists`, `not-storable`, `too-large`, and `overloaded` with
   *   `details.retryAfterMs`
   */
  async start<C extends W>(
    workflow: C,
    input: StartOf<ShapeOf<C>>,
    options: Start = {},
  ): Promise<RunHandle<ShapeOf<C>>> {
    return this.#parts.admission.admit(async () => {
      await this.open()
      const definition = readDefinition(workflow)
      const loaded = this.#parts.library.get({ workflow: definition.name, version: definition.version })
      if (loaded.machine.definition !== definition)
        throw this.#parts.library.unknown(definition.name, 'another class of that name')
      const owned = this.#parts.settings.driving && this.#parts.worker.free
      const { document, created } = await this.#parts.runs.start(loaded, input, options, owned)
      const taken = created && owned && document.run.status === 'running'
      if (taken) this.#parts.worker.take(document, loaded, false)
      if (!created && document.run.worker === this.#parts.kernel.worker)
        this.#parts.worker.visit(document.run.id) // the reply to its start was lost
      if (!taken || document.run.deadline !== undefined) this.#parts.worker.look() // a deadline also rings while it is driven
      return new RunHandle(document.run.id, this.#parts.handles)
    })
  }

  /** The run with that id. Throws `unknown-run`; a store that fails is an error of its own. */
  async get<C extends W = W>(id: string): Promise<RunHandle<ShapeOf<C>>> {
    await this.open()
    await this.#parts.runs.view(id)
    return new RunHandle(id, this.#parts.handles)
  }

  /** Runs that fit the filter, newest first. */
  async list(filter: RunFilter = {}): Promise<readonly RunView[]> {
    await this.open()
    return this.#parts.runs.list(filter)
  }

  /** The ids of all runs, newest first: for going over more than one wants to hold. Nothing of them is read. */
  async *ids(): AsyncGenerator<string> {
    await this.open()
    yield* this.#parts.runs.ids()
  }

  /** The run as it is stored; `undefined` where there is none. One that is damaged is shown as `corrupt`, as `list` does. */
  async find(id: string): Promise<RunView | undefined> {
    await this.open()
    return this.#parts.runs.findAny(id)
  }

  /** Sends a signal to a run whose class is not at hand; see {@link RunHandle.signal}. */
  async signal(id: string, name: string, payload: unknown, options: Send = {}): Promise<Accepted> {
    await this.open()
    return this.#parts.mailbox.signal(id, name, payload, options)
  }

  /**
   * Sends the one signal that a token of `callbackToken` stands for, for systems that do not know the run.
   *
   * @throws StepwrightError `unknown-token` for one that was used, has expired or never was one; and as `signal` does.
   */
  async callback(token: string, payload: unknown): Promise<Accepted & { readonly run: string }> {
    await this.open()
    return this.#parts.mailbox.callback(token, payload)
  }

  /** Waits for the end of a run; see {@link RunHandle.result}. */
  async result(id: string): Promise<{ readonly state: string | number; readonly data: unknown }> {
    return (await (await this.get(id)).result()) as { state: string | number; data: unknown }
  }

  /** A session: its state, its runs, and a way to go on with them. */
  session(id: string): EngineSession {
    return new EngineSession(checkId('session', id), this)
  }

  /**
   * Stores a schedule that starts runs of a workflow; the same again gives the one that is there. See `schedules` for
   * what can be done with it.
   *
   * @throws StepwrightError `invalid-schedule`, `invalid-input`, `schedule-exists`
   * @example
   * await engine.schedule(Report, { of: 'sales' }, { id: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin' })
   */
  async schedule<C extends W>(
    workflow: C,
    input: StartOf<ShapeOf<C>>,
    options: Omit<ScheduleOptions, 'workflow' | 'input'>,
  ): Promise<ScheduleView> {
    return this.schedules.create({ ...options, workflow: readDefinition(workflow).name, input })
  }

  /** Goes on with a run now; see {@link RunHandle.resume}. */
  async resume(id: string): Promise<RunHandle> {
    const run = await this.get(id)
    await run.resume()
    return run as RunHandle
  }

  /** Does one thing with every run that fits a filter, each on its own; `dryRun` only says what would be done. */
  async bulk(verb: BulkVerb, filter: RunFilter, options: BulkOptions = {}): Promise<readonly BulkResult[]> {
    const runs = await this.list({ limit: Number.MAX_SAFE_INTEGER, ...filter })
    return doInBulk(verb, runs, options, (id) => new RunHandle(id, this.#parts.handles))
  }

  /** What becomes of every live run with the code that is loaded: it stays, is mapped, or is blocked; without `dryRun` it is mapped now. */
  async migrate({ dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<readonly MigrationReport[]> {
    await this.open()
    return migrateRuns(this.#parts.runs, this.#parts.kernel, dryRun)
  }

  /** Removes runs that have ended, with all that belongs to them; `dryRun` only says which. Without `after` and `keep`: none. */
  async prune(options: PruneOptions): Promise<PruneReport> {
    await this.open()
    return prune(options, { runs: this.#parts.runs, kernel: this.#parts.kernel })
  }

  /** Checks all that is stored of a run: its history, its pieces, its document against them, and the rows beside it. Throws `unknown-run`. */
  async verify(id: string): Promise<Verification> {
    await this.open()
    return verifyRun(id, this.#parts.kernel)
  }

  /**
   * Makes the damaged document of a run anew from its history; the run is `paused` then. Takes out damaged letters, saved results
   * and parts that begin again. Throws `not-possible` where nothing of that is damaged.
   */
  async repair(id: string, options: RepairOptions = {}): Promise<RepairReport> {
    await this.open()
    return repairRun(id, options, this.#parts.kernel)
  }

  /** Every commit of this engine, after it was acknowledged. Returns what ends the subscription. */
  subscribe(listener: (committed: Committed) => void): () => void {
    return this.#parts.feed.subscribe(listener)
  }

  /**
   * How far branches, items and child runs have come, each time one of them has ended; of the runs that this engine
   * drives. Returns what ends the subscription.
   *
   * @example
   * engine.subscribeParts(({ run, done, failed, total }) => console.log(`${run}: ${done + failed} of ${total}`))
   */
  subscribeParts(listener: (progress: PartsProgress) => void): () => void {
    const { feed, library } = this.#parts
    return feed.subscribeParts((settled) => {
      const { run } = settled.of
      const progress = progressOf(settled, library.of(run)?.machine.definition.states.get(run.state)?.kind)
      if (progress) listener(progress)
    })
  }

  /** The compiled machine of a workflow class. */
  machine(workflow: W): Machine {
    const { name, version } = readDefinition(workflow)
    return this.#parts.library.get({ workflow: name, version }).machine
  }

  /** Where the inspectors' protocols are served, at `/` and `/stately`, once open; `undefined` without `inspect`. */
  get inspectUrl(): string | undefined {
    return this.#parts.inspectUrl
  }

  /** Where the inspector's own page is served, once open; `undefined` without `inspect`. */
  get inspectPage(): string | undefined {
    return this.#parts.inspectPage
  }

  /** Nothing is being driven or looked for in this process. */
  get idle(): boolean {
    return this.#parts.worker.idle
  }

  /** Stops driving: attempts are aborted, their runs left for the next worker, the store closed. Waits 10 seconds at most for what does not end. */
  close(): Promise<void> {
    return this.#parts.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
