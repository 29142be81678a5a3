import { readPublished } from '../control/publication.ts'
import type { RunStore } from '../control/run-store.ts'
import type { RunView } from '../control/run-view.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { WorkflowJson } from '../inspect/chart-json.ts'
import { hashOf } from '../llm/request-hash.ts'
import type { Kernel } from '../runtime/kernel.ts'
import type { Executor } from './execution.ts'
import { rehearseRun, type Rehearsal } from './rehearsal.ts'

/** Which recorded runs are taken. */
export interface RehearsalFilter {
  /** Those, and no others. */
  readonly runs?: readonly string[]
  /** Only of that workflow; default: of all that the new code has. */
  readonly workflow?: string
  /** Only so many of them, drawn by their ids: the same each time. */
  readonly sample?: number
  /** Only those that were started since. Milliseconds. */
  readonly since?: number
}

/** Takes recorded runs through the new code, which `kernel` has in its library, one at a time. Writes nothing. */
export async function* rehearseRuns(
  runs: RunStore,
  kernel: Kernel,
  filter: RehearsalFilter,
  executor: Executor | undefined,
): AsyncGenerator<Rehearsal> {
  const charts = new Map<string, Promise<WorkflowJson | undefined>>()
  const chartOf = ({ workflow, version }: RunView): Promise<WorkflowJson | undefined> => {
    const key = JSON.stringify([workflow, version])
    const found = charts.get(key) ?? readPublished(kernel.store, workflow, version).then((row) => row?.chart)
    charts.set(key, found)
    return found
  }
  for await (const view of chosen(runs, kernel, filter)) {
    const { id, workflow, version } = view
    try {
      const history = await runs.history(id, 0)
      yield await rehearseRun(view, history, { library: kernel.library, old: await chartOf(view), executor })
    } catch (error) {
      if (!(error instanceof StepwrightError) || error.code.startsWith('store-')) throw error
      yield {
        run: id,
        workflow,
        version,
        fate: 'unknown',
        reason: error.message,
        visits: 0,
        executed: 0,
        notRun: {},
      }
    }
  }
}

async function* chosen(
  runs: RunStore,
  { library }: Kernel,
  { runs: ids, workflow, sample = Infinity, since = -Infinity }: RehearsalFilter,
): AsyncGenerator<RunView> {
  if (ids) {
    for (const id of ids) yield await runs.view(id)
    return
  }
  const drawn = sample === Infinity ? runs.ids() : await shuffled(runs.ids())
  let taken = 0
  for await (const id of drawn) {
    if (taken >= sample) return
    const view = await runs.findAny(id)
    if (!view || view.status === 'corrupt' || !library.current(view.workflow)) continue
    if (workflow !== undefined && view.workflow !== workflow) continue
    if (view.createdAt >= since) {
      taken++
      yield view
    } else if (sample === Infinity) return // they come newest first
  }
}

/** By their hashes: a random order, and the same each time. */
async function shuffled(ids: AsyncIterable<string>): Promise<readonly string[]> {
  const all: (readonly [hash: string, id: string])[] = []
  for await (const id of ids) all.push([hashOf(id), id])
  return all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, id]) => id)
}
