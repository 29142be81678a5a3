/**
 * The parts of a state, side by side: branches, items, child runs. Each is saved as it ends, without a commit of the
 * run, and fenced by its revision.
 *
 * I4 A part that has ended never starts again; those in flight at a crash start again with their memos.
 * I11 What is written for a part does not grow with their number.
 */
import type { CatchEdge, ForkState } from '../definition/definition.ts'
import { toFailure, type Failure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { visitOf, type Timer } from '../model/run.ts'
import type { Memos } from '../store/memos.ts'
import { PartList, type Part } from '../store/part-list.ts'
import type { Delete } from '../store/store.ts'
import { childOf, ChildStarter } from './child-starter.ts'
import { edgeFor } from './failing.ts'
import { isOurs, type Hold } from './hold.ts'
import type { CallParts } from './invocation.ts'
import { PartBook } from './part-book.ts'
import { isTooMany, SOURCE, type Next } from './part-queue.ts'
import { PartWork, type Ended } from './part-work.ts'
import { PartWriter } from './part-writer.ts'
import { judgeParts, type Verdict } from './verdict.ts'

/** What has become of the parts of a state. */
export type ForkEnd =
  | { readonly end: 'stopped' }
  /** Nothing can be done now: until a time, or until a child ends. */
  | { readonly end: 'waiting'; readonly timer: Timer | undefined; readonly told: readonly Happening[] }
  | { readonly end: 'joined'; readonly value: unknown; readonly told: readonly Happening[] }
  | {
      readonly end: 'failed'
      readonly failure: Failure
      readonly edge: CatchEdge | undefined
      readonly told: readonly Happening[]
    }

/**
 * When child runs are looked at: one that cannot tell its end to this run, and one that can, in case it is gone. The
 * longer the run has waited, the less often; milliseconds.
 */
const LOOKS = { foreign: { first: 5_000, last: 3_600_000 }, own: { first: 3_600_000, last: 86_400_000 } }

export class Fork {
  readonly #hold: Hold
  readonly #state: ForkState
  readonly #list: PartList
  readonly #writer: PartWriter
  readonly #halt = new AbortController()
  readonly #active = new Map<string, Promise<void>>()
  readonly #told: Happening[] = []
  readonly #children: ChildStarter
  readonly #call: CallParts
  #work!: PartWork
  #book!: PartBook
  #pulling: Promise<void> | undefined
  #wake: () => void = () => undefined
  #changed = true
  #error: { readonly thrown: unknown } | undefined
  #looked = false
  /** No part begins any more; those at work may end. */
  pausing = false

  constructor(hold: Hold, state: ForkState, call: CallParts) {
    this.#hold = hold
    this.#state = state
    this.#call = { ...call, stop: AbortSignal.any([call.stop, this.#halt.signal]) }
    this.#list = new PartList(hold.run)
    this.#writer = new PartWriter(hold)
    this.#children = new ChildStarter(hold, this.#list)
  }

  /** Something may have come: a child has ended, or the run is to be paused. */
  nudge(): void {
    this.#looked = false
    this.#change()
  }

  async run(): Promise<ForkEnd> {
    const { stop } = this.#call
    await this.#load()
    const onStop = (): void => this.#change()
    stop.addEventListener('abort', onStop, { once: true })
    try {
      for (;;) {
        if (this.#error) throw this.#error.thrown
        if (stop.aborted) return await this.#finish({ end: 'stopped' })
        await this.#heed()
        const verdict = judgeParts(this.#state, this.#book.parts, this.#book.tally, this.#ended)
        if (verdict) return await this.#conclude(verdict)
        if (!this.pausing) this.#begin()
        if (this.#active.size === 0 && (!this.#pulling || this.pausing)) {
          if (this.pausing) return await this.#finish({ end: 'stopped' })
          return await this.#finish({ end: 'waiting', timer: this.#nextLook(), told: this.#told })
        }
        await this.#nextChange()
      }
    } finally {
      stop.removeEventListener('abort', onStop)
      this.#halt.abort(new Error('the other parts have decided'))
      await Promise.allSettled(this.#active.values())
      this.#book.queue.close()
    }
  }

  async #load(): Promise<void> {
    const { kernel, run, turn } = this.#hold
    const kept = kernel.books.take(run.id, turn.document.revision - 1) // before it was woken
    const from = { store: kernel.store, run, state: this.#state }
    this.#book = kept ?? (await PartBook.load(from, this.#list, this.#call.resources, turn.resumed))
    this.#hold.countParts(this.#book.uncounted)
    this.#work = new PartWork(this.#hold, this.#state, this.#call, this.#book)
  }

  /** Keeps what it knows for the next turn, once it is stored that the run waits. */
  keep(): void {
    const { kernel, run, turn } = this.#hold
    if (this.#book.children.all > 0 && this.#book.queue.ended)
      kernel.books.keep(run.id, turn.document.revision, this.#book)
  }

  get #ended(): boolean {
    return this.#book.queue.ended && this.#pulling === undefined
  }

  /** Begins as many parts as there is room for. */
  #begin(): void {
    while (this.#hasRoom) {
      const next = this.#book.queue.take(this.#call.host.now())
      if (!next) break
      this.#start(next)
    }
    if (this.#hasRoom && !this.#book.queue.ended) this.#pulling ??= this.#pull()
  }

  get #hasRoom(): boolean {
    const limit = this.#state.kind === 'map' ? this.#state.concurrency : Infinity
    return this.#active.size + this.#book.children.all < limit
  }

  /** Saves the next item of a stream, and only then lets it begin. One that cannot be saved has failed. */
  async #pull(): Promise<void> {
    try {
      const next = await this.#book.queue.pull()
      if (this.#halt.signal.aborted) return // what comes so late is taken again where it is needed
      const at = this.#call.host.now()
      const name = next?.name ?? SOURCE
      const { part, put } = this.#rowOf(
        name,
        next ? { status: 'open', at, item: next.item, streamed: true } : { status: 'done', at },
      )
      await this.#writer.write([put])
      if (next && part.status === 'open') {
        this.#book.note(name, part)
        this.#book.queue.open([name])
      } else this.#settle(name, part)
    } catch (error) {
      this.#error ??= { thrown: error }
    }
    this.#pulling = undefined
    this.#change()
  }

  /** The row of a part; where that cannot be stored, of its failure. */
  #rowOf(name: string, part: Part) {
    try {
      return this.#list.put(name, part)
    } catch (error) {
      return this.#list.put(name, this.#work.unkept(part, error))
    }
  }

  #start(next: Next): void {
    const working = this.#attempt(next)
      .catch((error: unknown) => void (this.#error ??= { thrown: error }))
      .finally(() => {
        this.#active.delete(next.name)
        this.#change()
      })
    this.#active.set(next.name, working)
  }

  async #attempt({ name, item }: Next): Promise<void> {
    const before = this.#book.parts.get(name)
    const spec = childOf(this.#state)
    if (spec) {
      const { part, told } = await this.#children.start(name, spec, item, this.#state)
      if (told) this.#told.push(told)
      return this.#settle(name, part)
    }
    const memos = this.#book.memosOf(name)
    const ended = await this.#work.attempt(name, item, before, memos)
    if (ended) await this.#save(name, ended, memos)
  }

  /** Keeps how an attempt ended; what cannot be stored is an error of the part. */
  async #save(name: string, ended: Ended, memos: Memos): Promise<void> {
    let part: Part
    try {
      part = await this.#write(name, ended, memos)
    } catch (error) {
      if (isOurs(error) || isTooMany(error)) throw error
      part = await this.#write(
        name,
        { part: this.#work.unkept(ended.part, error), session: [], asked: [] },
        memos,
      )
    }
    this.#settle(name, part)
  }

  async #write(name: string, ended: Ended, memos: Memos): Promise<Part> {
    const { part, put } = this.#list.put(name, ended.part)
    const dropped: readonly Delete[] = part.status === 'retry' ? [] : memos.dropped()
    const listed = this.#work.listed(ended, this.#list)
    const puts = [put, ...listed.rows.map((row) => row.put)]
    const withSession = (): Promise<void> =>
      this.#hold.withSession(ended.session, (session) =>
        this.#hold.write({ put: [...puts, ...session.put], delete: [...dropped, ...session.delete] }),
      )
    await this.#writer.write(puts, dropped, ended.session.length > 0 ? withSession : undefined)
    for (const row of listed.rows) this.#book.note(row.name, row.part)
    this.#work.openListed(listed)
    return part
  }

  /** Takes up what children have told, and now and then looks whether they still exist. */
  async #heed(): Promise<void> {
    if (this.#looked) return
    this.#looked = true
    if (this.#state.kind === 'parallel') return
    const heard = await this.#children.ended(this.#book.parts)
    for (const [name, part] of heard) this.#settle(name, part)
  }

  /** What is saved of a part counts, and is told. */
  #settle(name: string, part: Part): void {
    this.#book.settle(name, part)
    if (part.spent) this.#hold.countParts(this.#book.uncounted)
    this.#hold.kernel.announcePart({ of: this.#hold.turn.document, name, part, book: this.#book })
  }

  /** What the run waits for in time: the next attempt of a part, or a look whether its children are still there. */
  #nextLook(): Timer | undefined {
    const { nextAt } = this.#book.queue
    const { all, foreign } = this.#book.children
    if (all === 0) return nextAt === undefined ? undefined : { kind: 'parts', at: nextAt }
    const { first, last } = foreign > 0 ? LOOKS.foreign : LOOKS.own
    const now = this.#call.host.now()
    return { kind: 'look', at: now + Math.min(Math.max(first, (now - this.#hold.run.since) / 4), last) }
  }

  /** Waits until a part ends, one that waits may begin, or something comes from outside. */
  async #nextChange(): Promise<void> {
    const retryAt = this.#hasRoom && !this.pausing ? this.#book.queue.nextAt : undefined
    const cancel = retryAt === undefined ? undefined : this.#call.host.alarm(retryAt, () => this.#change())
    if (!this.#changed) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#changed = false
    cancel?.()
  }

  #change(): void {
    this.#changed = true
    this.#wake()
  }

  async #conclude(verdict: Verdict): Promise<ForkEnd> {
    this.#halt.abort(new Error('the other parts have decided'))
    await Promise.allSettled(this.#active.values())
    const { done, failed } = this.#book.tally
    const failures = [...this.#book.parts].filter(([, { status }]) => status === 'failed').slice(0, 10)
    const joined: Happening = {
      type: 'joined',
      state: this.#state.name,
      visit: visitOf(this.#hold.run),
      ...{ done, failed },
      ...this.#book.spent,
      ...(failures.length > 0
        ? { failures: Object.fromEntries(failures.map(([name, part]) => [name, part.failure as Failure])) }
        : {}),
    }
    const told = [...this.#told, joined]
    if ('joined' in verdict)
      return { end: 'joined', value: this.#children.membersIn(verdict.joined, this.#state), told }
    if ('failed' in verdict)
      return {
        end: 'failed',
        failure: toFailure(verdict.failed),
        edge: edgeFor(this.#state, verdict.failed),
        told,
      }
    const { failure, edge } = verdict.failedPart
    return { end: 'failed', failure, edge: edge === undefined ? undefined : this.#state.catches[edge], told }
  }

  async #finish(end: ForkEnd): Promise<ForkEnd> {
    await Promise.allSettled(this.#active.values())
    return end
  }
}
