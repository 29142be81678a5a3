import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Caller } from '../model/caller.ts'
import { toFailure } from '../model/failure.ts'
import type { HistoryEvent } from '../model/history.ts'
import { isCheckpoint } from '../store/history-log.ts'
import { fit } from '../model/fitting.ts'
import type { Kernel, Loaded } from '../runtime/kernel.ts'
import type { Library, Mapped } from '../runtime/library.ts'
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
  /** The version of the workflow by then. */
  readonly version: number
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
}

/** What one can fork from in a history, oldest first. */
function checkpointsOf(history: readonly HistoryEvent[]): readonly Checkpoint[] {
  let version = 1
  let vars: object = {}
  return history.filter(isCheckpoint).map((event) => {
    const { type, seq, data } = event
    if (type === 'started') version = event.version
    if (type === 'migrated') version = event.to
    if (type === 'started' || type === 'migrated') vars = event.vars as object
    if (type === 'moved') vars = { ...vars, ...((event.vars ?? {}) as object) }
    const state = type === 'migrated' || type === 'retried-by-hand' ? event.state : event.to
    return { seq, version, state, data, vars }
  })
}

/** The checkpoint of that number, or the newest in a state that is not final. Throws `unknown-checkpoint`. */
function findCheckpoint(
  run: string,
  history: readonly HistoryEvent[],
  from: number | undefined,
  isFinal: (state: string) => boolean,
): Checkpoint {
  const checkpoints = checkpointsOf(history).filter(({ state }) => !isFinal(state))
  const chosen = from === undefined ? checkpoints.at(-1) : checkpoints.find(({ seq }) => seq === from)
  if (chosen) return chosen
  const numbers = checkpoints.map(({ seq }) => seq)
  throw new StepwrightError('unknown-checkpoint', {
    what: `Run ${quote(run)} has no checkpoint ${quote(from)} to fork from`,
    remedy: `Give the number of an event that entered a state which is not final: ${numbers.slice(-10).join(', ')}`,
    details: { run, from, checkpoints: numbers },
  })
}

/** Starts a run where another one stood at a checkpoint, with the code that is loaded now. Gives its id. */
export async function forkRun(
  id: string,
  { from, data, ...options }: ForkOptions,
  runs: RunStore,
  kernel: Kernel,
): Promise<string> {
  const { workflow } = await runs.view(id)
  const loaded = kernel.library.current(workflow)
  if (!loaded) throw kernel.library.unknown(workflow)
  const { states } = loaded.machine.definition
  const history = await runs.history(id, 0)
  const checkpoint = findCheckpoint(id, history, from, (state) => states.get(state)?.kind === 'final')
  const { seq } = checkpoint
  const { state, vars, ...rest } = await inLoaded(kernel, loaded, { id, workflow, ...checkpoint })
  const where = `The data for ${quote(state)}`
  const given = data === undefined ? rest.data : data
  const input = await fit(loaded.machine.state(state).schema, given, 'invalid-data', where)
  const { document } = await runs.start(
    loaded,
    input,
    { ...options, fork: { run: id, seq, state, vars } },
    false,
  )
  kernel.nudge()
  return document.run.id
}

/** A checkpoint in the terms of the newest version: as it is where that has the state, or by its migration. */
async function inLoaded(
  { library }: Kernel,
  { machine }: Loaded,
  checkpoint: Checkpoint & { readonly id: string; readonly workflow: string },
): Promise<Pick<Checkpoint, 'state' | 'data' | 'vars'>> {
  const { name, version, states } = machine.definition
  const mapped = checkpoint.version < version ? await mapCheckpoint(library, checkpoint) : undefined
  if (mapped?.version === version) return mapped
  if (states.has(checkpoint.state)) return checkpoint
  throw new StepwrightError('unknown-checkpoint', {
    what: `Checkpoint ${checkpoint.seq} of run ${quote(checkpoint.id)} stands in ${quote(checkpoint.state)}, which version ${version} of ${name} does not have`,
    remedy: 'Choose another checkpoint, or declare @migrate',
  })
}

async function mapCheckpoint(
  library: Library,
  checkpoint: Checkpoint & { readonly workflow: string },
): Promise<Mapped | undefined> {
  try {
    return await library.mapped(checkpoint)
  } catch (cause) {
    throw new StepwrightError('invalid-data', {
      what: `Checkpoint ${checkpoint.seq} could not be migrated from version ${checkpoint.version}: ${toFailure(cause).message}`,
      remedy: 'Mend the migration, or choose another checkpoint',
      cause,
    })
  }
}
