/// <reference lib="esnext.disposable" preserve="true" />
import { compile, type Machine } from './compile/machine.ts'
import { readDefinition } from './definition/read-definition.ts'
import type { AnyClass, ShapeOf, StartOf } from './definition/shape.ts'
import type { Inspector } from './inspect/inspector.ts'
import { startInspection } from './inspection.ts'
import { checkId } from './model/identifier.ts'
import { systemHost, type Host } from './model/host.ts'
import { readSettings, type EngineOptions, type Settings } from './options.ts'
import { Admission } from './control/admission.ts'
import { closedError } from './control/closing.ts'
import { doInBulk, type BulkOptions, type BulkResult } from './control/bulk.ts'
import { Control, type BulkVerb } from './control/control.ts'
import type { Start } from './runtime/creation.ts'
import { Feed } from './control/feed.ts'
import { forkRun } from './control/forking.ts'
import { nothingYet, type Committed, type Kernel, type Loaded } from './runtime/kernel.ts'
import { Library } from './runtime/library.ts'
import { Mailbox, type Accepted, type Send } from './control/mailbox.ts'
import { migrateRuns, type MigrationReport } from './control/migrating.ts'
import { openLibrary } from './control/opening.ts'
import { ask } from './control/querying.ts'
import { repairRun, type RepairOptions, type RepairReport } from './control/repairing.ts'
import { RunHandle, type HandleParts } from './control/run-handle.ts'
import { RunStore, type RunFilter } from './control/run-store.ts'
import type { RunView } from './control/run-view.ts'
import { verifyRun, type Verification } from './control/verifying.ts'
import { Worker } from './runtime/worker.ts'
import { ScheduleBook } from './schedule/schedule-book.ts'
import type { ScheduleOptions, ScheduleView } from './schedule/schedule.ts'
import { schedulePort } from './schedules.ts'
import { EngineSession } from './session.ts'
import { checkForeign, makeStore } from './store/open-store.ts'
import type { Store } from './store/store.ts'

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
  /** Where the runs are kept. */
  readonly store: Store
  readonly #host: Host
  readonly #settings: Settings
  readonly #options: EngineOptions
  readonly #feed = new Feed()
  readonly #library = new Library()
  readonly #kernel: Kernel
  readonly #runs: RunStore
  readonly #mailbox: Mailbox
  readonly #control: Control
  readonly #admission: Admission
  /** Schedules that start runs; stored, and worked by whichever engine is there. */
  readonly schedules: ScheduleBook
  readonly #worker: Worker
  readonly #parts: HandleParts
  #opening: Promise<void> | undefined
  #inspector: Inspector | undefined
  #closed = false

  /** @internal */
  constructor(options: EngineOptions) {
    const resources = (options.resources ?? {}) as object
    this.#settings = readSettings(options, resources)
    this.#options = options
    this.#host = options.host ?? systemHost
    const store = makeStore(options.store === undefined ? 'memory' : options.store)
    this.store = checkForeign(store, this.#host, this.#settings.storeTimeoutMs)
    for (const workflowClass of options.workflows) {
      const machine = compile(readDefinition(workflowClass))
      const instance = Object.freeze(new machine.definition.workflowClass()) // so that `this.count++` fails at once instead of being lost
      this.#library.add({ machine, instance, config: undefined })
    }
    this.#library.checkChildren()
    this.#kernel = {
      store: this.store,
      host: this.#host,
      worker: `w${this.#host.newId()}`,
      library: this.#library,
      resources,
      limits: this.#settings.limits,
      ...nothingYet(this.store, this.#host, this.#settings.seal),
      announce: (committed) => this.#feed.announce(committed),
      nudge: () => this.#worker.look(),
      fire: (id, due) => this.schedules.fire(id, due),
      warn: options.onWarning ?? ((message) => process.emitWarning(message, 'StepwrightWarning')),
    }
    this.#admission = new Admission(this.#settings.limits.starts, this.#host)
    this.#runs = new RunStore(this.#kernel)
    this.#mailbox = new Mailbox(this.#kernel, this.#runs)
    this.#control = new Control(this.#kernel)
    this.schedules = new ScheduleBook(
      schedulePort({
        kernel: this.#kernel,
        runs: this.#runs,
        control: this.#control,
        ready: () => (this.#closed ? Promise.resolve() : this.open()),
      }),
    )
    this.#worker = new Worker(this.#kernel, this.#settings)
    this.#feed.subscribe((committed) => this.#worker.heard(committed))
    this.#parts = {
      runs: this.#runs,
      mailbox: this.#mailbox,
      control: this.#control,
      machineOf: (run) => this.#of(run).machine,
      visit: (id) => this.#worker.visit(id),
      fork: (id, options) => forkRun(id, options, this.#runs, this.#kernel),
      query: (view, name) => ask(view, name, this.#of(view), this.#kernel),
      newId: this.#host.newId,
      watch: (id) => this.#feed.watch(id, this.#host, this.store.shared ? this.#settings.pollMs : Infinity),
    }
    this.open().catch(() => undefined) // the first call reports it
  }

  /** Opens the store and takes up what is due there; every other call does so too. Throws what is wrong with it. */
  open(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError())
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined // the next call tries again
      throw error
    })
    return this.#opening
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
    return this.#admission.admit(async () => {
      await this.open()
      const definition = readDefinition(workflow)
      const loaded = this.#of({ workflow: definition.name, version: definition.version })
      if (loaded.machine.definition !== definition)
        throw this.#library.unknown(definition.name, 'another class of that name')
      const owned = this.#settings.driving && this.#worker.free
      const { document, created } = await this.#runs.start(loaded, input, options, owned)
      const taken = created && owned && document.run.status === 'running'
      if (taken) this.#worker.take(document, loaded, false)
      if (!taken || document.run.deadline !== undefined) this.#worker.look() // a deadline also rings while it is driven
      return new RunHandle(document.run.id, this.#parts)
    })
  }

  /** The run with that id. Throws `unknown-run`; a store that fails is an error of its own. */
  async get<C extends W = W>(id: string): Promise<RunHandle<ShapeOf<C>>> {
    await this.open()
    await this.#runs.view(id)
    return new RunHandle(id, this.#parts)
  }

  /** Runs that fit the filter, newest first. */
  list(filter: RunFilter = {}): Promise<readonly RunView[]> {
    return this.open().then(() => this.#runs.list(filter))
  }

  /** Sends a signal to a run whose class is not at hand; see {@link RunHandle.signal}. */
  async signal(id: string, name: string, payload: unknown, options: Send = {}): Promise<Accepted> {
    await this.open()
    return this.#mailbox.signal(id, name, payload, options)
  }

  /**
   * Sends the one signal that a token of `callbackToken` stands for, for systems that do not know the run.
   *
   * @throws StepwrightError `unknown-token` for one that was used, has expired or never was one; and as `signal` does.
   */
  async callback(token: string, payload: unknown): Promise<Accepted & { readonly run: string }> {
    await this.open()
    return this.#mailbox.callback(token, payload)
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
    return doInBulk(verb, runs, options, (id) => new RunHandle(id, this.#parts))
  }

  /** What becomes of every live run with the code that is loaded: it stays, is mapped, or is blocked; without `dryRun` it is mapped now. */
  async migrate({ dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<readonly MigrationReport[]> {
    await this.open()
    return migrateRuns(this.#runs, this.#kernel, dryRun)
  }

  /** Checks all that is stored of a run: its history, its pieces, and its document against them. Throws `unknown-run`. */
  verify(id: string): Promise<Verification> {
    return this.open().then(() => verifyRun(id, this.#kernel))
  }

  /** Makes the damaged document of a run anew from its history; the run is `paused` then. Throws `not-possible` for one that can be read. */
  repair(id: string, options: RepairOptions = {}): Promise<RepairReport> {
    return this.open().then(() => repairRun(id, options, this.#kernel))
  }

  /** Every commit of this engine, after it was acknowledged. Returns what ends the subscription. */
  subscribe(listener: (committed: Committed) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  /** The compiled machine of a workflow class. */
  machine(workflow: W): Machine {
    const { name, version } = readDefinition(workflow)
    return this.#of({ workflow: name, version }).machine
  }

  /** Where the XState inspector's protocol is served, once open; `undefined` without `inspect`. */
  get inspectUrl(): string | undefined {
    return this.#inspector?.url
  }

  /** Nothing is being driven or looked for in this process. */
  get idle(): boolean {
    return this.#worker.idle
  }

  /** Stops driving: attempts are aborted, their runs left for the next worker, the store closed. Waits 10 seconds at most for what does not end. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    await this.#worker.stop()
    this.#feed.close(closedError())
    await this.#inspector?.close()
    await this.store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #open(): Promise<void> {
    await openLibrary(this.#kernel, this.#options.config ?? {})
    this.#inspector ??= await startInspection(this.#options.inspect, {
      kernel: this.#kernel,
      runs: this.#runs,
      feed: this.#feed,
      signal: (id, name, payload) => this.signal(id, name, payload),
    })
    if (this.#settings.driving) await this.#worker.start()
  }

  #of(run: Pick<RunView, 'workflow' | 'version'>): Loaded {
    const loaded = this.#library.of(run)
    if (loaded) return loaded
    throw this.#library.unknown(run.workflow)
  }
}
