/** What people may do with a run, by its status. The one list that engine, CLI and buttons ask. */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Caller } from '../model/caller.ts'
import type { Run } from '../model/run.ts'
import type { Status } from '../model/status.ts'
import type { Message } from '../store/inbox.ts'
import type { RunEvent } from './event.ts'

/** What people do with a run. */
export type Verb = 'pause' | 'resume' | 'cancel' | 'terminate' | 'retry' | 'skip' | 'skip-compensation'

const ACTIVE: readonly Status[] = ['pending', 'running', 'waiting']
const PARKED: readonly Status[] = ['quarantined', 'needs-migration', 'corrupt']

const ALLOWED: Readonly<Record<Verb, readonly Status[]>> = {
  pause: [...ACTIVE, 'compensating'],
  resume: ['paused', ...ACTIVE, ...PARKED, 'compensating', 'compensation-failed'],
  cancel: [...ACTIVE, 'paused', ...PARKED],
  terminate: [...ACTIVE, 'paused', 'compensating', 'compensation-failed', ...PARKED],
  retry: ['failed'],
  skip: ['pending', 'waiting', 'paused', 'failed', ...PARKED],
  'skip-compensation': ['compensation-failed'],
}

type Standing = Pick<Run, 'status' | 'undoing'>

/** What may be done with a run now. */
export function verbsFor(run: Standing): readonly Verb[] {
  return (Object.keys(ALLOWED) as Verb[]).filter((verb) => allows(verb, run))
}

/** A run that undoes a transaction would go on afterwards, so it can be cancelled. */
function allows(verb: Verb, { status, undoing }: Standing): boolean {
  if (verb === 'cancel' && status === 'compensating') return undoing?.why === 'transaction'
  return ALLOWED[verb].includes(status)
}

/** Throws `not-possible` where the verb does not fit the run. */
export function checkVerb(verb: Verb, run: Standing & Pick<Run, 'id'>): void {
  if (allows(verb, run)) return
  const { id, status } = run
  const may = verbsFor(run)
  throw new StepwrightError('not-possible', {
    what: `Run ${quote(id)} is ${status}, so ${verb} is not possible`,
    remedy:
      may.length > 0
        ? `Possible now: ${may.join(', ')}`
        : 'It has ended for good: fork it, or start a new one',
    details: { run: id, status, verb, possible: may },
  })
}

/** The event behind a notice from people; `undefined` where it came too late. */
export function verbEvent(
  run: Run,
  { kind, payload, caller }: Message & { readonly kind: 'pause' | 'cancel' | 'terminate' },
): RunEvent | undefined {
  if (!allows(kind, run)) return undefined
  return { type: kind, ...spoken((payload ?? {}) as { reason?: string }, caller) }
}

/** Why and by whom, where that was said. */
export function spoken({ reason }: { readonly reason?: string }, by: Caller | undefined) {
  return { ...(reason === undefined ? {} : { reason }), ...(by ? { by } : {}) }
}
