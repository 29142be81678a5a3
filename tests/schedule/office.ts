import { TestClock } from 'stepwright/testing'
import type { ErrorCode } from '../../src/errors/codes.ts'
import { StepwrightError } from '../../src/errors/stepwright-error.ts'
import { isEnded, type Status } from '../../src/model/status.ts'
import { ScheduleBook } from '../../src/schedule/schedule-book.ts'
import type { SchedulePort } from '../../src/schedule/schedule-port.ts'
import { duePut, listDue } from '../../src/store/due-list.ts'
import type { Delete, Store } from '../../src/store/store.ts'

/** A run as the tests see it. */
export interface FakeRun {
  readonly id: string
  readonly workflow: string
  readonly input: unknown
  readonly at: number
  status: Status
}

/** Runs outside of any store, as a real engine keeps them: they survive the processes that start them. */
export class FakeRuns extends Map<string, FakeRun> {
  /** Every call that changes a run, in order. */
  readonly calls: string[] = []
  /** Cancelled runs end at once, or when they are told to. */
  slowCancel = false

  get ids(): readonly string[] {
    return [...this.keys()]
  }

  /** The due times that have runs, as text. */
  get dues(): readonly string[] {
    return this.ids.map((id) => id.slice(id.lastIndexOf('/') + 1))
  }

  going(): readonly string[] {
    return [...this.values()].filter(({ status }) => !isEnded(status)).map(({ id }) => id)
  }
}

/** One process: a book on a store, and a worker that fires what is due. */
export class Office {
  readonly book: ScheduleBook
  readonly warnings: string[] = []
  readonly store: Store
  readonly clock: TestClock
  readonly runs: FakeRuns
  /** Called before a run is started. */
  beforeStart: (id: string) => Promise<void> | void = () => undefined
  /** Called before a run's status is given. */
  beforeStatus: () => void = () => undefined
  /** How often the worker was asked to look. */
  looks = 0
  known = ['report', 'other']

  constructor(store: Store, clock = new TestClock(), runs = new FakeRuns()) {
    this.store = store
    this.clock = clock
    this.runs = runs
    this.book = new ScheduleBook(this.#port())
  }

  /** Fires what is due now, as a worker does, until nothing is. */
  async work(): Promise<void> {
    for (let rounds = 0; rounds < 100; rounds++) {
      const due = (await listDue(this.store, 1_000)).filter(({ at }) => at <= this.clock.now())
      if (due.length === 0) return
      for (const [id, own] of Map.groupBy(due, ({ run }) => run))
        if ((await this.book.fire(id, rowsOf(own))) === 'leave') return
    }
    throw new Error('the due list does not get empty')
  }

  /** Moves from one due entry to the next, up to `until`, and fires each. */
  async workUntil(until: Date | string): Promise<void> {
    const end = new Date(until).getTime()
    for (;;) {
      const [next] = await listDue(this.store, 1)
      if (!next || next.at > end) break
      this.clock.jump(Math.max(next.at, this.clock.now()))
      await this.work()
    }
    this.clock.jump(end)
  }

  /** Ends a run as the engine does: the schedule has an entry in the commit that ends it. */
  async end(id: string, status: Status = 'completed'): Promise<void> {
    const run = this.runs.get(id) as FakeRun
    run.status = status
    const schedule = id.replace(/\/(now\/)?[^/]*$/, '')
    await this.store.write({ put: [duePut(this.clock.now(), schedule, 'schedule')] })
  }

  #port(): SchedulePort {
    const { runs, clock } = this
    return {
      store: this.store,
      host: clock,
      warn: (message) => void this.warnings.push(message),
      look: () => void this.looks++,
      knows: (workflow) => this.known.includes(workflow),
      check: async (workflow, input) => {
        await Promise.resolve()
        if (!this.known.includes(workflow)) throw refusal('unknown-workflow')
        if (input === 'bad') throw refusal('invalid-input')
      },
      start: async (workflow, input, { id }) => {
        await this.beforeStart(id)
        const there = runs.get(id)
        if (there && there.input !== input) throw refusal('run-exists')
        if (there) return
        runs.calls.push(`start ${id}`)
        runs.set(id, { id, workflow, input, at: clock.now(), status: 'running' })
      },
      status: async (id) => {
        await Promise.resolve()
        this.beforeStatus()
        return runs.get(id)?.status
      },
      cancel: async (id) => {
        runs.calls.push(`cancel ${id}`)
        if (isEnded(runs.get(id)?.status ?? 'failed')) throw refusal('run-ended')
        if (runs.slowCancel) (runs.get(id) as FakeRun).status = 'compensating'
        else await this.end(id, 'cancelled')
      },
      terminate: async (id) => {
        runs.calls.push(`terminate ${id}`)
        await this.end(id, 'terminated')
      },
    }
  }
}

function refusal(code: ErrorCode): StepwrightError {
  return new StepwrightError(code, { what: 'It is refused', remedy: 'Give another' })
}

/** The due list's entries as `fire` gets them. */
export function rowsOf(entries: readonly { readonly key: string }[]): readonly Delete[] {
  return entries.map(({ key }) => ({ collection: 'due', key }))
}
