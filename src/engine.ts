/// <reference lib="esnext.disposable" preserve="true" />
import { StepwrightError, quote } from './errors/stepwright-error.ts'
import { compile, type Machine } from './compile/machine.ts'
import { readDefinition } from './definition/read-definition.ts'
import type { AnyClass, ShapeOf, StartOf } from './definition/shape.ts'
import { startInspector, type Inspector } from './inspect/inspector.ts'
import type { InspectorParts } from './inspect/inspector-parts.ts'
import { checkId } from './model/identifier.ts'
import { systemHost, type Host } from './model/host.ts'
import { isParked } from './model/status.ts'
import { parseWith } from './model/schema.ts'
import { readSettings, type EngineOptions, type Settings } from './options.ts'
import { advance } from './runtime/advance.ts'
import { Feed } from './runtime/feed.ts'
import type { Committed, Kernel, Loaded } from './runtime/kernel.ts'
import { RunHandle, type HandleParts } from './runtime/run-handle.ts'
import { publish, RunStore, type RunFilter, type Start } from './runtime/run-store.ts'
import type { RunView } from './runtime/run-view.ts'
import { Worker } from './runtime/worker.ts'
import { makeStore } from './store/open-store.ts'
import { duePut } from './store/due-list.ts'
import { RunDocument } from './store/run-document.ts'
import { SessionDocument } from './store/session-document.ts'
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
  readonly #loaded = new Map<string, Loaded>()
  readonly #kernel: Kernel
  readonly #runs: RunStore
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
    this.store = makeStore(options.store === undefined ? 'memory' : options.store)
    const machines = options.workflows.map((workflowClass) => compile(readDefinition(workflowClass)))
    this.#kernel = {
      store: this.store,
      host: this.#host,
      worker: `w${this.#host.newId()}`,
      loaded: this.#loaded,
      resources,
      announce: (committed) => this.#feed.announce(committed),
      warn: options.onWarning ?? ((message) => process.emitWarning(message, 'StepwrightWarning')),
    }
    for (const machine of machines) this.#load(machine)
    this.#runs = new RunStore(this.#kernel)
    this.#worker = new Worker(this.#kernel, this.#settings)
    this.#parts = {
      runs: this.#runs,
      machineOf: (workflow) => this.#of(workflow).machine,
      nudge: () => this.#worker.look(),
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
   * @throws StepwrightError `invalid-input`, `invalid-id`, `run-exists`, `not-storable`
   */
  async start<C extends W>(
    workflow: C,
    input: StartOf<ShapeOf<C>>,
    options: Start = {},
  ): Promise<RunHandle<ShapeOf<C>>> {
    await this.open()
    const definition = readDefinition(workflow)
    const loaded = this.#of(definition.name)
    if (loaded.machine.definition !== definition)
      throw unknownWorkflow(definition.name, 'another class of that name')
    const owned = this.#settings.driving && this.#worker.free
    const { document, created } = await this.#runs.start(loaded, input, options, owned)
    if (created && owned && document.run.status === 'running') this.#worker.take(document, loaded, false)
    else this.#worker.look()
    return new RunHandle(document.run.id, this.#parts)
  }

  /** The run with that id. Throws `unknown-run`; a store that fails is an error of its own. */
  async get<C extends W = W>(id: string): Promise<RunHandle<ShapeOf<C>>> {
    await this.open()
    await this.#runs.view(id)
    return new RunHandle(id, this.#parts)
  }

  /** Runs that fit the filter, newest first. */
  async list(filter: RunFilter = {}): Promise<readonly RunView[]> {
    await this.open()
    return this.#runs.list(filter)
  }

  /** Sends a signal to a run whose class is not at hand; see {@link RunHandle.signal}. */
  async signal(
    id: string,
    name: string,
    payload: unknown,
    options: { readonly id?: string } = {},
  ): Promise<{ readonly id: string; readonly duplicate: boolean }> {
    await this.open()
    const accepted = await this.#runs.signal(id, name, payload, options.id)
    this.#worker.look()
    return accepted
  }

  /** Waits for the end of a run; see {@link RunHandle.result}. */
  async result(id: string): Promise<{ readonly state: string | number; readonly data: unknown }> {
    const run = await this.get(id)
    return (await run.result()) as { state: string | number; data: unknown }
  }

  /** A session: its state, its runs, and a way to go on with them. */
  session(id: string): EngineSession {
    checkId('session', id)
    return {
      id,
      state: async () => {
        await this.open()
        return (await SessionDocument.load(this.store, id, this.#host.newId)).state
      },
      runs: async () => this.list({ session: id, limit: Number.MAX_SAFE_INTEGER }),
      resume: async () => {
        const runs = await this.list({ session: id, limit: Number.MAX_SAFE_INTEGER })
        const open = runs.filter(({ status }) => status !== 'completed' && status !== 'failed')
        return Promise.all(open.map((run) => this.resume(run.id)))
      },
    }
  }

  /** Goes on with a run now: one that waits is looked at again, one that was parked is given back to the workers. */
  async resume(id: string): Promise<RunHandle> {
    await this.open()
    const view = await this.#runs.view(id)
    if (isParked(view.status)) await this.#unpark(id)
    this.#worker.visit(id)
    return new RunHandle(id, this.#parts)
  }

  /** Every commit of this engine, after it was acknowledged. Returns what ends the subscription. */
  subscribe(listener: (committed: Committed) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  /** The compiled machine of a workflow class. */
  machine(workflow: W): Machine {
    return this.#of(readDefinition(workflow).name).machine
  }

  /** Where the XState inspector's protocol is served, once open; `undefined` without `inspect`. */
  get inspectUrl(): string | undefined {
    return this.#inspector?.url
  }

  /** Nothing is being driven or looked for in this process. */
  get idle(): boolean {
    return this.#worker.idle
  }

  /** Stops driving: attempts are aborted, their runs left for the next worker, the store closed. */
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
    const { store, warn, loaded } = this.#kernel
    for (const [name, { machine, instance }] of loaded) {
      const config = await parseWith(machine.definition.config, this.#options.config ?? {})
      if (!config.ok)
        throw new StepwrightError('invalid-options', {
          what: `config does not fit ${name}: ${config.reasons.join('; ')}`,
          remedy: 'Mend the config given to createEngine',
        })
      this.#loaded.set(name, { machine, instance, config: config.value })
    }
    for (const warning of await store.open()) warn(warning)
    await store.write({ put: [...loaded.values()].map(({ machine }) => publish(machine)) })
    const { inspect } = this.#options
    if (inspect)
      this.#inspector ??= await startInspector(this.#inspectorParts(), inspect === true ? {} : inspect)
    if (this.#settings.driving) await this.#worker.start()
  }

  #inspectorParts(): InspectorParts {
    return {
      subscribe: (listener) => this.#feed.subscribe(listener),
      list: (page) => this.#runs.list(page),
      machineOf: (workflow) => this.#of(workflow).machine,
      signal: (id, name, payload) => this.signal(id, name, payload),
      warn: this.#kernel.warn,
    }
  }

  #load(machine: Machine): void {
    const { name, workflowClass } = machine.definition
    if (this.#loaded.has(name))
      throw new StepwrightError('invalid-options', {
        what: `Two workflows are called ${quote(name)}`,
        remedy: 'Give one of them another name in @workflow({ name })',
      })
    const instance = Object.freeze(new workflowClass()) // so that `this.count++` fails at once instead of being lost
    this.#loaded.set(name, { machine, instance, config: undefined })
  }

  #of(workflow: string): Loaded {
    const loaded = this.#loaded.get(workflow)
    if (loaded) return loaded
    throw unknownWorkflow(workflow, [...this.#loaded.keys()].map(quote).join(', '))
  }

  async #unpark(id: string): Promise<void> {
    const document = await RunDocument.load(this.store, id, this.#host.newId)
    if (!document) return
    const { machine } = this.#of(document.run.workflow)
    const { run, happenings } = advance(machine, document.run, { type: 'unparked' }, this.#host.now())
    const put = [duePut(run.updatedAt, id, 'resumed')]
    if (await document.commit(run, happenings, { put }))
      this.#feed.announce({ run, revision: document.revision, happenings })
  }
}

/** Runs that share state: a conversation, a customer. */
export interface EngineSession {
  readonly id: string
  /** What handlers have made of it; `undefined` before the first change. */
  state(): Promise<unknown>
  /** All its runs, newest first. */
  runs(): Promise<readonly RunView[]>
  /** Goes on with every run of it that has not ended. */
  resume(): Promise<readonly RunHandle[]>
}

function closedError(): StepwrightError {
  return new StepwrightError('engine-closed', {
    what: 'This engine was closed',
    remedy: 'Make a new one with createEngine; runs go on from where they stand',
  })
}

function unknownWorkflow(name: string, has: string): StepwrightError {
  return new StepwrightError('unknown-workflow', {
    what: `This engine has no workflow ${quote(name)}; it has ${has}`,
    remedy: 'Add its class to createEngine({ workflows })',
    details: { workflow: name },
  })
}
