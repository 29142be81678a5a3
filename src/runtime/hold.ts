/**
 * A run in the hands of this worker: what it commits with.
 *
 * I3 Watchers are told only after the commit.
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { isChild, isFork, type StateDefinition } from '../definition/definition.ts'
import { spentIn, type Note } from '../model/history.ts'
import { NOTHING_SPENT, plus, type Spent } from '../model/model-call.ts'
import { hasLeft, visitOf, type Run } from '../model/run.ts'
import type { Schema } from '../model/schema.ts'
import { duePut } from '../store/due-list.ts'
import { hasSignals } from '../store/inbox.ts'
import { Memos } from '../store/memos.ts'
import { dropUndoMemos } from '../store/undo-list.ts'
import { replyPut, type Reply } from '../store/reply.ts'
import type { Along, Patience, RunDocument } from '../store/run-document.ts'
import { SessionDocument } from '../store/session-document.ts'
import type { Batch, Delete, Put } from '../store/store.ts'
import { advance, telling } from './advance.ts'
import type { AttemptOutcome } from './attempt.ts'
import type { MemoBook } from './attempt-parts.ts'
import type { RunEvent } from './event.ts'
import { fit } from '../model/fitting.ts'
import type { CallParts } from './invocation.ts'
import type { Kernel, Loaded } from './kernel.ts'
import { whyRefused } from './losing.ts'
import { orphanPuts } from './orphans.ts'
import { familySpent, memoBook, type Uncounted } from './memo-book.ts'
import { makePatience, patiently, patientReads } from './patience.ts'

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

type SessionChange = (state: unknown) => unknown
/** What a change of the session writes. */
type Changed = Required<Pick<Batch, 'put' | 'delete'>>

export class Hold {
  readonly turn: Turn
  /** With a store whose reads are patient: what was done is not lost because the store was away for a moment. */
  readonly kernel: Kernel
  readonly #patience: Patience
  #due: readonly Delete[]
  #memos: Memos | undefined
  #session: SessionDocument | undefined
  readonly #uncounted: Uncounted = { spent: NOTHING_SPENT, children: NOTHING_SPENT }
  #quiet = false

