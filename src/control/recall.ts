/**
 * A run as its history tells it, entry by entry, from the beginning to where it stands and on. What the history does not
 * say, who has to act next, is told from the kind of the state; of the newest entry, by the document.
 */
import type { Library } from '../runtime/library.ts'
import type { StateDefinition } from '../definition/definition.ts'
import type { HistoryEvent } from '../model/history.ts'
import type { Run, Timer } from '../model/run.ts'
import { isEnded, type Status } from '../model/status.ts'
import type { Documents } from '../store/documents.ts'
import { walkHistory } from '../store/history-walk.ts'
import { PieceShelf } from '../store/piece-shelf.ts'
import type { StoredRun } from '../store/stored-run.ts'
import type { Watch } from './feed.ts'
import { retell, type Phase, type Told } from './retelling.ts'
import { unknownRun } from './run-store.ts'

/** A run as it stood after one entry of its history. */
export interface Scene {
  readonly run: SceneRun
  readonly event: HistoryEvent
}

/** What a scene knows of a run. */
export interface SceneRun extends Pick<
  Run,
  'id' | 'workflow' | 'version' | 'status' | 'state' | 'data' | 'vars' | 'visits' | 'createdAt' | 'updatedAt'
> {
  readonly parent: Run['parent']
  readonly timer: { readonly kind: Timer['kind'] } | undefined
  readonly reminding: string | undefined
  readonly paused: Status | undefined
  /** What it waited for has come, and its handler is at work or will be tried again. */
  readonly handling: boolean
}

/** What recalling a run takes. */
export interface RecallParts {
  readonly documents: Documents
  readonly library: Library
  /** Wakes for commits of that run. */
  readonly watch: Watch
}

/** The newest entries of a long history that are told; the rest is only read. */
const MOST_TOLD = 2_000

export class Recall {
  readonly #id: string
  readonly #parts: RecallParts
  #told: Told | undefined
  #standing: Standing = BEGUN
  #over = false
  #ended = false

  constructor(id: string, parts: RecallParts) {
    this.#id = id
    this.#parts = parts
  }

  /**
   * What was told since the last call, at first from the beginning; waits until there is something. `undefined` after
   * an end that is one for good. Throws `unknown-run`, and what a store throws.
   */
  async next(): Promise<readonly Scene[] | undefined> {
    while (!this.#over && !this.#ended) {
      const scenes = await this.#read()
      if (scenes.length > 0) return scenes
      if (!this.#ended) await this.#parts.watch.next()
    }
    return undefined
  }

  end(): void {
    this.#over = true
    this.#parts.watch.end()
  }

  async #read(): Promise<readonly Scene[]> {
    const { documents } = this.#parts
    const stored = await documents.find(this.#id)
    if (!stored) throw unknownRun(this.#id, documents.parts.store)
    const scenes: Scene[] = []
    for await (const events of this.#unread(stored)) {
      for (const event of events) scenes.push(this.#take(event))
      scenes.splice(0, scenes.length - MOST_TOLD)
    }
    this.#ended = isEnded(stored.status) && stored.status !== 'failed' // a person may try that again
    const last = scenes.pop()
    if (!last) return scenes
    const { status, timer, reminding, paused } = stored
    const run = { ...last.run, status, timer, reminding, paused }
    return [...scenes, { ...last, run }]
  }

  /** From the beginning a stretch at a time, so that a long history is not in memory as a whole. */
  async *#unread(stored: StoredRun): AsyncGenerator<readonly HistoryEvent[]> {
    const { documents } = this.#parts
    if (this.#told) return yield await documents.events(stored, this.#told.seq)
    const { store, seal } = documents.parts
    for await (const { entries } of walkHistory(store, seal, stored))
      yield (await new PieceShelf(() => '').decode(entries, store)) as readonly HistoryEvent[]
  }

  #take(event: HistoryEvent): Scene {
    const told = retell(this.#told, event)
    this.#told = told
    const { workflow, version, state, data, vars, visits, parent, createdAt, updatedAt, phase, paused } = told
    const machine = this.#parts.library.of({ workflow, version })?.machine
    const standing = standingAfter(this.#standing, event, machine?.definition.states.get(state))
    this.#standing = standing
    const { timer, reminding, handling } = standing
    const active = (of: Phase): Status => (of === 'active' ? standing.status : of)
    const run = {
      ...{ id: this.#id, workflow, version, state, data, vars, visits, parent, createdAt, updatedAt },
      ...{ timer, reminding, handling, status: active(phase) },
      paused: paused === undefined ? undefined : active(paused),
    }
    return { run, event }
  }
}

/** Who has to act next, as far as a history tells. */
interface Standing extends Pick<SceneRun, 'timer' | 'reminding' | 'handling'> {
  readonly status: 'running' | 'waiting'
}

const BEGUN: Standing = { status: 'running', timer: undefined, reminding: undefined, handling: false }

function standingAfter(before: Standing, event: HistoryEvent, state: StateDefinition | undefined): Standing {
  switch (event.type) {
    case 'started':
    case 'moved':
    case 'migrated':
      return state?.kind === 'wait' || state?.kind === 'timer' ? { ...BEGUN, status: 'waiting' } : BEGUN
    case 'signalled':
    case 'joined':
      return { ...BEGUN, handling: true }
    case 'voted':
    case 'reminded':
    case 'signal-refused':
      return { ...BEGUN, status: 'waiting' }
    case 'reminding':
      return { ...BEGUN, reminding: event.method }
    case 'waits':
      return { ...BEGUN, status: 'waiting', timer: { kind: 'parts' } }
    case 'attempt-failed':
      return event.retryAt === undefined ? before : { ...before, status: 'waiting', timer: { kind: 'retry' } }
    case 'woken':
    case 'retried':
    case 'retried-by-hand':
      return { ...before, status: 'running', timer: undefined }
    default:
      return before // nothing that says who has to act
  }
}
