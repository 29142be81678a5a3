import { checkId } from '../model/identifier.ts'
import { visitOf } from '../model/run.ts'
import { SOURCE } from '../runtime/part-queue.ts'
import type { Part } from '../store/part-list.ts'
import type { RunView } from '../control/run-view.ts'
import { EXIT } from './exit-code.ts'
import { sayFailure, sayPart } from './happening-text.ts'
import { count } from './item-progress.ts'
import { sayDistance } from './moment.ts'
import { fileLines, storeWord, type StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import { table } from './table.ts'
import { totalOf, type Total } from './part-total.ts'
import { masksFor } from './masks.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** What a part can be, as it is kept. */
export const PART_STATUSES = [
  'open',
  'retry',
  'child',
  'done',
  'failed',
] as const satisfies readonly Part['status'][]

/** Options of `stepwright parts`. */
export interface PartsOptions {
  readonly status?: readonly Part['status'][]
  readonly limit: number
}

/** Shows branches, items and children of the state a run stands in, as far as they have begun. */
export async function partsCommand(
  id: string,
  path: string | undefined,
  { status, limit }: PartsOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', id)
  return readStore(choice.url, async ({ store, runs }) => {
    const view = await runs.view(id)
    const masks = await masksFor(view, store, terminal)
    const parts = await runs.parts(id)
    const total = await totalOf(view, parts, path, store)
    const all = [...parts]
      .filter(([name]) => name !== SOURCE)
      .map(([name, part]) => [name, masks.part(view.state, name, part)] as const)
    const counts = countParts(all)
    const fitting = status ? all.filter(([, part]) => status.includes(part.status)) : all
    const shown = fitting.slice(0, limit)
    const more = fitting.length - shown.length
    if (terminal.json) {
      const parts = shown.map(([name, { edge: _edge, log: _log, ...part }]) => ({ name, ...part }))
      const { state } = view
      terminal.printJson({ run: id, state, visit: visitOf(view), ...total, counts, parts, more })
      return EXIT.ok
    }
    terminal.print(
      `${terminal.onOut('strong', id)} in ${terminal.onOut('strong', view.state)}: ${sayCounts(counts, total)}`,
    )
    if (total.total === undefined && all.length > 0 && path === undefined)
      noteUncounted(view, storeWord(choice, store), terminal)
    if (shown.length > 0)
      for (const line of table(['PART', 'STATUS', 'ATTEMPTS', 'CHANGED', 'MORE'], shown.map(row), terminal))
        terminal.print(line)
    if (more > 0) terminal.note(terminal.onErr('dim', `and ${more} more; see them with --limit`))
    return EXIT.ok
  })
}

/** How many parts stand where; only those there are. */
export function countParts(parts: readonly (readonly [string, Part])[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(parts, ([, { status }]) => status)
  return Object.fromEntries(
    PART_STATUSES.flatMap((status) => {
      const n = groups.get(status)?.length ?? 0
      return n === 0 ? [] : [[status, n]]
    }),
  )
}

/** Counts for people: `3 done, 1 failed`; of a known number also how many are left. */
export function sayCounts(counts: Readonly<Record<string, number>>, { total, atLeast }: Total = {}): string {
  const said = Object.entries(counts).map(([status, n]) => `${count(n)} ${WORDS[status as Part['status']]}`)
  const rest = (total ?? 0) - Object.values(counts).reduce((sum, n) => sum + n, 0)
  if (rest > 0) said.push(`${count(rest)} at work or not begun`)
  const kept = said.length > 0 ? said.join(', ') : 'no part has ended or waits'
  if (total !== undefined) return `${count(total)} in all, ${kept}`
  return atLeast === undefined ? kept : `${count(atLeast)} so far, ${kept}`
}

function noteUncounted(view: RunView, store: string | undefined, terminal: Terminal): void {
  terminal.note(terminal.onErr('dim', 'how many there are in all, the code knows:'))
  for (const line of fileLines('parts', [view.id], view, { store }))
    terminal.note(terminal.onErr('dim', `  ${line}`))
}

const WORDS: Readonly<Record<Part['status'], string>> = {
  open: 'open',
  retry: 'to be tried again',
  child: 'with a child run',
  done: 'done',
  failed: 'failed',
}

function row([name, part]: readonly [string, Part]): string[] {
  const { status, attempts, at, retryAt, failure, child, undone, priority } = part
  const now = Date.now()
  const more = [
    child,
    failure && sayFailure(failure),
    retryAt === undefined ? undefined : `next attempt ${sayDistance(retryAt, now)}`,
    priority === undefined ? undefined : `priority ${priority}`,
    undone ? 'undone' : undefined,
  ].filter((text) => text !== undefined)
  const cells = [sayPart(name), status, attempts === undefined ? '-' : String(attempts), sayDistance(at, now)]
  return [...cells, more.join(', ')].map(oneLine)
}
