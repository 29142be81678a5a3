import { judgeLive } from '../control/judging.ts'
import type { RunStore } from '../control/run-store.ts'
import type { Kernel } from '../runtime/kernel.ts'
import type { WorkflowDiff } from './definition-diff.ts'

/** A live run that the new code would not go on with. */
export interface BlockedRun {
  readonly id: string
  readonly version: number
  readonly state: string
  readonly reason: string
}

/** The live runs that stand in one state. */
export interface LiveState {
  readonly state: string
  readonly live: number
  /** Mapped to another version by a migration. */
  readonly mapped: number
  /** Parked as needs-migration, or, where the workflow is gone, driven by nobody. */
  readonly blocked: number
  /** Of a version that is newer than the new code, which leaves them alone. */
  readonly newer: number
  /** The newest of the blocked ones. */
  readonly runs: readonly BlockedRun[]
}

/** What the new code would do with the live runs of a workflow. */
export interface LiveImpact {
  readonly live: number
  readonly mapped: number
  readonly blocked: number
  readonly newer: number
  /** The states that differ or have blocked runs, each with the runs that stand in it. */
  readonly states: readonly LiveState[]
}

/**
 * Judges the live runs of a store by the rule by which workers would: the state exists and its schema accepts the data,
 * or a migration says where it goes on. Nothing is written.
 *
 * `kernel` has the new code in its library. `most`: so many blocked runs are listed for a state. `onRun` is told how many
 * have been judged.
 */
export async function judgeImpact(
  diffs: readonly WorkflowDiff[],
  runs: RunStore,
  kernel: Kernel,
  { most, onRun }: { readonly most: number; readonly onRun?: (judged: number) => void },
): Promise<ReadonlyMap<string, LiveImpact>> {
  const tallies = new Map(diffs.map((diff) => [diff.workflow, new Tally(diff, most)]))
  let judged = 0
  for await (const { report } of judgeLive(runs, kernel)) {
    const tally = tallies.get(report.workflow)
    if (!tally) continue
    tally.add(report)
    onRun?.(++judged)
  }
  return new Map([...tallies].map(([workflow, tally]) => [workflow, tally.impact]))
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Count = Writable<Omit<LiveState, 'runs'>> & { readonly runs: BlockedRun[] }
type Report = Parameters<Tally['add']>[0]

class Tally {
  readonly #differ: ReadonlySet<string>
  readonly #gone: boolean
  readonly #most: number
  readonly #states = new Map<string, Count>()

  constructor({ states, transitions, after }: WorkflowDiff, most: number) {
    const fresh = new Set(states.flatMap(({ state, change }) => (change === 'added' ? [state] : [])))
    const differ = [...states.map(({ state }) => state), ...transitions.map(({ from }) => from)]
    this.#differ = new Set(differ.filter((state) => !fresh.has(state)))
    this.#gone = after === undefined
    this.#most = most
  }

  add(report: {
    readonly id: string
    readonly version: number
    readonly state: string
    readonly fate: 'stays' | 'maps' | 'blocked' | 'unknown'
    readonly reason?: string
  }): void {
    const { state } = report
    const fresh: Count = { state, live: 0, mapped: 0, blocked: 0, newer: 0, runs: [] }
    const count = this.#states.get(state) ?? fresh
    this.#states.set(state, count)
    count.live++
    const reason = this.#blocks(report)
    if (reason !== undefined) {
      count.blocked++
      const { id, version } = report
      if (count.runs.length < this.#most) count.runs.push({ id, version, state, reason })
    } else if (report.fate === 'maps') count.mapped++
    else if (report.fate === 'unknown') count.newer++
  }

  #blocks({ fate, reason }: Report): string | undefined {
    if (fate === 'blocked') return reason ?? ''
    return fate === 'unknown' && this.#gone ? 'Its workflow is not in the new code' : undefined
  }

  get impact(): LiveImpact {
    const all = [...this.#states.values()]
    const sum = (of: 'live' | 'mapped' | 'blocked' | 'newer'): number =>
      all.reduce((total, count) => total + count[of], 0)
    const untouched = [...this.#differ].filter((state) => !this.#states.has(state))
    return {
      ...{ live: sum('live'), mapped: sum('mapped'), blocked: sum('blocked'), newer: sum('newer') },
      states: [
        ...all.filter(({ state, blocked }) => blocked > 0 || this.#differ.has(state)),
        ...untouched.map((state) => ({ state, live: 0, mapped: 0, blocked: 0, newer: 0, runs: [] })),
      ].toSorted((a, b) => b.blocked - a.blocked || b.live - a.live || (a.state < b.state ? -1 : 1)),
    }
  }
}
