import type { RunStore } from '../control/run-store.ts'
import type { Happening } from '../model/history.ts'
import { PartList, type Part } from '../store/part-list.ts'
import type { Store } from '../store/store.ts'

/**
 * The tools that a run has called by its history, with those of its branches, items and child runs where these were
 * joined, part by part: their order does not hang on which of them was faster. Child runs that nobody waited for come last.
 */
export async function calledTools(
  run: string,
  history: Iterable<Happening>,
  runs: RunStore,
  store: Store,
): Promise<readonly string[]> {
  const tools: string[] = []
  const started: string[] = []
  const told = new Set<string>()
  const addChild = async (child: string): Promise<void> => {
    if (told.has(child) || !(await runs.find(child))) return
    told.add(child)
    tools.push(...(await calledTools(child, await runs.history(child, 0), runs, store)))
  }
  for (const happening of history) {
    if (happening.type === 'tool-called') tools.push(happening.tool)
    if (happening.type === 'child-started') started.push(happening.child)
    if (happening.type !== 'joined') continue
    for (const { log, child } of await partsOf(run, happening, store)) {
      for (const note of log ?? []) if (note.type === 'tool-called') tools.push(note.tool)
      if (child !== undefined && started.includes(child)) await addChild(child)
    }
  }
  for (const child of started) await addChild(child)
  return tools
}

/** What is kept of the parts that were joined, in the order of their names and numbers. */
async function partsOf(
  id: string,
  { state, visit = 1 }: Happening & { readonly type: 'joined' },
  store: Store,
): Promise<Iterable<Part>> {
  return (await new PartList({ id, state, visits: { [state]: visit } }).load(store)).values()
}
