/** Where a run is in its life. Status says who has to act next; the state says where it is on the chart. */
export const STATUSES = [
  'pending', // accepted, no worker has begun
  'running', // a worker has it, or had it when it died
  'waiting', // for a signal or for time; nobody holds it
  'completed',
  'failed',
  'quarantined', // its worker died again and again in one visit
  'needs-migration', // the loaded code does not know its state, or refuses its data
  'corrupt', // its document is damaged
] as const

/** One of {@link STATUSES}. */
export type Status = (typeof STATUSES)[number]

/** The run has ended: it never changes again (I5; a failed one only by an operator's retry). */
export function isEnded(status: Status): status is 'completed' | 'failed' {
  return status === 'completed' || status === 'failed'
}

/** The run was set aside with a reason. */
export function isParked(status: Status): status is 'quarantined' | 'needs-migration' | 'corrupt' {
  return status === 'quarantined' || status === 'needs-migration' || status === 'corrupt'
}
