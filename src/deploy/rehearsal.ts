import type { WorkflowJson } from '../inspect/chart-json.ts'
import type { HistoryEvent } from '../model/history.ts'
import type { Library } from '../runtime/library.ts'
import type { Executor } from './execution.ts'
import type { Difference, Parting } from './difference.ts'
import { checkVisit } from './move-check.ts'
import { translate } from './translation.ts'
import { visitsOf } from './visit.ts'

/** How a recorded run goes with the new code. */
export interface Rehearsal {
  readonly run: string
  readonly workflow: string
  /** It was started with. */
  readonly version: number
  /** `unknown`: it could not be rehearsed. */
  readonly fate: 'same' | 'differs' | 'unknown'
  readonly difference?: Difference
  /** Why it could not be rehearsed. */
  readonly reason?: string
  readonly visits: number
  /** Visits whose handlers have really run. */
  readonly executed: number
  /** States whose handlers were to run and did not, each with the reason: its kind, or `effect idempotent`. */
  readonly notRun: Readonly<Record<string, string>>
}

/** What a run is rehearsed with. */
export interface Stage {
  readonly library: Library
  /** The chart as it was, where the store has it. */
  readonly old: WorkflowJson | undefined
  /** Runs handlers; without it only the charts are compared. */
  readonly executor: Executor | undefined
}

/**
 * Takes a recorded run through the new code, visit by visit. Each begins as it is recorded, so as long as each leads to
 * what is recorded, the whole run does.
 */
export async function rehearseRun(
  run: { readonly id: string; readonly workflow: string; readonly version: number },
  history: readonly HistoryEvent[],
  { library, old, executor }: Stage,
): Promise<Rehearsal> {
  const { id, workflow, version } = run
  const visits = visitsOf(history)
  let executed = 0
  const notRun = new Map<string, string>()
  const end = (fate: Rehearsal['fate'], more: Pick<Rehearsal, 'difference' | 'reason'> = {}): Rehearsal => ({
    ...{ run: id, workflow, version, fate, visits: visits.length, executed },
    notRun: Object.fromEntries(notRun),
    ...more,
  })
  const loaded = library.current(workflow)
  if (!loaded) return end('unknown', { reason: 'its workflow is not in the new code' })
  const { definition } = loaded.machine
  const newest = Math.max(version, ...visits.map((visit) => visit.version))
  if (newest > definition.version)
    return end('unknown', {
      reason: `it is of version ${newest}, and the new code has ${definition.version}`,
    })
  const [first] = visits
  if (!first) return end('unknown', { reason: 'its history does not begin with its start' })
  for (const [i, visit] of visits.entries()) {
    const { seq, state } = visit
    const differs = (parting: Parting): Rehearsal =>
      end('differs', { difference: { seq, state, visit: visit.visit, ...parting } })
    const here = await translate(run, visit, definition, library)
    if (!here.ok) return differs({ what: here.what, expected: `stands in ${state}`, came: here.why })
    const { standing } = here
    const forked = history[0]?.type === 'started' && history[0].forkedFrom !== undefined
    if (i === 0 && !forked && standing.state !== definition.initial)
      return differs({
        what: 'state',
        expected: `begins in ${state}`,
        came: `begins in ${definition.initial}`,
      })
    const next = visit.left && visits[i + 1]
    const there = next && (await translate(run, next, definition, library))
    const to = there?.ok ? there.standing : undefined
    const target = loaded.machine.state(standing.state)
    const parting = await checkVisit(visit, { definition, state: target, to: to?.state, old })
    if (parting) return differs(parting)
    const outcome = await executor?.execute({ run, history, visit, standing, to, loaded })
    if (outcome === undefined) continue
    if ('notRun' in outcome) {
      notRun.set(standing.state, outcome.notRun)
      continue
    }
    if ('reason' in outcome) return end('unknown', { reason: `${state}: ${outcome.reason}` })
    executed++
    if (outcome.parting) return differs(outcome.parting)
  }
  return end('same')
}
