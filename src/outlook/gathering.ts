import type { Journey, Stay } from '../model/journey.ts'
import type { MoveCause } from '../model/history.ts'
import { NOTHING_SPENT, plus, type Spent } from '../model/model-call.ts'
import type { Ended } from '../model/status.ts'
import { Sketch } from './sketch.ts'
import type { Departure, PathCount, Statistics } from './statistics.ts'

/** How many runs are named as examples of one thing. */
const EXAMPLES = 3
/** The most different stretches that are kept. */
const MOST_PATHS = 20_000
/** The shortest stretch that says more than a departure. */
const SHORTEST = 3
/** Failures that the history counts and does not name. */
const UNNAMED = '?'

interface Counted {
  count: number
  readonly examples: string[]
}

interface InState {
  visits: number
  completed: number
  readonly work: Sketch
  readonly wait: Sketch
  readonly time: Sketch
  spent: Spent
  readonly failures: Map<string, number>
}

type Leaving = Counted & Omit<Departure, 'count' | 'examples'>

/** Sums up journeys, one after another. */
export class Gathering {
  readonly #workflow: string
  readonly #pathLength: number
  #runs = 0
  #from = Infinity
  #until = 0
  readonly #ended: Partial<Record<Ended, number>> = {}
  readonly #states = new Map<string, InState>()
  readonly #departures = new Map<string, Leaving>()
  readonly #paths = new Map<string, Counted & Pick<PathCount, 'path'>>()
  #pathsCut = false

  constructor(workflow: string, pathLength: number) {
    this.#workflow = workflow
    this.#pathLength = pathLength
  }

  get runs(): number {
    return this.#runs
  }

  /** One more run. Those that come first are its examples. */
  add(id: string, { stays, end }: Journey): void {
    const [first] = stays
    if (!first) return
    this.#runs++
    this.#from = Math.min(this.#from, first.at)
    this.#until = Math.max(this.#until, first.at)
    if (end) this.#ended[end] = (this.#ended[end] ?? 0) + 1
    for (const stay of stays) {
      const last = stay === stays.at(-1)
      if (stay.left) this.#leaves(id, stay, stay.left.to, stay.left.by)
      else if (last && end && end !== 'completed') this.#leaves(id, stay, end, 'end')
      this.#stays(stay, { over: !last || end !== undefined, completed: last && end === 'completed' })
    }
    this.#goes(
      id,
      stays.map(({ state }) => state),
    )
  }

  /** What was summed up until now. */
  get statistics(): Statistics {
    return {
      workflow: this.#workflow,
      runs: this.#runs,
      from: this.#runs === 0 ? 0 : this.#from,
      until: this.#until,
      ended: { ...this.#ended },
      states: this.#states,
      departures: [...this.#departures.values()],
      paths: [...this.#paths.values()],
      pathLength: this.#pathLength,
      pathsCut: this.#pathsCut,
    }
  }

  #stays(
    { state, workMs, waitMs, errors, failures, spent }: Stay,
    { over, completed }: { readonly over: boolean; readonly completed: boolean },
  ): void {
    const fresh = { visits: 0, completed: 0, spent: NOTHING_SPENT, failures: new Map() }
    const into: InState = this.#states.get(state) ?? {
      ...fresh,
      ...{ work: new Sketch(), wait: new Sketch(), time: new Sketch() },
    }
    this.#states.set(state, into)
    into.visits++
    if (completed) into.completed++
    const fails = (name: string, n: number): unknown =>
      n > 0 && into.failures.set(name, (into.failures.get(name) ?? 0) + n)
    const named = [...errors.values()].reduce((sum, n) => sum + n, 0)
    for (const [name, n] of errors) fails(name, n)
    fails(UNNAMED, failures - named)
    if (!over) return // how long it will take, and what it will cost, is not known yet
    into.work.add(workMs)
    into.wait.add(waitMs)
    into.time.add(workMs + waitMs)
    into.spent = plus(into.spent, spent)
  }

  #leaves(id: string, stay: Stay, to: string, by: MoveCause | 'end'): void {
    const from = stay.state
    const key = JSON.stringify([from, to, by])
    const leaving = this.#departures.get(key) ?? { from, to, by, count: 0, time: new Sketch(), examples: [] }
    this.#departures.set(key, leaving)
    leaving.time.add(stay.workMs + stay.waitMs)
    count(leaving, id)
  }

  #goes(id: string, way: readonly string[]): void {
    for (let length = SHORTEST; length <= this.#pathLength; length++)
      for (let start = 0; start + length <= way.length; start++) {
        const path = way.slice(start, start + length)
        const key = JSON.stringify(path)
        const found = this.#paths.get(key) ?? { path, count: 0, examples: [] }
        if (found.count === 0 && this.#paths.size >= MOST_PATHS) this.#pathsCut = true
        else {
          this.#paths.set(key, found)
          count(found, id)
        }
      }
  }
}

function count(counted: Counted, id: string): void {
  counted.count++
  if (counted.examples.length < EXAMPLES && !counted.examples.includes(id)) counted.examples.push(id)
}
