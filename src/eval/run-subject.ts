import { RunHandle } from '../control/run-handle.ts'
import type { RunView } from '../control/run-view.ts'
import { familyOf } from '../definition/children.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { AnyClass } from '../definition/shape.ts'
import { EngineParts } from '../engine-parts.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Happening } from '../model/history.ts'
import { isEnded, isParked } from '../model/status.ts'
import type { EngineOptions } from '../options.ts'
import type { Committed } from '../runtime/kernel.ts'
import { listDue } from '../store/due-list.ts'
import { calledTools } from './called-tools.ts'
import { SkippingClock } from './skipping-clock.ts'
import type { Doing, Subject } from './subject.ts'

/** What is sent to a run that waits; `undefined`: nothing, and the wait expires. */
export type Answering = (run: RunView) => Sent | undefined | Promise<Sent | undefined>

interface Sent {
  readonly signal: string
  readonly payload: unknown
}

/** A workflow, or one state of it. */
export interface Running {
  readonly workflow: AnyClass
  readonly config?: object
  readonly signals?: Answering
  /** Only that state is done. */
  readonly from?: { readonly state: string; readonly vars: object }
}

/** More signals than that to one run are a circle. */
const MOST_SIGNALS = 100
/** Waits of an attempt that failed, for a server that is busy, take their time. */
const REAL_WAITS: readonly string[] = ['retry', 'parts']
/** What has been due for longer is left over: a worker that does nothing sees what is due at once. */
const TAKEN_UP_MS = 1_000
/** Leases and looks into a store that nobody else has. */
const NEVER = '52w'

/** Each item is a run on an engine of its own, in memory, whose clock skips over what the run only waits for. */
export function runSubject(running: Running): Subject {
  const workflows = familyOf(running.workflow)
  return async ({ input }, doing) => {
    const clock = new SkippingClock()
    const parts = new EngineParts({
      ...{ workflows, store: 'memory', host: clock, lease: NEVER, poll: NEVER },
      ...{ resources: doing.resources, onWarning: () => undefined },
      ...(running.config ? { config: running.config } : {}),
    } as EngineOptions)
    try {
      return await new ItemRun(running, doing, parts, clock).outcome(input)
    } finally {
      const closed = parts.close().catch(() => undefined)
      if (!doing.signal.aborted) await closed // what is out of time may not heed its signal
    }
  }
}

class ItemRun {
  readonly #running: Running
  readonly #doing: Doing
  readonly #parts: EngineParts
  readonly #clock: SkippingClock
  readonly #id: string
  #commits = 0
  #changed = Promise.withResolvers<void>()
  #moved: (Happening & { type: 'moved' }) | undefined
  #sent = 0

  constructor(running: Running, doing: Doing, parts: EngineParts, clock: SkippingClock) {
    this.#running = running
    this.#doing = doing
    this.#parts = parts
    this.#clock = clock
    this.#id = doing.id
  }

  async outcome(input: unknown): Promise<unknown> {
    try {
      return await this.#outcome(input)
    } finally {
      const { tracer, signal } = this.#doing
      const { runs, store } = this.#parts
      if (!signal.aborted) tracer.called(await calledTools(this.#id, tracer.history, runs, store))
    }
  }

  async #outcome(input: unknown): Promise<unknown> {
    const { workflow, from } = this.#running
    const { runs, library, handles, feed, worker } = this.#parts
    const { name, version, states } = readDefinition(workflow)
    if (from && !states.has(from.state))
      throw new StepwrightError('invalid-options', {
        what: `${name} has no state ${quote(from.state)}`,
        remedy: `Name one of ${[...states.keys()].join(', ')}`,
      })
    await this.#parts.open()
    feed.subscribe((committed) => this.#heard(committed))
    // a state in the middle is begun as a fork begins
    const fork = from && { run: 'evaluation', seq: 0, ...from }
    const loaded = library.get({ workflow: name, version })
    await runs.start(loaded, input, { id: this.#id, ...(fork ? { fork } : {}) }, false)
    worker.look()
    const run = new RunHandle(this.#id, handles)
    for (;;) {
      this.#doing.signal.throwIfAborted()
      if (this.#moved) return this.#moved.data
      const view = await run.view()
      if (isEnded(view.status) || isParked(view.status)) return (await run.result()).data
      const commits = this.#commits
      if (await this.#settled()) {
        if (commits === this.#commits) await this.#goOn(view)
      } else await this.#change(10)
    }
  }

  #heard({ run, happenings }: Committed): void {
    this.#commits++
    this.#changed.resolve()
    if (run.id !== this.#id) return this.#doing.tracer.tellOther(happenings)
    if (this.#moved) return
    this.#doing.tracer.tell(...happenings)
    if (!this.#running.from) return
    this.#moved = happenings.find((each) => each.type === 'moved')
    if (this.#moved) void this.#parts.worker.stop() // before the next handler is called
  }

  /** Nothing is being driven: whatever goes on waits. */
  async #settled(): Promise<boolean> {
    for (let calm = 0; calm < 3; calm++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (!this.#parts.worker.idle) return false
    }
    return true
  }

  /** Until something is committed, `ms` at most. */
  async #change(ms: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#changed = Promise.withResolvers()
    await Promise.race([this.#changed.promise, late])
    clearTimeout(timer)
  }

  /** Sends what a run waits for, or lets the time pass that it waits for. */
  async #goOn(view: RunView): Promise<void> {
    const answer = view.awaits.length > 0 ? await this.#running.signals?.(view) : undefined
    if (answer) {
      if (++this.#sent > MOST_SIGNALS) throw this.#stuck(view, `after ${MOST_SIGNALS} signals`)
      await this.#parts.mailbox.signal(this.#id, answer.signal, answer.payload, {})
      return
    }
    const now = this.#clock.now()
    const due = await listDue(this.#parts.store, 1_000)
    if (due.some(({ at }) => at <= now && at > now - TAKEN_UP_MS)) return this.#change(10) // its worker is about to see it
    const later = due.filter(({ at }) => at > now)
    const next = later.find(({ why }) => why !== 'look') ?? later[0]
    if (!next) throw this.#stuck(view, 'and nothing is due')
    if (REAL_WAITS.includes(next.why)) return this.#change(Math.min(100, next.at - this.#clock.now()))
    const before = this.#commits
    this.#clock.skipTo(next.at)
    await this.#change(50)
    if (next.why === 'look' && this.#commits === before) throw this.#stuck(view, 'and so do its child runs')
  }

  #stuck({ status, state, awaits }: RunView, how: string): StepwrightError {
    const whatFor = awaits.length > 0 ? ` for ${awaits.join(' or ')}` : ''
    return new StepwrightError('not-possible', {
      what: `The run is ${status} in ${quote(state)}${whatFor}, ${how}`,
      remedy: 'Say in the option "signals" of the evaluation what is sent to it',
      details: { state, status, awaits },
    })
  }
}
