import { hash } from 'node:crypto'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import { checkId, joinKey } from '../model/identifier.ts'
import { isEnded, type Status } from '../model/status.ts'
import { encode } from '../store/codec.ts'
import { duePut } from '../store/due-list.ts'
import { deliver, wasSeen } from '../store/inbox.ts'
import { readEvents, readStored, RunDocument } from '../store/run-document.ts'
import type { Put } from '../store/store.ts'
import { begin } from './advance.ts'
import { fit } from './attempt.ts'
import type { Kernel, Loaded } from './kernel.ts'
import { viewOf, type RunView } from './run-view.ts'

/** How a run is started. */
export interface Start {
  readonly id?: string
  readonly session?: string
}

/** Which runs to list, newest first. */
export interface RunFilter {
  readonly workflow?: string
  readonly status?: Status | readonly Status[]
  readonly state?: string
  readonly session?: string
  /** At most this many. Default 100. */
  readonly limit?: number
  /** Runs started before that one. */
  readonly before?: string
}

/** What can be asked and done from outside: start, read, list, signal. It moves no run; workers do. */
export class RunStore {
  readonly #kernel: Kernel

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /**
   * I6 Creates a run, or finds the one that was started with the same id, workflow and input. `owned`: this worker
   * drives it at once. `created` is false for one that was there.
   */
  async start(
    loaded: Loaded,
    input: unknown,
    options: Start,
    owned: boolean,
  ): Promise<{ document: RunDocument; created: boolean }> {
    const { store, host, worker, announce } = this.#kernel
    const { machine } = loaded
    const { definition } = machine
    const id = options.id === undefined ? host.newId() : checkId('run', options.id)
    const session = options.session === undefined ? id : checkId('session', options.session)
    const schema = machine.state(definition.initial).schema
    const data = await fit(schema, input, 'invalid-input', `The input of ${definition.name}`)
    const vars = await fit(definition.vars, {}, 'invalid-input', `The vars of ${definition.name}`)
    const inputHash = hash('sha256', JSON.stringify(encode(data, 'input')), 'base64url')
    const now = host.now()
    const { run, happenings } = begin(
      machine,
      { id, input: data, inputHash, vars, session, ...(owned ? { worker } : {}) },
      now,
    )
    const document = RunDocument.create(store, run, host.newId)
    const put: Put[] = [
      { collection: 'started', key: startedKey(now, id), value: '{}' },
      { collection: 'member', key: joinKey(session, id), value: '{}' },
      ...(run.status === 'running' ? [] : [duePut(now, id, 'started')]),
    ]
    if (await document.commit(run, happenings, { put })) {
      announce({ run, revision: document.revision, happenings })
      return { document, created: true }
    }
    const existing = await RunDocument.load(store, id, host.newId)
    if (existing?.run.workflow === definition.name && existing.run.inputHash === inputHash)
      return { document: existing, created: false }
    throw new StepwrightError('run-exists', {
      what: `Run ${quote(id)} was started before${existing ? ` as ${existing.run.workflow}, with ${existing.run.workflow === definition.name ? 'another input' : 'its own input'}` : ''}`,
      remedy: 'Use an id of its own for each run; the same id and input gives back the same run',
      details: { run: id },
    })
  }

  /** The run as it is stored now. */
  async view(id: string): Promise<RunView> {
    const found = await this.find(id)
    if (found) return found
    throw new StepwrightError('unknown-run', {
      what: `There is no run ${quote(id)} in ${this.#kernel.store.name}`,
      remedy: 'List the runs there are with engine.list() or `stepwright list`',
      details: { run: id },
    })
  }

