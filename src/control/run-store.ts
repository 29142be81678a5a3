import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import { checkId, joinKey } from '../model/identifier.ts'
import type { Status } from '../model/status.ts'
import { PartList, type Part } from '../store/part-list.ts'
import type { RunDocument } from '../store/run-document.ts'
import type { Store } from '../store/store.ts'
import { listUndo, type UndoEntry } from '../store/undo-list.ts'
import { create, startedKey, type InnerStart } from '../runtime/creation.ts'
import type { Kernel, Loaded } from '../runtime/kernel.ts'
import { viewOf, type RunView } from './run-view.ts'

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

/** Starts runs, and reads what is stored of them. It moves none; workers do. */
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
    options: InnerStart,
    owned: boolean,
  ): Promise<{ document: RunDocument; created: boolean }> {
    const { store, documents, worker, announce } = this.#kernel
    const { document, run, happenings, along } = await create(
      loaded,
      input,
      options,
      owned ? worker : undefined,
      this.#kernel,
    )
    if (await document.commit(run, happenings, along)) {
      announce({ run, revision: document.revision, happenings })
      return { document, created: true }
    }
    const { id, workflow, inputHash } = run
    const existing = await documents.load(id)
    if (existing?.run.workflow === workflow && existing.run.inputHash === inputHash)
      return { document: existing, created: false }
    if (!existing)
      throw new StepwrightError('store-unavailable', {
        what: `${store.name} refused to store run ${quote(id)}, and holds none of that id`,
        remedy: 'Start it again with the same id',
        details: { run: id },
      })
    throw new StepwrightError('run-exists', {
      what: `Run ${quote(id)} was started before as ${existing.run.workflow}, with ${existing.run.workflow === workflow ? 'another input' : 'its own input'}`,
      remedy: 'Use another id, or get the run with engine.get(id)',
      details: { run: id, workflow: existing.run.workflow },
    })
  }

  /** The run as it is stored now. */
  async view(id: string): Promise<RunView> {
    const found = await this.find(id)
    if (found) return found
    throw unknownRun(id, this.#kernel.store)
  }

  async find(id: string): Promise<RunView | undefined> {
    const document = await this.#kernel.documents.load(checkId('run', id))
    return document && viewOf(document.run, document.revision, this.#kernel.library.of(document.run)?.machine)
  }

  /** A run as it is stored; one whose document is damaged is shown as `corrupt`. */
  findAny(id: string): Promise<RunView | undefined> {
    return this.find(id).catch((error: unknown) => corruptView(id, error))
  }

  /** History events after number `after`, oldest first. */
  async history(id: string, after: number): Promise<readonly HistoryEvent[]> {
    const { documents } = this.#kernel
    const stored = await documents.find(checkId('run', id))
    return stored ? documents.events(stored, after) : []
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
    for await (const id of this.ids(session, before)) {
      if (views.length >= limit) break
      const view = await this.findAny(id)
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

  /** The ids of all runs, or of those of a session, newest first; nothing of them is read. */
  async *ids(session?: string, before?: string): AsyncGenerator<string> {
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
      if (page.length < 200) break
      last = page.at(-1)?.key
    }
    if (session !== undefined && (await this.findAny(session))?.session === session) yield session // the run that the session is named by
  }

  /** Branches, items and children of the state a run stands in, by name, as far as they have begun. */
  async parts(id: string): Promise<ReadonlyMap<string, Part>> {
    return new PartList(await this.view(id)).load(this.#kernel.store)
  }

  /** What a run that is being undone still has to undo, in that order. */
  async undoable(id: string): Promise<readonly UndoEntry[]> {
    const { undoing } = await this.view(id)
    return listUndo(this.#kernel.store, id, undoing?.since ?? 0, 1_000)
  }
}

export function unknownRun(id: string, { name }: Pick<Store, 'name'>): StepwrightError {
  return new StepwrightError('unknown-run', {
    what: `There is no run ${quote(id)} in ${name}`,
    remedy: 'List the runs there are with engine.list() or `stepwright list`',
    details: { run: id },
  })
}

function corruptView(id: string, error: unknown): RunView {
  if (
    !(error instanceof StepwrightError) ||
    (error.code !== 'corrupt-document' && error.code !== 'store-newer' && error.code !== 'key-missing')
  )
    throw error
  const unknown = {
    workflow: '?',
    version: 0,
    state: '?',
    visits: {},
    since: 0,
    attempt: 0,
    data: undefined,
    vars: undefined,
    session: '?',
    awaits: [],
    may: [],
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
