import type { RunFilter } from '../control/run-store.ts'
import type { RunView } from '../control/run-view.ts'
import { publishedIn } from '../control/publication.ts'
import { quote } from '../errors/stepwright-error.ts'
import type { Store } from '../store/store.ts'
import type { Terminal } from './terminal.ts'

/** Filters that are names, which can be misspelt. */
const NAMED = ['workflow', 'state', 'session'] as const

/** Names that are told; a store may have a session for each run. */
const TOLD = 10

/** What the names are looked up in. */
interface Named {
  readonly store: Store
  readonly list: (filter: RunFilter) => Promise<readonly RunView[]>
}

/** Where nothing fits a filter: says which of its names the store does not have, and which it has, close ones first. */
export async function noteMisspelt(
  filter: RunFilter,
  { store, list }: Named,
  terminal: Terminal,
): Promise<void> {
  if (NAMED.every((what) => filter[what] === undefined)) return
  const all = await list({ limit: Number.MAX_SAFE_INTEGER })
  const published = await publishedIn(store)
  for (const what of NAMED) {
    const name = filter[what]
    const of = filter.workflow
    const mine = (workflow: string): boolean => what !== 'state' || of === undefined || workflow === of
    const known = new Set(all.filter(({ workflow }) => mine(workflow)).map((view) => view[what]))
    for (const { name: workflow, states } of published.filter((each) => mine(each.name)))
      for (const each of what === 'workflow' ? [workflow] : what === 'state' ? states : []) known.add(each)
    if (name === undefined || known.has(name) || known.size === 0) continue
    const near = nearest(name, [...known])
    const more = known.size > near.length ? ` and ${known.size - near.length} more` : ''
    const text = `there is no ${what} ${quote(name)} in ${store.name}; there is ${near.map(quote).join(', ')}${more}`
    if (terminal.json) terminal.warn(text)
    else terminal.note(terminal.onErr('plain', text))
  }
}

/** The names that are most like one, the closest first. */
function nearest(name: string, names: readonly string[]): readonly string[] {
  const ranked = names.map((each) => [distance(name.toLowerCase(), each.toLowerCase()), each] as const)
  return ranked
    .sort(([a, first], [b, second]) => a - b || (first < second ? -1 : 1))
    .slice(0, TOLD)
    .map(([, each]) => each)
}

/** How many letters have to be put in, taken out or changed to make one of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(changed, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
  }
  return row.at(-1) ?? 0
}
