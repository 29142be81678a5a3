/**
 * The parts of a state, side by side: branches, items, child runs. Each is saved as it ends, without a commit of the
 * run, and fenced by its revision.
 *
 * I4 A part that has ended never starts again; those in flight at a crash start again with their memos.
 * I11 What is written for a part does not grow with their number.
 */
import { isChild, type CatchEdge, type ForkState } from '../definition/definition.ts'
import { toFailure, type Failure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { Memos } from '../store/memos.ts'
import { PartList, type Part } from '../store/part-list.ts'
import type { Delete, Put } from '../store/store.ts'
import { ChildStarter } from './child-starter.ts'
import { edgeFor } from './failing.ts'
import type { Hold } from './hold.ts'
import type { CallParts } from './invocation.ts'
import { PartQueue, SOURCE, type Next } from './part-queue.ts'
import { PartWork, type Ended } from './part-work.ts'
import { PartWriter } from './part-writer.ts'
import { judgeParts, type Verdict } from './verdict.ts'

/** What has become of the parts of a state. */
export type ForkEnd =
  | { readonly end: 'stopped' }
  /** Nothing can be done now: until `at`, or until a child ends. */
  | { readonly end: 'waiting'; readonly at?: number; readonly told: readonly Happening[] }
  | { readonly end: 'joined'; readonly value: unknown; readonly told: Happening }
  | {
      readonly end: 'failed'
      readonly failure: Failure
      readonly edge: CatchEdge | undefined
      readonly told: Happening
    }

/** How often a child that cannot tell its end to this run is looked at, and one that can, in case it is gone. */
const LOOK_MS = { foreign: 5_000, own: 3_600_000 }

export class Fork {
  readonly #hold: Hold
  readonly #state: ForkState
  readonly #list: PartList
  readonly #writer: PartWriter
  readonly #halt = new AbortController()
  readonly #active = new Map<string, Promise<void>>()
  readonly #told: Happening[] = []
  readonly #tally = { done: 0, failed: 0, children: 0, firstFailed: undefined as string | undefined }
  readonly #children: ChildStarter
  readonly #call: CallParts
  #work!: PartWork
  #parts = new Map<string, Part>()
  #queue!: PartQueue
  #memos = new Map<string, Memos>()
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
    const { host, stop } = this.#call
    await this.#load()
    const onStop = (): void => this.#change()
    stop.addEventListener('abort', onStop, { once: true })
    try {
      for (;;) {
        if (this.#error) throw this.#error.thrown
        if (stop.aborted) return await this.#finish({ end: 'stopped' })
        await this.#heed()
        const verdict = judgeParts(this.#state, this.#parts, this.#counted(), this.#ended)
        if (verdict) return await this.#conclude(verdict)
        if (!this.pausing) this.#begin()
        if (this.#active.size === 0 && !this.#pulling) {
          if (this.pausing) return await this.#finish({ end: 'stopped' })
          const at = this.#nextLook()
          return await this.#finish({ end: 'waiting', ...(at === undefined ? {} : { at }), told: this.#told })
        }
        await this.#nextChange(host.now())
      }
    } finally {
      stop.removeEventListener('abort', onStop)
      this.#halt.abort(new Error('the other parts have decided'))
      await Promise.allSettled(this.#active.values())
      await this.#queue.close()
    }
  }

  async #load(): Promise<void> {
    const { store } = this.#hold.kernel
    this.#parts = await this.#list.load(store)
    const saved = this.#parts.size > 0 || this.#hold.turn.resumed
    if (saved) this.#memos = await Memos.loadParts(store, this.#hold.run)
    for (const [name, part] of this.#parts) this.#count(name, part)
    const { data } = this.#hold.run
    const state = this.#state
    this.#queue =
      state.kind === 'map'
        ? PartQueue.ofMap(state, data, this.#parts, this.#call.resources)
        : PartQueue.ofNames(state.kind === 'parallel' ? [...state.branches.keys()] : ['child'], this.#parts)
    this.#work = new PartWork(this.#hold, state, this.#call, this.#queue, () => this.#openCount)
  }

  get #ended(): boolean {
    return this.#queue.ended && this.#pulling === undefined
  }

  get #openCount(): number {
    return this.#queue.count - this.#tally.done - this.#tally.failed
  }

  #counted() {
    return { ...this.#tally, total: this.#queue.count }
  }

  #count(name: string, { status }: Part): void {
    if (name === SOURCE && this.#state.kind === 'map') return
    if (status === 'child') this.#tally.children += 1
    if (status === 'done') this.#tally.done += 1
    if (status === 'failed') {
      this.#tally.failed += 1
      this.#tally.firstFailed ??= name
    }
  }

  /** Begins as many parts as there is room for. */
  #begin(): void {
    const limit = this.#state.kind === 'map' ? this.#state.concurrency : Infinity
    const busy = (): number => this.#active.size + this.#tally.children
    while (busy() < limit) {
      const next = this.#queue.take(this.#call.host.now())
      if (!next) break
      this.#start(next)
    }
    if (busy() < limit && !this.#queue.ended) this.#pulling ??= this.#pull()
  }

  /** Saves the next item of a stream, and only then lets it begin. */
  async #pull(): Promise<void> {
    try {
      const next = await this.#queue.pull()
      const at = this.#call.host.now()
      const { part, put } = this.#list.put(
        next?.name ?? SOURCE,
        next ? { status: 'open', at, item: next.item } : { status: 'done', at },
      )
      await this.#writer.write([put])
      this.#parts.set(next?.name ?? SOURCE, part)
      if (next) this.#queue.open([next.name], 0)
    } catch (error) {
      this.#error ??= { thrown: error }
    }
    this.#pulling = undefined
    this.#change()
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
    const before = this.#parts.get(name)
    const spec =
      this.#state.kind === 'child'
        ? this.#state.child
        : this.#state.kind === 'map' && isChild(this.#state.item)
          ? this.#state.item
          : undefined
    if (spec) {
      const { part, told } = await this.#children.start(name, spec, item, this.#state)
      if (told) this.#told.push(told)
      return this.#settle(name, part)
    }
    const memos = this.#memos.get(name) ?? Memos.none(this.#hold.kernel.store, this.#hold.run, name)
    this.#memos.set(name, memos)
    const ended = await this.#work.attempt(name, item, before, memos)
    if (ended) await this.#save(name, ended, memos)
  }

  /** Keeps how an attempt ended; what cannot be stored is an error of the part. */
  async #save(name: string, ended: Ended, memos: Memos): Promise<void> {
    let { part } = ended
    let written: { readonly part: Part; readonly put: Put }
    try {
      written = this.#list.put(name, part)
    } catch (error) {
      part = {
        status: 'failed',
        at: part.at,
        attempts: part.attempts ?? 1,
        failure: toFailure(error),
        ...this.#work.edgeOf(error),
      }
      written = this.#list.put(name, part)
    }
    const dropped: readonly Delete[] = part.status === 'retry' ? [] : memos.dropped()
    const added = part.status === 'done' ? this.#work.addedRows(ended, this.#list, this.#parts) : []
    const puts = [written.put, ...added.map(({ put }) => put)]
    if (part.status === 'done' && ended.session.length > 0)
      await this.#hold.withSession(ended.session, (session) =>
        this.#hold.write({ put: [...puts, ...session], delete: dropped }),
      )
    else await this.#writer.write(puts, dropped)
    if (part.status !== 'retry') this.#memos.delete(name)
    for (const row of added) this.#parts.set(row.name, row.part)
    if (part.status === 'done') this.#work.openAdded(ended)
    this.#settle(name, written.part)
  }

  #settle(name: string, part: Part): void {
    const before = this.#parts.get(name)
    this.#parts.set(name, part)
    if (before?.status === 'child') this.#tally.children -= 1
    if (before?.status !== 'done' && before?.status !== 'failed') this.#count(name, part)
    if (part.status === 'retry') this.#queue.putBack(name)
  }

  /** Takes up what children have told, and now and then looks whether they still exist. */
  async #heed(): Promise<void> {
    if (this.#looked) return
    this.#looked = true
    if (this.#state.kind === 'parallel') return
    const heard = await this.#children.ended(this.#parts)
    for (const [name, part] of heard) this.#settle(name, part)
  }

  #nextLook(): number | undefined {
    const now = this.#call.host.now()
    const look =
      this.#tally.children === 0 ? undefined : now + (this.#children.foreign ? LOOK_MS.foreign : LOOK_MS.own)
    const times = [this.#queue.nextAt, look].filter((at) => at !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** Waits until a part ends, one that waits may begin, or something comes from outside. */
  async #nextChange(now: number): Promise<void> {
    const retryAt = this.#queue.nextAt
    const cancel =
      retryAt !== undefined && retryAt > now
        ? this.#call.host.alarm(retryAt, () => this.#change())
        : undefined
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
    const { done, failed } = this.#tally
    const failures = [...this.#parts].filter(([, { status }]) => status === 'failed').slice(0, 10)
    const told: Happening = {
      type: 'joined',
      state: this.#state.name,
      done,
      failed,
      ...(failures.length > 0
        ? { failures: Object.fromEntries(failures.map(([name, part]) => [name, part.failure as Failure])) }
        : {}),
    }
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
