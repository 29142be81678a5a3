import type { RunView } from '../control/run-view.ts'
import type { Timer } from '../model/run.ts'
import { isParked } from '../model/status.ts'
import { sayFailure } from './happening-text.ts'
import { sayDate, sayDistance } from './moment.ts'
import { fileLines, shellLine } from './shell-line.ts'
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
  readonly expiresAt?: number
}

export function standingOf(view: RunView): Standing {
  const { id, workflow, status, state, data, failure, awaits, timer, expiresAt } = view
  return {
    run: id,
    workflow,
    status,
    state,
    ...(status === 'completed' ? { output: data } : {}),
    ...(failure ? { failure } : {}),
    ...(awaits.length > 0 ? { awaits } : {}),
    ...(timer ? { timer } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** What a run waits for in time: a heading of at most nine characters, and what stands before the time. */
export const TIMER_WORDS: Readonly<
  Record<Timer['kind'], { readonly heading: string; readonly before: string }>
> = {
  retry: { heading: 'next try', before: 'next attempt' },
  expires: { heading: 'wait ends', before: 'end' },
  timer: { heading: 'goes on', before: 'goes on' },
  reminder: { heading: 'reminder', before: 'reminder' },
  parts: { heading: 'next try', before: 'its parts' },
  look: { heading: 'next look', before: 'its parts' },
}

/** Until when a run waits, in a few words. When parts are looked at next says nothing of when they end. */
export function sayUntil(view: Pick<RunView, 'timer' | 'expiresAt'>, now: number): string {
  const said = timersOf(view).map(({ kind, at }) => {
    const { before } = TIMER_WORDS[kind]
    return kind === 'parts' || kind === 'look' ? before : `${before} ${sayDistance(at, now)}`
  })
  return said.join(', ')
}

/** What comes next in time, and the end of the wait where that comes later. */
export function timersOf({ timer, expiresAt }: Pick<RunView, 'timer' | 'expiresAt'>): readonly Timer[] {
  if (expiresAt === undefined || timer?.kind === 'expires') return timer ? [timer] : []
  return [...(timer ? [timer] : []), { kind: 'expires', at: expiresAt }]
}

/** Where a run stands, for people: one line, without its id. */
export function sayStanding(view: RunView, now: number): string {
  const { status, state, failure, awaits, timer } = view
  if (status !== 'waiting')
    return oneLine(`${status} in ${state}${failure ? `: ${sayFailure(failure)}` : ''}`)
  const when = ({ at }: Timer): string => `${sayDate(at)} (${sayDistance(at, now)})`
  if (timer?.kind === 'retry') return oneLine(`waits in ${state} for its next attempt until ${when(timer)}`)
  const what =
    awaits.length > 0
      ? ` for ${awaits.join(' or ')}`
      : timer?.kind === 'parts' || timer?.kind === 'look'
        ? ' for its parts'
        : ''
  const until = timersOf(view).map((next) =>
    next.kind === 'expires' || next.kind === 'timer'
      ? ` until ${when(next)}`
      : next.kind === 'reminder'
        ? `, reminder at ${when(next)},`
        : '',
  )
  return oneLine(`waits in ${state}${what}${until.join('').replace(/,$/, '')}`)
}

/** How to send each signal a run waits for, as commands; with a caller where roles are known to be needed. */
export function signalLines(
  { id, awaits }: Pick<RunView, 'id' | 'awaits'>,
  store: string | undefined,
  takes: Readonly<Record<string, { readonly roles: readonly string[] }>> = {},
): string[] {
  return awaits.map((name) => {
    const [role] = takes[name]?.roles ?? []
    return shellLine('signal', [id, name, '<JSON>'], {
      ...(role === undefined ? {} : { as: `<WHO>:${role}` }),
      store,
    })
  })
}

/** How a run that stands still is helped on, as commands. `file`: the one with its workflow, where it is known. */
export function helpLines(
  { id, status, workflow }: Pick<RunView, 'id' | 'status' | 'workflow'>,
  file: string | undefined,
  store: string | undefined,
): readonly string[] {
  const of = { file, workflow }
  const letGo = shellLine('resume', file === undefined ? [] : [file], { run: id, store })
  switch (status) {
    case 'failed':
      return fileLines('retry', [id], of, { store })
    case 'compensation-failed':
      return [letGo, shellLine('skip-compensation', file === undefined ? [id] : [id, file], { store })]
    case 'paused':
      return [letGo]
    case 'quarantined':
    case 'needs-migration':
      return fileLines('resume', [], of, { run: id, store })
    default:
      return []
  }
}

/** Says which signals a run waits for, and how to send them from another terminal. `of`: another run than the one that is followed. */
export function noteWait(
  view: RunView,
  store: string | undefined,
  terminal: Terminal,
  now: number,
  of = '',
): void {
  terminal.note(terminal.onErr('warn', `${of}${sayStanding(view, now)}`))
  for (const line of signalLines(view, store)) terminal.note(terminal.onErr('dim', `  ${line}`))
}

/** It goes no further by itself: only somebody outside can move it. */
export function needsSomebody({ status, awaits, timer }: RunView): boolean {
  return (
    isParked(status) ||
    status === 'paused' ||
    (status === 'waiting' && timer?.kind !== 'retry' && awaits.length > 0)
  )
}
