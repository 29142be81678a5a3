/**
 * One simulated world: three processes with an engine each on one store, a virtual clock, and a scheduler that decides by
 * a seed which store call goes through next, which fails, who dies, who freezes, and what people do meanwhile.
 */
import { createEngine, FatalError, type Engine } from '../../src/index.ts'
import { isEnded } from '../../src/model/status.ts'
import { decode } from '../../src/store/codec.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { unseal } from '../../src/store/sealed-row.ts'
import { SessionDocument } from '../../src/store/session-document.ts'
import { BuggyStore, type Bug } from './bugs.ts'
import { Chance } from './chance.ts'
import { Violation, Watcher } from './invariants.ts'
import { SimStore, type PendingCall } from './sim-store.ts'
import { Time } from './time.ts'
import { LeafWorkflow, TreeWorkflow } from './workload.ts'

/** What came of a seed. */
export interface Outcome {
  readonly seed: number
  readonly violation: Violation | undefined
  readonly steps: number
  readonly crashes: number
  /** How the runs ended: by status. */
  readonly ends: Readonly<Record<string, number>>
}

interface Process {
  readonly name: string
  readonly engine: Engine<typeof TreeWorkflow | typeof LeafWorkflow>
  frozen: boolean
}

const RUNS = ['r1', 'r2', 'r3-broke', 'r4']
const CHAOS_STEPS = 700
const MOST_STEPS = 20_000

/** Runs one world to its end. The same seed and bug give the same world. */
export function simulate(seed: number, bug?: Bug): Promise<Outcome> {
  return new World(seed, bug).run()
}

class World {
  readonly #seed: number
  readonly #chance: Chance
  readonly #time = new Time()
  readonly #calls = { pending: [] as PendingCall[] }
  readonly #memory = new MemoryStore()
  readonly #watcher = new Watcher(this.#memory, () => this.#time.now)
  readonly #store
  readonly #processes: Process[] = []
  readonly #starts = new Map<string, { calls: number; throws: number }>()
  readonly #acked: { run: string; id: string }[] = []
  readonly #started = new Set<string>()
  /** No two worlds are alike: some have no crashes at all, some no faults. */
  readonly #rates
  #crashes = 0
  #born = 0
  #sent = 0
  #steps = 0
  #calm = false

