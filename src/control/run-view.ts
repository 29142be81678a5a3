import type { Machine } from '../compile/machine.ts'
import { awaitedBy, type StateDefinition } from '../definition/definition.ts'
import type { Run } from '../model/run.ts'
import { verbsFor, type Verb } from '../runtime/verbs.ts'

/** What of a run only the engine needs. */
type Inner = 'inputHash' | 'signal' | 'recoveries' | 'memos' | 'worker' | 'reminding'

/** A run as it is shown: what is stored of it, and what it waits for. */
export interface RunView extends Omit<Run, Inner> {
  /** The signals that would move it now. Empty where the workflow is not loaded. */
  readonly awaits: readonly string[]
  /**
   * When its wait ends by itself, whatever `timer` brings before; milliseconds. Not where the workflow is not loaded.
   */
  readonly expiresAt?: number
  /** What people may do with it now. */
  readonly may: readonly Verb[]
  readonly revision: number
}

/** Shows a run; with its machine also the signals it awaits. */
export function viewOf(run: Run, revision: number, machine: Machine | undefined): RunView {
  const { inputHash: _h, signal: _s, recoveries: _r, memos: _m, worker: _w, reminding: _g, ...shown } = run
  const state = machine?.definition.states.get(run.state)
  const open = run.status === 'waiting' && run.timer?.kind !== 'retry' && state
  const awaits = open ? [...awaitedBy(state).keys()] : []
  return { ...shown, awaits, ...(open ? endOf(run, state) : {}), may: verbsFor(run), revision }
}

function endOf({ since }: Run, state: StateDefinition): Pick<RunView, 'expiresAt'> {
  const expires = state.kind === 'wait' || state.kind === 'child' ? state.expires : undefined
  return expires ? { expiresAt: since + expires.afterMs } : {}
}
