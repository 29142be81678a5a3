import { checkId } from '../model/identifier.ts'
import type { Status } from '../model/status.ts'
import type { RunView } from '../control/run-view.ts'
import { EXIT } from './exit-code.ts'
import { noteMisspelt } from './misspelt.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** What runs can be counted by. */
export const COUNTED_BY = ['status', 'workflow', 'state'] as const

/** Options of `stepwright count`. */
export interface CountOptions {
  readonly workflow?: string
  readonly status?: readonly Status[]
  readonly state?: string
  readonly session?: string
  readonly by: (typeof COUNTED_BY)[number]
}

/** Counts runs. */
export async function countCommand(
  { by, workflow, status, state, session }: CountOptions,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  if (session !== undefined) checkId('session', session)
  const filter = {
    limit: Number.MAX_SAFE_INTEGER,
    ...(workflow === undefined ? {} : { workflow }),
    ...(status === undefined ? {} : { status }),
    ...(state === undefined ? {} : { state }),
    ...(session === undefined ? {} : { session }),
  }
  const found = await readStore(url, async ({ store, runs }) => {
    const views = await runs.list(filter)
    if (views.length === 0) await noteMisspelt(filter, { store, list: (all) => runs.list(all) }, terminal)
    return views
  })
  const groups = Map.groupBy(found, (view: RunView) => view[by])
  const counts = [...groups]
    .map(([name, views]) => [name, views.length] as const)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  if (terminal.json) {
    terminal.printJson({ total: found.length, by, counts: Object.fromEntries(counts) })
    return EXIT.ok
  }
  const rows = counts.map(([name, n]) => [oneLine(name), String(n)])
  for (const line of table([by.toUpperCase(), 'RUNS'], [...rows, ['all', String(found.length)]], terminal))
    terminal.print(line)
  return EXIT.ok
}
