import { setTimeout as sleep } from 'node:timers/promises'
import type { RunView } from '../control/run-view.ts'
import type { Engine } from '../engine.ts'
import type { Status } from '../model/status.ts'
import { askedOf, sayAsked } from './asked.ts'
import { viewIfReadable } from './readable-view.ts'
import { helpLines, sayStanding } from './standing.ts'
import type { Terminal } from './terminal.ts'
import { hasWorkflow, type WorkflowFile } from './workflow-file.ts'

/** Runs that are followed, and what hints about them need. */
export interface AsideParts {
  readonly engine: Engine
  readonly file: WorkflowFile
  /** The `--store` of hints. */
  readonly store: string | undefined
  readonly terminal: Terminal
  /** Those that are followed, their child runs with them. Default: all of the file, from now on. */
  readonly runs?: readonly string[]
  /** What the followed runs themselves do is told already: only their child runs are told of. */
  readonly childrenOnly?: boolean
}

/** How often it is looked. What other processes do with runs is no commit of ours, so nothing tells of it. */
const LOOK_MS = 500
/** Runs that are told of in one look. */
const TOLD = 10
/** Runs of which it is looked what was asked. */
const ASKED = 50

/** In these a run goes on only with a person's help. */
const ASIDE: readonly Status[] = ['paused', 'compensation-failed', 'quarantined', 'needs-migration']

/** Says where runs that are followed stand still, or soon will, by whatever process, and how they go on. */
export class Aside {
  readonly #parts: AsideParts
  readonly #family: Set<string>
  readonly #end = new AbortController()
  #before = new Set<string>()
  /** What was asked, by its id: `false` where it was only seen, since most of it is taken at once. */
  readonly #asked = new Map<string, boolean>()

  constructor(parts: AsideParts) {
    this.#parts = parts
    this.#family = new Set(parts.runs)
  }

  /** Looks now and then until `end`. */
  async begin(): Promise<void> {
    if (!this.#parts.runs) this.#before = new Set(await this.#standing())
    void this.#goOn()
  }

  end(): void {
    this.#end.abort()
  }

  async #goOn(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      await this.look().catch(() => undefined) // a store that fails is reported by those who drive
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Tells what is new since the last look. */
  async look(): Promise<void> {
    const standing = await this.#standing()
    const fresh = standing.filter((id) => !this.#before.has(id))
    this.#before = new Set(standing)
    const views: RunView[] = []
    for (const id of fresh) {
      const view = await viewIfReadable(this.#parts.engine, id)
      if (view && ASIDE.includes(view.status) && (await this.#isFollowed(view))) views.push(view)
    }
    if (this.#end.signal.aborted) return
    for (const view of views.slice(0, TOLD)) this.#tell(view)
    const more = views.length - TOLD
    if (more > 0) this.#parts.terminal.note(`and ${more} more stand still; see them with list --status`)
    for (const id of (this.#parts.runs ?? []).slice(0, ASKED)) await this.#lookAsked(id)
  }

  async #standing(): Promise<readonly string[]> {
    const { store } = this.#parts.engine
    const ids: string[] = []
    for (const status of ASIDE)
      for (const { key } of await store.list('run', { tag: `${status}/`, limit: Number.MAX_SAFE_INTEGER }))
        ids.push(key)
    return ids
  }

  async #isFollowed(view: RunView): Promise<boolean> {
    const { engine, file, runs, childrenOnly } = this.#parts
    if (!runs) return hasWorkflow(file, view.workflow)
    if (runs.includes(view.id)) return !childrenOnly
    const line = [view.id]
    for (let { parent } = view; parent && !this.#family.has(parent.run);) {
      line.push(parent.run)
      const above = await viewIfReadable(engine, parent.run)
      if (!above?.parent) return false
      parent = above.parent
    }
    if (!view.parent) return false
    for (const id of line) this.#family.add(id)
    return true
  }

  #tell(view: RunView): void {
    const { file, store, terminal } = this.#parts
    terminal.note(
      `${terminal.onErr('strong', view.id)} ${terminal.onErr('warn', sayStanding(view, Date.now()))}`,
    )
    for (const line of helpLines(view, file.path, store)) terminal.note(terminal.onErr('dim', `  ${line}`))
  }

  /** A pause waits until a handler has ended, and a run may be another worker's. */
  async #lookAsked(id: string): Promise<void> {
    const { engine, terminal } = this.#parts
    for (const asked of await askedOf(engine.store, id)) {
      const seen = this.#asked.get(asked.id)
      this.#asked.set(asked.id, seen !== undefined)
      if (seen !== false) continue
      const view = await viewIfReadable(engine, id)
      const text = `${sayAsked(asked, Date.now())}; what is at work in ${view?.state} may end first`
      terminal.note(`${terminal.onErr('strong', id)} ${terminal.onErr('warn', text)}`)
    }
  }
}
