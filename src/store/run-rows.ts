import { joinKey } from '../model/identifier.ts'
import type { Run } from '../model/run.ts'
import { isEnded, isParked } from '../model/status.ts'
import { dueKey, duePut } from './due-list.ts'
import { childEndPut } from './inbox.ts'
import type { Delete, Put } from './store.ts'

/** The entries of the due list that change with a run: its timer and its deadline. One that is set aside has none. */
export function timerRows(before: Run | undefined, after: Run): { put: Put[]; delete: Delete[] } {
  const old = before ? dueKeys(before) : []
  const fresh = dueKeys(after)
  return {
    put: fresh.filter((key) => !old.includes(key)).map((key) => ({ collection: 'due', key, value: '{}' })),
    delete: old.filter((key) => !fresh.includes(key)).map((key) => ({ collection: 'due', key })),
  }
}

/** The entries that a run keeps in the due list. */
export function dueKeys({ id, status, timer, deadline }: Run): readonly string[] {
  if (isEnded(status) || isParked(status) || status === 'paused') return []
  return [
    ...(timer ? [dueKey(timer.at, id, timer.kind)] : []),
    ...(deadline === undefined || status === 'compensating' ? [] : [dueKey(deadline, id, 'deadline')]),
  ]
}

/** What the end of a run tells: its parent, and the schedule that started it. */
export function endRows(before: Run, after: Run): readonly Put[] {
  if (isEnded(before.status) || !isEnded(after.status)) return []
  const { parent, schedule, updatedAt: now } = after
  return [
    ...(parent
      ? [childEndPut(parent, after.id, now), duePut(now, parent.run, joinKey('child', after.id))]
      : []),
    ...(schedule === undefined ? [] : [duePut(now, schedule, 'schedule')]),
  ]
}
