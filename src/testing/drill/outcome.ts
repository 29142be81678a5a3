import type { RunHandle } from '../../control/run-handle.ts'
import type { HistoryEvent } from '../../model/history.ts'
import type { RunView } from '../../control/run-view.ts'
import type { AnyClass } from '../../definition/shape.ts'
import type { DrivenEngine } from '../test-engine.ts'

/** How a run has come out, without what a crash may change: times, workers, attempts, recoveries. */
export interface Outcome {
  readonly status: string
  readonly state: string
  /** What it completed with, or the data it stands with. */
  readonly output: unknown
  readonly vars: unknown
  /** Name and message of the error it failed with. */
  readonly failure?: string
  /** The states in their order. */
  readonly path: readonly string[]
  /** What happened that counts: moves with their data, signals, joins, what was undone. */
  readonly history: readonly object[]
  /** Its child runs, in the order of their ids. */
  readonly children: readonly object[]
}

/** What of a history has to be the same after a crash. */
const KEPT: Readonly<Partial<Record<HistoryEvent['type'], readonly string[]>>> = {
  started: ['to', 'data', 'vars'],
  moved: ['from', 'to', 'by', 'visit', 'data', 'vars'],
  signalled: ['name', 'payload'],
  voted: ['name', 'payload', 'count'],
  joined: ['state', 'done', 'failed'],
  compensating: ['why'],
  undone: ['state', 'visit', 'part'],
  compensated: [],
  cancelled: [],
  terminated: [],
  completed: ['state', 'output'],
  parked: ['status', 'reason'],
}

/** The events of a history that have to be the same however often its process dies; without times, ids and workers. */
export async function keptHistory(run: Pick<RunHandle, 'events'>): Promise<readonly object[]> {
  const kept: object[] = []
  for await (const event of run.events({ follow: false })) {
    const fields = KEPT[event.type]
    const all = event as unknown as Readonly<Record<string, unknown>>
    if (fields)
      kept.push({
        type: event.type,
        ...Object.fromEntries(fields.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]]))),
      })
    else if (event.type === 'failed') kept.push({ type: 'failed', failure: sayFailure(event.failure) })
  }
  return kept
}

/** How a run and its child runs have come out. */
export async function outcomeOf(run: RunHandle, { engine }: DrivenEngine<AnyClass>): Promise<Outcome> {
  const { status, state, data, vars, failure } = await run.view()
  const history = await keptHistory(run)
  const others = (await engine.list({ limit: 10_000 })).filter(({ id }) => id !== run.id)
  return {
    ...{ status, state, output: data, vars },
    ...(failure ? { failure: sayFailure(failure) } : {}),
    path: history.flatMap((event) => ('to' in event ? [String(event.to)] : [])),
    history,
    children: others.sort((a, b) => (a.id < b.id ? -1 : 1)).map(childOf),
  }
}

function childOf({ workflow, status, state, data }: RunView): object {
  return { workflow, status, state, output: data }
}

function sayFailure({ name, message }: { readonly name: string; readonly message: string }): string {
  return `${name}: ${message}`
}
