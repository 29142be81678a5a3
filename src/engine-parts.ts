/// <reference lib="esnext.disposable" preserve="true" />
import { compile } from './compile/machine.ts'
import { readDefinition } from './definition/read-definition.ts'
import type { Inspector } from './inspect/bridge/inspector.ts'
import { startInspection } from './inspection.ts'
import { systemHost, type Host } from './model/host.ts'
import { readSettings, type EngineOptions, type Settings } from './options.ts'
import { Admission } from './control/admission.ts'
import { closedError } from './control/closing.ts'
import { Control } from './control/control.ts'
import { Feed } from './control/feed.ts'
import { followText } from './control/streaming.ts'
import { Housekeeper } from './control/housekeeper.ts'
import { forkRun } from './control/forking.ts'
import { nothingYet, type Kernel } from './runtime/kernel.ts'
import { Library, type Loaded } from './runtime/library.ts'
import { Mailbox } from './control/mailbox.ts'
import { openLibrary } from './control/opening.ts'
import { ask } from './control/querying.ts'
import type { HandleParts } from './control/run-handle.ts'
import { RunStore } from './control/run-store.ts'
import { Worker } from './runtime/worker.ts'
import { ScheduleBook } from './schedule/schedule-book.ts'
import { schedulePort } from './schedules.ts'
import { checkForeign, makeStore } from './store/open-store.ts'
import type { Store } from './store/store.ts'

/** The parts of one engine, and how they hang together: the only place that wires them. */
export class EngineParts {
  readonly store: Store
  readonly host: Host
  readonly settings: Settings
  readonly feed = new Feed()
  readonly library = new Library()
  readonly kernel: Kernel
  readonly runs: RunStore
  readonly mailbox: Mailbox
  readonly control: Control
  readonly admission: Admission
  readonly schedules: ScheduleBook
  readonly worker: Worker
  readonly housekeeper: Housekeeper | undefined
  /** What the handles of runs work with. */
  readonly handles: HandleParts
  readonly #options: EngineOptions
  #opening: Promise<void> | undefined
  #inspector: Inspector | undefined
  #closed = false

  /** `prepare`: what becomes of a workflow before it is loaded; tests put stand-ins for its handlers there. */
  constructor(options: EngineOptions, prepare: (loaded: Loaded) => Loaded = (loaded) => loaded) {
    const resources = (options.resources ?? {}) as object
    this.settings = readSettings(options, resources)
    this.#options = options
    this.host = options.host ?? systemHost
    const store = makeStore(options.store === undefined ? 'memory' : options.store)
    this.store = checkForeign(store, this.host, this.settings.storeTimeoutMs)
    for (const workflowClass of options.workflows) {
      const machine = compile(readDefinition(workflowClass))
      const instance = Object.freeze(new machine.definition.workflowClass()) // so that `this.count++` fails at once instead of being lost
      this.library.add(prepare({ machine, instance, config: undefined }))
    }
    this.library.checkChildren()
    this.kernel = {
      store: this.store,
      host: this.host,
      worker: `w${this.host.newId()}`,
      library: this.library,
      resources,
      limits: this.settings.limits,
      ...nothingYet(this.store, this.host, this.settings.seal),
      announce: (committed) => this.feed.announce(committed),
      announcePart: (settled) => this.feed.announcePart(settled),
      stir: (run) => this.feed.stir(run),
      nudge: () => this.worker.look(),
      fire: (id, due) =>
        this.schedules.fire(
          id,
          due.map(({ key }) => ({ collection: 'due', key })),
        ),
      warn: options.onWarning ?? ((message) => process.emitWarning(message, 'StepwrightWarning')),
    }
    this.admission = new Admission(this.settings.limits.starts, this.host)
    this.runs = new RunStore(this.kernel)
    this.mailbox = new Mailbox(this.kernel, this.runs)
    this.control = new Control(this.kernel)
    this.schedules = new ScheduleBook(
      schedulePort({
        kernel: this.kernel,
        runs: this.runs,
        control: this.control,
        ready: () => (this.#closed ? Promise.resolve() : this.open()),
      }),
    )
    this.worker = new Worker(this.kernel, this.settings)
    this.feed.subscribe((committed) => this.worker.heard(committed))
    const kept = { runs: this.runs, kernel: this.kernel }
    this.housekeeper = options.retention && new Housekeeper(options.retention, kept)
    this.handles = {
      runs: this.runs,
      mailbox: this.mailbox,
      control: this.control,
      machineOf: (run) => this.library.get(run).machine,
      visit: (id) => this.worker.visit(id),
      fork: (id, options) => forkRun(id, options, this.runs, this.kernel),
      query: (view, name) => ask(view, name, this.library.get(view), this.kernel),
      newId: this.host.newId,
      stream: (id, after, watch) => followText(id, after, { runs: this.runs, store: this.store, watch }),
      watch: (id) => this.feed.watch(id, this.host, this.store.shared ? this.settings.pollMs : Infinity),
    }
  }

  get inspectUrl(): string | undefined {
    return this.#inspector?.url
  }

  get inspectPage(): string | undefined {
    return this.#inspector?.page
  }

  open(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError())
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined // the next call tries again
      throw error
    })
    return this.#opening
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    await Promise.all([this.worker.stop(), this.housekeeper?.stop()])
    this.feed.close(closedError())
    await this.#inspector?.close()
    await this.store.close()
  }

  async #open(): Promise<void> {
    await openLibrary(this.kernel, this.#options.config ?? {})
    this.#inspector ??= await startInspection(this.#options.inspect, this)
    if (!this.settings.driving) return
    await this.worker.start()
    this.housekeeper?.start()
  }
}
