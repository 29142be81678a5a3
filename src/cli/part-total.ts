import type { RunView } from '../control/run-view.ts'
import { readPublished } from '../control/publication.ts'
import { PartQueue } from '../runtime/part-queue.ts'
import type { Part } from '../store/part-list.ts'
import type { Store } from '../store/store.ts'
import { checkHas } from './resume-command.ts'
import { chooseWorkflow, loadWorkflowFile } from './workflow-file.ts'

/** How many parts the state of a run has, where that can be known. */
export interface Total {
  readonly total?: number
  /** A stream of items has not been read to its end. */
  readonly atLeast?: number
}

/** Items are counted by the code alone, from the data of the state; branches and child runs stand on the chart. */
export async function totalOf(
  view: RunView,
  parts: ReadonlyMap<string, Part>,
  path: string | undefined,
  store: Store,
): Promise<Total> {
  if (path === undefined) return totalOnChart(view, store)
  const file = await loadWorkflowFile(path)
  checkHas(file, view)
  const state = chooseWorkflow(file, view.workflow).definition.states.get(view.state)
  if (state?.kind === 'parallel') return { total: state.branches.size }
  if (state?.kind === 'child') return { total: 1 }
  if (state?.kind !== 'map') return {}
  const queue = PartQueue.ofMap(state, view.data, parts, await file.provide('resources'))
  try {
    return queue.ended ? { total: queue.count } : { atLeast: queue.count }
  } finally {
    queue.close()
  }
}

async function totalOnChart({ workflow, version, state }: RunView, store: Store): Promise<Total> {
  const found = (await readPublished(store, workflow, version))?.chart?.states.find(
    ({ name }) => name === state,
  )
  if (found?.kind === 'child') return { total: 1 }
  const branches = found?.kind === 'parallel' ? found.policies['branches'] : undefined
  return branches === undefined ? {} : { total: Object.keys(branches as object).length }
}
