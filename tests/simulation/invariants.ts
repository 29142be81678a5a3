/** What must hold after every write, whatever happened before: a store that looks at each run document it is given. */
import { verifyRun } from '../../src/control/verifying.ts'
import { exitsOf } from '../../src/definition/exit.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import type { HistoryEvent } from '../../src/model/history.ts'
import { isEnded } from '../../src/model/status.ts'
import { Documents } from '../../src/store/documents.ts'
import { unseal } from '../../src/store/sealed-row.ts'
import type { StoredRun } from '../../src/store/stored-run.ts'
import { PassingStore } from '../../src/store/passing-store.ts'
import type { Batch, Row, Store } from '../../src/store/store.ts'
import { LeafWorkflow, TreeWorkflow } from './workload.ts'

/** Longer than a worker may need from reading a lease to taking over a run. */
const STEADY_MS = 20_000

/** Something that must never be. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: string

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`)
    this.invariant = invariant
  }
}

const exits = new Map(
  [LeafWorkflow, TreeWorkflow].map((workflow) => {
    const { name, states } = readDefinition(workflow)
    const pairs = [...states.values()].flatMap((state) =>
      exitsOf(state).map(({ to }) => `${state.name} ${to}`),
    )
    return [name, new Set(pairs)]
  }),
)

/** Looks at everything that is written. */
export class Watcher extends PassingStore {
  override readonly shared = true
  readonly #documents: Documents
  readonly #now: () => number
  readonly #histories = new Map<string, HistoryEvent[]>()
  readonly #ended = new Map<string, string>()
  /** Since when each worker has reported without a gap, and until when it is believed to live. */
  readonly #leases = new Map<string, { readonly since: number; readonly until: number }>()
  violation: Violation | undefined

  constructor(inner: Store, now: () => number) {
    super(inner)
    this.#documents = new Documents(inner, () => '')
    this.#now = now
  }

  /** The histories of all runs as they were written, by run. */
  get histories(): ReadonlyMap<string, readonly HistoryEvent[]> {
    return this.#histories
  }

  override async write(batch: Batch): Promise<boolean> {
    const runs = (batch.put ?? []).filter(({ collection }) => collection === 'run')
    const before = await this.inner.get(
      'run',
      runs.map(({ key }) => key),
    )
    const parts = (batch.put ?? []).filter(({ collection }) => collection === 'part')
    const ended = await this.inner.get(
      'part',
      parts.map(({ key }) => key),
    )
    const written = await this.inner.write(batch)
    if (!written) return false
    for (const { collection, key, value } of batch.put ?? [])
      if (collection === 'worker') this.#report(key, (JSON.parse(value) as { until: number }).until)
    for (const { collection, key } of batch.delete ?? [])
      if (collection === 'worker') this.#leases.delete(key)
    for (const [i, { key, value }] of parts.entries()) {
      const old = ended[i]
      const was = (old ? unseal(old.value, key) : {}) as { status?: string }
      const is = unseal(value, key) as { status?: string; undone?: boolean }
      const over = was.status === 'done' || was.status === 'failed'
      if (over && value !== ended[i]?.value && !(is.status === was.status && is.undone))
        this.violation ??= new Violation('I4', `part ${key} was ${was.status} and became ${is.status}`)
    }
    for (const [i, { key }] of runs.entries()) {
      const [row] = await this.inner.get('run', [key])
      try {
        if (row) await this.#look(key, before[i], row)
      } catch (error) {
        this.violation ??= error instanceof Violation ? error : new Violation('I10', String(error))
      }
    }
    return true
  }

  async #look(id: string, before: Row | undefined, row: Row): Promise<void> {
    if (row.revision !== (before?.revision ?? 0) + 1)
      throw new Violation('I1', `${id} went from revision ${before?.revision ?? 0} to ${row.revision}`)
    const stored = this.#documents.read(id, row)
    const known = this.#histories.get(id) ?? []
    const events = await this.#documents.events(stored, known.length)
    const first = events[0]
    if (!first || first.seq !== known.length + 1)
      throw new Violation(
        'I1',
        `${id}: a write brought history ${first?.seq ?? 'nothing'} after ${known.length}: it was made from an older revision`,
      )
    const last = known.at(-1)
    if (last && first.at < last.at)
      throw new Violation('I9', `${id}: time went back from ${last.at} to ${first.at}`)
    if (this.#ended.has(id)) throw new Violation('I5', `${id} changed after it was ${this.#ended.get(id)}`)
    for (const event of events) if (event.type === 'recovered') this.#checkOwner(id, event)
    this.#checkMoves(stored, known, events)
    this.#checkTimes(id, [...known.slice(-20), ...events], events)
    this.#histories.set(id, [...known, ...events])
    if (isEnded(stored.status)) this.#ended.set(id, stored.status)
    const { problems } = await verifyRun(id, { documents: this.#documents })
    if (problems[0]) throw new Violation('I10', `${id} is not what its history leads to: ${problems[0].what}`)
  }

  #report(worker: string, until: number): void {
    const { since, until: before } = this.#leases.get(worker) ?? { since: 0, until: -Infinity }
    this.#leases.set(worker, { since: before > this.#now() ? since : this.#now(), until })
  }

  /** A worker that has reported all along keeps its runs. */
  #checkOwner(id: string, { from, worker }: HistoryEvent & { readonly type: 'recovered' }): void {
    const { since = Infinity, until = 0 } = this.#leases.get(from) ?? {}
    if (from !== worker && until > this.#now() && this.#now() - since > STEADY_MS)
      throw new Violation('I4', `${id} was taken from ${from}, which lives`)
  }

  #checkMoves(
    { id, workflow }: StoredRun,
    known: readonly HistoryEvent[],
    events: readonly HistoryEvent[],
  ): void {
    let state = known.reduce(
      (at, event) => (event.type === 'moved' || event.type === 'started' ? event.to : at),
      '',
    )
    for (const event of events) {
      if (event.type === 'started') state = event.to
      if (event.type !== 'moved') continue
      if (event.from !== state)
        throw new Violation('I2', `${id} moved from ${event.from} while it stood in ${state}`)
      if (!exits.get(workflow)?.has(`${event.from} ${event.to}`))
        throw new Violation('I2', `${id} moved from ${event.from} to ${event.to}`)
      state = event.to
    }
  }

  #checkTimes(id: string, recent: readonly HistoryEvent[], events: readonly HistoryEvent[]): void {
    for (const event of events) {
      if (event.at > this.#now()) throw new Violation('I9', `${id}: an event of the future`)
      if (event.type === 'retried') {
        const failed = recent.findLast((e) => e.type === 'attempt-failed' && e.seq < event.seq)
        if (failed?.type === 'attempt-failed' && (failed.retryAt ?? 0) > event.at)
          throw new Violation('I9', `${id} was tried again ${(failed.retryAt ?? 0) - event.at} ms early`)
      }
      if (event.type === 'moved' && (event.by === 'expires' || event.from === 'rest')) {
        const entered = recent.findLast(
          (e) => (e.type === 'moved' || e.type === 'started') && e.to === event.from && e.seq < event.seq,
        )
        const wait = event.by === 'expires' ? 3_600_000 : 20_000
        if (entered && event.at < entered.at + wait)
          throw new Violation('I9', `${id} left ${event.from} early, by ${event.by}`)
      }
    }
  }
}
