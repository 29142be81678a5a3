import { isEnded, type Status } from '../model/status.ts'
import { checkId } from '../model/identifier.ts'
import type { RunView } from '../control/run-view.ts'
import { askedOf, sayAsked, type Asked } from './asked.ts'
import { EXIT } from './exit-code.ts'
import { noteMisspelt } from './misspelt.ts'
import { sayDate, sayDistance } from './moment.ts'
import type { StoreChoice } from './shell-line.ts'
import { sayUntil } from './standing.ts'
import { readStore } from './store-reader.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** Options of `stepwright list`. */
export interface ListOptions {
  readonly workflow?: string
  readonly status?: readonly Status[]
  readonly state?: string
  readonly session?: string
  readonly limit: number
}

/** A run as it is listed, with what was asked of it and no worker has taken yet. */
interface Listed extends RunView {
  readonly asked?: readonly Asked[]
}

/** Lists runs, newest first. */
export async function listCommand(
  { limit, ...filter }: ListOptions,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  if (filter.session !== undefined) checkId('session', filter.session)
  const found = await readStore(url, async ({ store, runs, withAwaits }) => {
    const views: Listed[] = []
    for (const view of await runs.list({ ...filter, limit: limit + 1 })) {
      const asked = isEnded(view.status) ? [] : await askedOf(store, view.id)
      views.push({ ...(await withAwaits(view)), ...(asked.length > 0 ? { asked } : {}) })
    }
    if (views.length === 0) {
      terminal.note('No runs')
      await noteMisspelt(filter, { store, list: (all) => runs.list(all) }, terminal)
    }
    return views
  })
  const shown = found.slice(0, limit)
  if (terminal.json) {
    // what a run holds may be large; `show` has it
    terminal.printJson(
      shown.map(({ data: _data, vars: _vars, votes: _votes, undoing: _undoing, ...rest }) => rest),
    )
  } else if (shown.length > 0)
    for (const line of table(
      ['RUN', 'WORKFLOW', 'STATUS', 'STATE', 'WAITS FOR', 'STARTED', 'CHANGED'],
      shown.map(row),
      terminal,
    ))
      terminal.print(line)
  if (found.length > limit) terminal.note(terminal.onErr('dim', `more than ${limit}; see them with --limit`))
  return EXIT.ok
}

function row(view: Listed): string[] {
  const { id, workflow, version, status, state, awaits, createdAt, updatedAt, asked = [] } = view
  const now = Date.now()
  const until = sayUntil(view, now)
  const waits = [awaits.join(' or '), until, ...asked.map((each) => sayAsked(each, now))]
    .filter(Boolean)
    .join(', ')
  const changed = updatedAt > 0 ? sayDistance(updatedAt, now) : '-'
  return [id, `${workflow}@${version}`, status, state, waits || '-', sayDate(createdAt), changed].map(oneLine)
}
