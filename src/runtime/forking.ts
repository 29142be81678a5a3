import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Caller } from '../model/caller.ts'
import type { HistoryEvent } from '../model/history.ts'
import { isCheckpoint } from '../store/history-log.ts'
import { fit } from './fitting.ts'
import type { Kernel, Loaded } from './kernel.ts'
import type { RunStore } from './run-store.ts'

/** How a run is forked. */
export interface ForkOptions {
  /** The number of a history event that entered a state. Default: the newest. */
  readonly from?: number
  /** The id of the new run. Default: a new one. */
  readonly id?: string
  /** Default: a session of its own. */
  readonly session?: string
  /** In place of the data that the state was entered with. */
  readonly data?: unknown
  readonly as?: Caller
}

/** Where a new run begins. */
export interface Checkpoint {
  readonly seq: number
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
}

/** The checkpoint of that number in a history, or the newest. Throws `unknown-checkpoint`. */
export function findCheckpoint(
  run: string,
  history: readonly HistoryEvent[],
  from: number | undefined,
): Checkpoint {
  const checkpoints = history.filter(isCheckpoint)
  const chosen = from === undefined ? checkpoints.at(-1) : checkpoints.find(({ seq }) => seq === from)
  if (!chosen) {
    throw new StepwrightError('unknown-checkpoint', {
      what: `Run ${quote(run)} has no checkpoint ${quote(from)}`,
      remedy: `Give the number of an event that entered a state: ${checkpoints
        .slice(-10)
        .map(({ seq }) => seq)
        .join(', ')}`,
      details: { run, from, checkpoints: checkpoints.map(({ seq }) => seq) },
    })
  }
  let vars: object = {}
  for (const event of checkpoints) {
    if (event.seq > chosen.seq) break
    vars = { ...(event.type === 'moved' ? vars : {}), ...((event.vars ?? {}) as object) }
  }
  const state = chosen.type === 'migrated' ? chosen.state : chosen.to
  return { seq: chosen.seq, state, data: chosen.data, vars }
}

/** Starts a run where another one stood at a checkpoint, with the code that is loaded now. Gives its id. */
export async function forkRun(
  id: string,
  { from, data, ...options }: ForkOptions,
  runs: RunStore,
  kernel: Kernel,
): Promise<string> {
  const { workflow } = await runs.view(id)
  const checkpoint = findCheckpoint(id, await runs.history(id, 0), from)
  const loaded = kernel.library.current(workflow)
  if (!loaded) throw kernel.library.unknown(workflow)
  const input = await fitCheckpoint(loaded, checkpoint, data)
  const { seq, state, vars } = checkpoint
  const { document } = await runs.start(
    loaded,
    input,
    { ...options, fork: { run: id, seq, state, vars } },
    false,
  )
  kernel.nudge()
  return document.run.id
}

/** The data a fork begins with, if the loaded code has that state and takes it. */
async function fitCheckpoint(
  { machine }: Loaded,
  { state, data }: Checkpoint,
  other: unknown,
): Promise<unknown> {
  const { name, schema, kind } = machine.state(state)
  if (kind === 'final')
    throw new StepwrightError('unknown-checkpoint', {
      what: `${quote(name)} is final, so nothing can be forked from there`,
      remedy: 'Choose an earlier checkpoint',
    })
  return fit(schema, other === undefined ? data : other, 'invalid-data', `The data for ${quote(name)}`)
}
