import type { RunView } from '../runtime/run-view.ts'
import { isParked } from '../model/status.ts'
import { sayFailure } from './happening-text.ts'
import { sayDate, sayDistance } from './moment.ts'
import { shellLine } from './shell-line.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** Where a run stands, for programs. */
export interface Standing {
  readonly run: string
  readonly workflow: string
  readonly status: RunView['status']
  readonly state: string
  /** Of a run that has completed. */
  readonly output?: unknown
  readonly failure?: RunView['failure']
  readonly awaits?: readonly string[]
  readonly timer?: RunView['timer']
}

export function standingOf({ id, workflow, status, state, data, failure, awaits, timer }: RunView): Standing {
  return {
    run: id,
    workflow,
    status,
    state,
    ...(status === 'completed' ? { output: data } : {}),
    ...(failure ? { failure } : {}),
    ...(awaits.length > 0 ? { awaits } : {}),
    ...(timer ? { timer } : {}),
  }
}

/** Where a run stands, for people: one line, without its id. */
export function sayStanding({ status, state, failure, awaits, timer }: RunView, now: number): string {
  const until = timer ? ` until ${sayDate(timer.at)} (${sayDistance(timer.at, now)})` : ''
  if (status !== 'waiting')
    return oneLine(`${status} in ${state}${failure ? `: ${sayFailure(failure)}` : ''}`)
  if (timer?.kind === 'retry') return oneLine(`waits in ${state} for its next attempt${until}`)
  return oneLine(`waits in ${state}${awaits.length > 0 ? ` for ${awaits.join(' or ')}` : ''}${until}`)
}

/** How to send each signal a run waits for, as commands. */
export function signalLines(
  { id, awaits }: Pick<RunView, 'id' | 'awaits'>,
  store: string | undefined,
): string[] {
  return awaits.map((name) => shellLine('signal', [id, name, '<JSON>'], { store }))
}

/** Says which signals a run waits for, and how to send them from another terminal. */
export function noteWait(view: RunView, store: string | undefined, terminal: Terminal, now: number): void {
  terminal.note(terminal.onErr('warn', sayStanding(view, now)))
  for (const line of signalLines(view, store)) terminal.note(terminal.onErr('dim', `  ${line}`))
}

/** It goes no further by itself: only somebody outside can move it. */
export function needsSomebody({ status, awaits, timer }: RunView): boolean {
  return isParked(status) || (status === 'waiting' && timer?.kind !== 'retry' && awaits.length > 0)
}
