/** Where a run is in its life. Status says who has to act next; the state says where it is on the chart. */
export const STATUSES = [
  'pending', // accepted, no worker has begun
  'running', // a worker has it, or had it when it died
  'waiting', // for a signal, for time or for child runs; nobody holds it
  'paused', // by a person
  'compensating', // what was done is being undone
  'completed',
  'failed', // nothing was to be undone
  'compensated', // failed, and all was undone
  'cancelled', // by a person or a parent; all was undone
  'terminated', // by a person, at once; nothing was undone
  'compensation-failed', // an undo failed for good: what is left waits for a person
  'quarantined', // its worker died again and again in one visit
  'needs-migration', // the loaded code does not know its state, or refuses its data
  'corrupt', // its document is damaged
] as const

/** One of {@link STATUSES}. */
export type Status = (typeof STATUSES)[number]

/** How a run can end. */
export type Ended = 'completed' | 'failed' | 'compensated' | 'cancelled' | 'terminated'

/** How a run can be set aside. */
export type Parked = 'compensation-failed' | 'quarantined' | 'needs-migration' | 'corrupt'

const ENDED = new Set<Status>(['completed', 'failed', 'compensated', 'cancelled', 'terminated'])
const PARKED = new Set<Status>(['compensation-failed', 'quarantined', 'needs-migration', 'corrupt'])

/** The run has ended: it never changes again (I5; a failed one only by an operator's retry). */
export function isEnded(status: Status): status is Ended {
  return ENDED.has(status)
}

/** The run was set aside with a reason. */
export function isParked(status: Status): status is Parked {
  return PARKED.has(status)
}

/** A worker holds the run, or held it when it died. */
export function isHeld({ status, worker }: { readonly status: Status; readonly worker?: string }): boolean {
  return worker !== undefined && (status === 'running' || status === 'compensating')
}
