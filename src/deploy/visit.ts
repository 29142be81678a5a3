import type { HistoryEvent } from '../model/history.ts'

/** One visit of a state, as the history of a run tells it. */
export interface Visit {
  /** The number of the entry that entered it. */
  readonly seq: number
  readonly version: number
  readonly state: string
  /** How often the state had been entered by then. */
  readonly visit: number
  readonly at: number
  readonly data: unknown
  readonly vars: unknown
  /** What happened in it, in order; the last one may be the move that left it. */
  readonly events: readonly HistoryEvent[]
  readonly left?: HistoryEvent & { readonly type: 'moved' }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Open = Writable<Omit<Visit, 'events'>> & { readonly events: HistoryEvent[] }

/** The visits that a history tells of; none where it does not begin with the start of its run. */
export function visitsOf(history: readonly HistoryEvent[]): readonly Visit[] {
  const visits: Open[] = []
  const counts = new Map<string, number>()
  let open: Open | undefined
  const enter = (event: HistoryEvent, standing: Pick<Visit, 'version' | 'state' | 'data' | 'vars'>): void => {
    const visit = (counts.get(standing.state) ?? 0) + 1
    counts.set(standing.state, visit)
    open = { seq: event.seq, at: event.at, visit, ...standing, events: [] }
    visits.push(open)
  }
  for (const event of history) {
    if (event.type === 'started') {
      const { version, to: state, data, vars } = event
      enter(event, { version, state, data, vars })
      continue
    }
    if (!open) return []
    open.events.push(event)
    if (event.type === 'moved') {
      open.left = event
      const vars = { ...(open.vars as object), ...(event.vars as object | undefined) }
      enter(event, { version: open.version, state: event.to, data: event.data, vars })
    } else if (event.type === 'migrated') {
      const { to: version, state, data, vars } = event
      enter(event, { version, state, data, vars })
    } else if (event.type === 'retried-by-hand' && 'data' in event)
      enter(event, { version: open.version, state: open.state, data: event.data, vars: open.vars })
  }
  return visits
}