  async find(id: string): Promise<RunView | undefined> {
    const document = await RunDocument.load(this.#kernel.store, checkId('run', id), this.#kernel.host.newId)
    return (
      document &&
      viewOf(document.run, document.revision, this.#kernel.loaded.get(document.run.workflow)?.machine)
    )
  }

  /** History events after number `after`, oldest first. */
  async history(id: string, after: number): Promise<readonly HistoryEvent[]> {
    const { store } = this.#kernel
    const [row] = await store.get('run', [checkId('run', id)])
    return row ? readEvents(store, readStored(id, row), after) : []
  }

  /** Newest first. Damaged documents are shown as `corrupt`, never left out. */
  async list({
    workflow,
    status,
    state,
    session,
    limit = 100,
    before,
  }: RunFilter): Promise<readonly RunView[]> {
    const statuses = status === undefined ? undefined : [status].flat()
    const views: RunView[] = []
    for await (const id of this.#ids(session, before)) {
      if (views.length >= limit) break
      const view = await this.find(id).catch((error: unknown) => corruptView(id, error))
      if (
        !view ||
        (workflow !== undefined && view.workflow !== workflow) ||
        (state !== undefined && view.state !== state)
      )
        continue
      if (statuses && !statuses.includes(view.status)) continue
      views.push(view)
    }
    return views
  }

  async *#ids(session: string | undefined, before: string | undefined): AsyncGenerator<string> {
    const { store } = this.#kernel
    const collection = session === undefined ? 'started' : 'member'
    const prefix = session === undefined ? '' : `${joinKey(checkId('session', session))}/`
    let last: string | undefined
    if (before !== undefined && session === undefined)
      last = startedKey((await this.view(before)).createdAt, before)
    for (;;) {
      const page = await store.list(collection, {
        prefix,
        limit: 200,
        reverse: true,
        ...(last === undefined ? {} : { before: last }),
      })
      for (const { key } of page) yield decodeURIComponent(key.slice(key.lastIndexOf('/') + 1))
      if (page.length < 200) return
      last = page.at(-1)?.key
    }
  }

  /**
   * I2, I6 Puts a signal into the inbox of a run. Refused: names the workflow does not declare, payloads that do not
   * fit, runs that have ended. Acknowledged means stored; the same id twice is applied once.
   */
  async signal(
    id: string,
    name: string,
    payload: unknown,
    signalId?: string,
  ): Promise<{ id: string; duplicate: boolean }> {
    const { store, host } = this.#kernel
    const view = await this.view(id)
    const machine = this.#kernel.loaded.get(view.workflow)?.machine
    const declared = machine ? [...machine.definition.signals.keys()] : await this.#publishedSignals(view)
    if (!declared.includes(name)) {
      throw new StepwrightError('unknown-signal', {
        what: `${view.workflow} declares no signal ${quote(name)}`,
        remedy:
          declared.length > 0
            ? `Its signals are ${declared.map(quote).join(', ')}`
            : 'It declares no signals at all',
        details: { run: id, signal: name, declared },
      })
    }
    if (isEnded(view.status)) {
      if (signalId !== undefined && (await wasSeen(store, id, checkId('signal', signalId))))
        return { id: signalId, duplicate: true }
      throw new StepwrightError('run-ended', {
        what: `Run ${quote(id)} is ${view.status}, so the signal ${quote(name)} was not accepted`,
        remedy: 'Start a new run',
        details: { run: id, status: view.status },
      })
    }
    const schema = machine?.definition.signals.get(name)
    if (schema) await fit(schema, payload, 'invalid-signal', `The payload of ${quote(name)}`)
    const place = host.newId()
    const once = signalId !== undefined
    const chosen = once ? checkId('signal', signalId) : place
    const delivered = await deliver(store, id, { name, id: chosen, payload, at: host.now() }, place, once)
    if (delivered || (once && (await wasSeen(store, id, chosen))))
      return { id: chosen, duplicate: !delivered }
    throw new StepwrightError('store-unavailable', {
      what: `${store.name} refused to store a signal of ${quote(id)}`,
      remedy: 'Send it again',
    })
  }

  async #publishedSignals({ workflow, version }: RunView): Promise<readonly string[]> {
    const [row] = await this.#kernel.store.get('definition', [joinKey(`${workflow}@${version}`)])
    const published = row && (JSON.parse(row.value) as { signals?: readonly string[] })
    return published?.signals ?? []
  }
}

function startedKey(at: number, id: string): string {
  return `${String(at).padStart(15, '0')}/${joinKey(id)}`
}

function corruptView(id: string, error: unknown): RunView {
  if (
    !(error instanceof StepwrightError) ||
    (error.code !== 'corrupt-document' && error.code !== 'store-newer')
  )
    throw error
  const unknown = {
    workflow: '?',
    version: 0,
    state: '?',
    visits: {},
    attempt: 0,
    data: undefined,
    vars: undefined,
    session: '?',
    awaits: [],
  }
  return {
    id,
    ...unknown,
    status: 'corrupt',
    failure: { name: 'corrupt', message: error.message },
    createdAt: 0,
    updatedAt: 0,
    revision: 0,
  }
}

/** What is written down about a workflow, for tools that have not loaded it. */
export function publish({ definition }: Loaded['machine']): Put {
  const { name, version, signals, states } = definition
  const value = JSON.stringify({
    name,
    version,
    signals: [...signals.keys()],
    states: [...states.values()].map((s) => ({
      name: s.name,
      kind: s.kind,
      ...(s.kind === 'wait' ? { awaits: [...s.on.keys()] } : {}),
    })),
  })
  return { collection: 'definition', key: joinKey(`${name}@${version}`), value }
}
