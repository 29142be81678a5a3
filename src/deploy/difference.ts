import type { HistoryEvent } from '../model/history.ts'

/** The first point at which a run would go another way. */
export interface Difference {
  /** The number of the history entry with which the visit began. */
  readonly seq: number
  readonly state: string
  readonly visit: number
  readonly what:
    | 'state' // it is not declared any more, or the run begins elsewhere
    | 'data'
    | 'vars'
    | 'migration'
    | 'move'
    | 'signal'
    | 'failure'
    | 'child'
    | 'undo'
    | 'call' // a model is asked otherwise
    | 'output'
  /** What is recorded. */
  readonly expected: string
  /** What the new code does instead. */
  readonly came: string
}

/** A difference, without where it is. */
export type Parting = Pick<Difference, 'what' | 'expected' | 'came'>

/** A recorded move in words. */
export function sayMove({ to, by }: Pick<HistoryEvent & { readonly type: 'moved' }, 'to' | 'by'>): string {
  const how = by === 'step' ? '' : by.startsWith('signal:') ? ` with ${by.slice(7)}` : ` by ${by}`
  return `goes to ${to}${how}`
}