  constructor(turn: Turn) {
    this.turn = turn
    this.#patience = makePatience(turn)
    const store = patientReads(turn.kernel.store, this.#patience)
    this.kernel = { ...turn.kernel, store, documents: turn.kernel.documents.over(store) }
    this.#due = turn.due
    this.#memos = turn.resumed ? undefined : Memos.none(turn.document.run)
  }

  get run(): Run {
    return this.turn.document.run
  }

  get state(): StateDefinition {
    return this.turn.loaded.machine.state(this.run.state)
  }

  /** The run has come to wait, with nothing in its inbox and nothing due: what comes later is told of. */
  get isQuiet(): boolean {
    const { run, state } = this
    const tooOften = state.kind !== 'final' && visitOf(run) > (state.maxVisits?.times ?? Infinity)
    return this.#quiet && !tooOften && (run.timer?.at ?? Infinity) > this.kernel.host.now()
  }

  /** Something came. */
  stir(): void {
    this.#quiet = false
  }

  /** What this turn was given to answer and has not answered by a commit. */
  get due(): readonly Delete[] {
    return this.#due
  }

  /** What a call of a method needs; `stop` ends it. */
  async callParts(stop: AbortSignal): Promise<CallParts> {
    const { kernel, loaded } = this.turn
    const { store, host, limits, worker, resources } = kernel
    return { ...loaded, store, host, limits, worker, resources, session: await this.#sessionState(), stop }
  }

  /** The results saved in this visit. */
  async memos(): Promise<MemoBook> {
    if (!this.#memos) {
      this.#memos = await Memos.load(this.kernel.store, this.run)
      this.#uncounted.spent = plus(this.#uncounted.spent, spentIn(this.#memos.notes))
    }
    return this.bookOf(this.#memos)
  }

  /** What the parts of this visit have spent, those of earlier processes too. */
  countParts({ spent, children }: Readonly<Uncounted>): void {
    this.#uncounted.spent = plus(spent, spentIn(this.#memos?.notes ?? []))
    this.#uncounted.children = children
  }

  /** What the family has spent, as far as this run knows. */
  get familySpent(): Spent {
    return familySpent(this.run, this.#uncounted)
  }

  bookOf(memos: Memos): MemoBook {
    const { kernel } = this
    return memoBook(memos, {
      limit: kernel.limits.memo,
      write: (batch) => this.write(batch),
      run: () => this.run,
      uncounted: this.#uncounted,
      stir: () => kernel.stir(this.run.id),
    })
  }

  async commit(event: RunEvent, along: Along = {}): Promise<void> {
    if (!(await this.#tryCommit(event, along))) throw await this.lost()
  }

  /** Commits how an attempt ended, with its changes of the session and its reply. */
  async commitOutcome({ event, session, reply }: AttemptOutcome, along: Along = {}): Promise<void> {
    const { id, signal } = this.run
    if (!signal && session.length === 0) return this.commit(event, along)
    const asks = signal && this.turn.loaded.machine.definition.replies.has(signal.name)
    const answer: Reply | undefined = reply ? { ok: true, value: reply.value } : refusal(event)
    const answers = asks && answer ? [replyPut(id, signal.id, answer)] : []
    await this.withSession(session, (changed) =>
      this.#tryCommit(event, {
        ...along,
        put: [...changed.put, ...answers, ...(along.put ?? [])],
        delete: [...changed.delete, ...(along.delete ?? [])],
      }),
    )
  }

  /** Writes with the changes of the session: made again on what it is then, where another run changed it first. */
  async withSession(
    changes: readonly SessionChange[],
    write: (changed: Changed) => Promise<boolean>,
  ): Promise<void> {
    const schema = this.turn.loaded.machine.definition.session
    for (let first = true; ; first = false) {
      let changed: Changed = { put: [], delete: [] }
      if (changes.length > 0 && schema) {
        const document = first && this.#session ? this.#session : await this.#loadSession()
        let state = document.state ?? (await emptySession(schema))
        for (const change of changes) state = apply(change, state)
        const where = `The session ${quote(document.id)}`
        changed = document.replaced(await fit(schema, state, 'invalid-data', where, this.kernel.limits.value))
      }
      if (await write(changed)) return
      const [row] = await this.kernel.store.get('run', [this.run.id])
      if (changed.put.length === 0 || row?.revision !== this.turn.document.revision) throw await this.lost()
    }
  }

  /** Writes something that belongs to the present revision, as patiently as a commit. */
  async write(batch: Pick<Batch, 'put' | 'delete'>): Promise<boolean> {
    const check = [this.turn.document.fence]
    return patiently(() => this.kernel.store.write({ ...batch, check }), this.#patience)
  }

  /** Why the store refused a write of the present revision. */
  lost(): Promise<StepwrightError> {
    return whyRefused(this.turn.document, this.kernel.store)
  }

  async #tryCommit(event: RunEvent, along: Along): Promise<boolean> {
    const { document, kernel, loaded } = this.turn
    const before = document.run
    const now = kernel.host.now()
    const advanced = advance(loaded.machine, before, event, now)
    const left = hasLeft(before, advanced.run)
    // a failed run may be retried by hand, with what it saved
    const saved = left && advanced.run.status !== 'failed' ? await this.#dropped(before) : this.#told()
    const { run, happenings, undo } = telling(advanced, saved.notes)
    const orphans = left || run.status === 'compensating' ? await this.#orphans(event.type) : []
    const letters = await this.#letters(run, along)
    const batch: Along = {
      ...along,
      put: [...orphans, ...(letters ?? []), ...(saved.put ?? []), ...(along.put ?? [])],
      delete: [...(saved.delete ?? []), ...this.#due, ...(along.delete ?? [])],
      ...(undo ? { undo } : {}),
    }
    if (!(await document.commit(run, happenings, batch, this.#patience))) return false
    this.#due = letters ?? []
    this.#quiet = letters?.length === 0
    if (left) this.#memos = Memos.none(run)
    else this.#memos?.forgetNotes()
    if (left || saved.notes.length > 0) this.#uncounted.spent = NOTHING_SPENT
    if (left) this.#uncounted.children = NOTHING_SPENT // a commit that leaves has told of them
    kernel.announce({ run, revision: document.revision, happenings })
    return true
  }

  /** I6 A run that comes to wait finds what lies in its inbox already, also if this process dies before it is looked at. */
  async #letters(next: Run, { delete: out = [] }: Along): Promise<readonly Put[] | undefined> {
    const { loaded, kernel } = this.turn
    const state = loaded.machine.definition.states.get(next.state)
    if (next.status !== 'waiting' || next.signal || state?.kind !== 'wait') return undefined
    if (!(await hasSignals(this.kernel.store, next.id, out))) return []
    return [duePut(kernel.host.now(), next.id, 'letters')]
  }

  /** What was saved in a visit that is left, its parts included; the code may not know its state any more. */
  async #dropped(run: Run): Promise<SavedRows> {
    const { store } = this.kernel
    const state = this.turn.loaded.machine.definition.states.get(run.state)
    if (this.#memos && !run.undoing && state && !isFork(state))
      return { notes: this.#memos.notes, delete: this.#memos.dropped() }
    const [own, undo] = [await Memos.dropAll(store, run), await dropUndoMemos(store, run)]
    return { notes: [...own.notes, ...undo.notes], delete: [...own.delete, ...undo.delete] }
  }

  /** What was saved stays, and is told now. */
  #told(): SavedRows {
    return { notes: this.#memos?.notes ?? [], put: this.#memos?.told() ?? [] }
  }

  /** Children that nobody waits for any more are cancelled, or terminated with their parent. */
  async #orphans(why: RunEvent['type']): Promise<readonly Put[]> {
    const { run } = this
    if (run.undoing) return [] // the code may not know its state any more
    const { state } = this
    const hasChildren = state.kind === 'child' || (state.kind === 'map' && isChild(state.item))
    if (!hasChildren) return []
    return orphanPuts(run, why === 'terminate' ? 'terminate' : 'cancel', this.kernel)
  }

  async #loadSession(): Promise<SessionDocument> {
    const { store, host } = this.kernel
    return (this.#session = await SessionDocument.load(store, this.run.session, host.newId))
  }

  /** The session as this attempt sees it; workflows that declare none pay for no read. */
  async #sessionState(): Promise<unknown> {
    const schema = this.turn.loaded.machine.definition.session
    if (!schema) return {}
    const { state } = await this.#loadSession()
    return state ?? emptySession(schema)
  }
}

/** What becomes of the results saved in a visit. */
interface SavedRows extends Pick<Batch, 'put' | 'delete'> {
  readonly notes: readonly Note[]
}

/** What an update is told that came to nothing. */
function refusal(event: RunEvent): Reply | undefined {
  if (event.type === 'taken-back') return { ok: false, reason: event.reason }
  const isLast = event.type === 'moved' || (event.type === 'attempt-failed' && event.retryAt === undefined)
  if (!isLast || !event.failure) return undefined
  const { name, message } = event.failure
  return { ok: false, reason: `${name}: ${message}` }
}

function emptySession(schema: Schema): unknown {
  return fit(schema, {}, 'invalid-data', 'The empty session')
}

function apply(change: SessionChange, state: unknown): unknown {
  const changed = change(structuredClone(state))
  if (changed instanceof Promise)
    throw new StepwrightError('invalid-data', {
      what: 'The function given to session.update is async',
      remedy: 'Do the waiting in the handler; give update a pure function',
    })
  return changed
}

/** Trouble with the store or with who has the run: not the handler's. */
export function isOurs(error: unknown): boolean {
  return (
    error instanceof StepwrightError &&
    (['fenced', 'corrupt-document', 'key-missing'].includes(error.code) || error.code.startsWith('store-'))
  )
}