  constructor(seed: number, bug: Bug | undefined) {
    this.#seed = seed
    this.#chance = new Chance(seed)
    this.#store = bug ? new BuggyStore(this.#watcher, bug, this.#chance) : this.#watcher
    this.#rates = {
      crash: this.#chance.pick([0, 0.002, 0.01]),
      freeze: this.#chance.pick([0, 0.002, 0.01]),
      fault: this.#chance.pick([0, 0.01, 0.05]),
      throws: this.#chance.pick([0, 0.1, 0.25]),
      person: this.#chance.pick([0.01, 0.03]),
    }
  }

  async run(): Promise<Outcome> {
    for (let i = 0; i < 3; i++) this.#spawn()
    try {
      while (this.#steps < CHAOS_STEPS) await this.#step()
      this.#settleDown()
      while (!(await this.#over())) {
        if (this.#steps > MOST_STEPS) throw new Violation('liveness', await this.#standing())
        await this.#step()
      }
      await this.#judge()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      return this.#outcome(error)
    }
    return this.#outcome(undefined)
  }

  #outcome(violation: Violation | undefined): Outcome {
    const ends: Record<string, number> = {}
    for (const history of this.#watcher.histories.values()) {
      const end = history.findLast(({ type }) =>
        ['completed', 'failed', 'compensated', 'cancelled', 'terminated'].includes(type),
      )
      const name = end?.type ?? 'open'
      ends[name] = (ends[name] ?? 0) + 1
    }
    return { seed: this.#seed, violation, steps: this.#steps, crashes: this.#crashes, ends }
  }

  #spawn(): void {
    const number = ++this.#born
    const name = `p${number}`
    const host = this.#time.hostOf(name, number, this.#chance)
    const outside = { call: (what: string, key: string) => this.#called(what, key) }
    const engine = createEngine({
      workflows: [TreeWorkflow, LeafWorkflow],
      store: new SimStore(this.#store, this.#calls, name),
      host,
      lease: '10s',
      poll: '3s',
      resources: { outside },
      onWarning: () => undefined,
    })
    this.#processes.push({ name, engine, frozen: false })
  }

  #kill(process: Process): void {
    this.#crashes += 1
    this.#processes.splice(this.#processes.indexOf(process), 1)
    this.#calls.pending = this.#calls.pending.filter(({ owner }) => owner !== process.name)
    this.#time.drop(process.name)
  }

  /** One thing happens. */
  async #step(): Promise<void> {
    this.#steps += 1
    const { crash, freeze, fault, person } = this.#rates
    const chance = this.#chance
    if (!this.#calm) {
      if (chance.hits(crash) && this.#processes.length > 1) this.#kill(chance.pick(this.#processes))
      if (this.#processes.length < 3 && chance.hits(0.05)) this.#spawn()
      if (chance.hits(freeze)) {
        const process = chance.pick(this.#processes)
        process.frozen = !process.frozen
        if (process.frozen) this.#crashes += 1 // to the others it looks like one
      }
    }
    if (chance.hits(person)) this.#act()
    const awake = new Set(this.#processes.filter(({ frozen }) => !frozen).map(({ name }) => name))
    const ready = this.#calls.pending.filter(({ owner }) => awake.has(owner))
    if (ready.length === 0 || chance.hits(0.03)) this.#time.step(awake)
    else {
      const call = chance.pick(ready)
      this.#calls.pending.splice(this.#calls.pending.indexOf(call), 1)
      const how =
        this.#calm || !chance.hits(fault)
          ? 'ok'
          : call.isWrite
            ? chance.pick(['fail', 'lose-reply'] as const)
            : 'fail'
      await call.settle(how)
    }
    for (let i = 0; i < 3; i++) await new Promise(setImmediate)
    if (this.#watcher.violation) throw this.#watcher.violation
  }

  /** A person does something, through one of the processes that are awake. */
  #act(): void {
    const awake = this.#processes.filter(({ frozen }) => !frozen)
    if (awake.length === 0) return
    const { engine } = this.#chance.pick(awake)
    const run = this.#chance.pick(RUNS)
    const what = this.#chance.pick([
      'start',
      'yes',
      'yes',
      'again',
      'no',
      'cancel',
      'pause',
      'resume',
    ] as const)
    const rare = what === 'no' || what === 'cancel' || what === 'pause'
    if (rare && (this.#calm || !this.#chance.hits(0.2))) return
    this.#do(engine, run, what).catch(() => undefined) // refused, or the store was away: nothing was acknowledged
  }

  async #do(
    engine: Process['engine'],
    run: string,
    what: 'start' | 'yes' | 'again' | 'no' | 'cancel' | 'pause' | 'resume',
  ): Promise<void> {
    if (what === 'start') {
      await engine.start(TreeWorkflow, {}, { id: run, session: 's' })
      this.#started.add(run)
      return
    }
    if (what === 'cancel' || what === 'pause' || what === 'resume') return (await engine.get(run))[what]()
    const id = what === 'again' ? `s${this.#chance.below(this.#sent + 1)}` : `s${++this.#sent}`
    const number = Number(id.slice(1))
    if (what === 'no') await engine.signal(run, 'no', {}, { id })
    else await engine.signal(run, 'yes', { n: number }, { id })
    this.#acked.push({ run, id })
  }

  /** A handler reached the outside world. */
  #called(what: string, key: string): void {
    const name = `${what} ${key}`
    const seen = this.#starts.get(name) ?? { calls: 0, throws: 0 }
    this.#starts.set(name, seen)
    seen.calls += 1
    const takeovers = this.#takeovers(key)
    if (seen.calls > 1 + seen.throws + takeovers)
      this.#watcher.violation ??= new Violation(
        'I4',
        `${name} was called ${seen.calls} times, with ${seen.throws} failures and ${takeovers} takeovers`,
      )
    if (this.#calm || !this.#chance.hits(this.#rates.throws)) return
    seen.throws += 1
    throw this.#chance.hits(0.1) ? new FatalError('no') : new Error('busy')
  }

  /** How often a worker went on with a run after another one: each may start the step in flight once more. */
  #takeovers(key: string): number {
    let run = ''
    for (const id of this.#watcher.histories.keys())
      if (key.startsWith(`${id}/`) && id.length > run.length) run = id
    const history = this.#watcher.histories.get(run) ?? []
    return history.filter(({ type }) => type === 'recovered' || type === 'released').length
  }

  /** No more trouble: everybody wakes, the dead are replaced. */
  #settleDown(): void {
    this.#calm = true
    for (const process of this.#processes) process.frozen = false
    while (this.#processes.length < 2) this.#spawn()
  }

  /** Every run has ended; people help those that wait for them. */
  async #over(): Promise<boolean> {
    if (this.#steps % 25 !== 0) return false
    const engine = this.#processes[0]?.engine
    if (!engine) return false
    let over = true
    for (const id of RUNS) {
      const [row] = await this.#memory.get('run', [id])
      const { status } = (row ? JSON.parse(row.value) : { status: 'none' }) as { status: string }
      if (isEnded(status as never)) continue
      over = false
      if (status === 'none') this.#do(engine, id, 'start').catch(() => undefined)
      else if (status === 'paused' || status === 'compensation-failed' || status === 'quarantined')
        this.#do(engine, id, 'resume').catch(() => undefined)
      else if (this.#chance.hits(0.3)) this.#do(engine, id, 'yes').catch(() => undefined)
    }
    return over
  }

  /** What must hold when all is over. */
  async #judge(): Promise<void> {
    for (const run of this.#started)
      if (!this.#watcher.histories.has(run))
        throw new Violation('I6', `the acknowledged start of ${run} was lost`)
    const left = await this.#memory.list('inbox', { limit: 10_000, values: true })
    const waiting = new Set(left.map(({ value }) => (decode(unseal(value, 'a letter')) as { id: string }).id))
    for (const { run, id } of this.#acked) {
      const taken = (this.#watcher.histories.get(run) ?? []).filter(
        (event) => event.type === 'signalled' && event.id === id,
      ).length
      if (taken > 1) throw new Violation('I6', `signal ${id} of ${run} was applied ${taken} times`)
      const others = this.#acked.some((other) => other.id === id && other.run !== run)
      if (taken === 0 && !waiting.has(id) && !others)
        throw new Violation('I6', `the acknowledged signal ${id} of ${run} was lost`)
    }
    const paid = [...this.#watcher.histories.values()].filter((history) =>
      history.some((event) => event.type === 'moved' && event.from === 'pay' && event.to === 'done'),
    ).length
    const session = (await SessionDocument.load(this.#memory, 's', () => '')).state as
      { paid: number } | undefined
    if ((session?.paid ?? 0) !== paid)
      throw new Violation('I6', `${paid} runs have paid, and the session says ${session?.paid}`)
    this.#judgeUndoing()
  }

  #judgeUndoing(): void {
    for (const [id, history] of this.#watcher.histories) {
      const booked = history.filter((event) => event.type === 'moved' && event.from === 'book').length
      const undone = history.filter((event) => event.type === 'undone' && event.state === 'book').length
      const ended = history.some((event) => event.type === 'compensated')
      if (undone !== (ended ? booked : 0))
        throw new Violation('undo', `${id} booked ${booked} times and undid ${undone}`)
      const calls = this.#starts.get(`unbook ${id}/book/1/undo`)?.calls ?? 0
      if (ended && booked > 0 && calls === 0)
        throw new Violation('undo', `${id} says it is undone, and nothing was`)
    }
  }

  async #standing(): Promise<string> {
    const rows = await this.#memory.get('run', RUNS)
    const due = await this.#memory.list('due', { limit: 20 })
    const said = rows.map((row, i) => {
      const { status, state, timer, worker } = (row ? JSON.parse(row.value) : {}) as Record<string, unknown>
      return `${RUNS[i]} ${JSON.stringify({ status, state, timer, worker })}`
    })
    return `after ${this.#steps} steps: ${said.join('; ')}; due ${due.map(({ key }) => key).join(' ')}; now ${this.#time.now}`
  }
}
