import { Masking } from '../control/masking.ts'
import { publishedVersions, readPublished } from '../control/publication.ts'
import type { RunView } from '../control/run-view.ts'
import type { ScheduleView } from '../schedule/schedule.ts'
import type { Store } from '../store/store.ts'
import type { Terminal } from './terminal.ts'

/**
 * What hides the marked fields of a run's workflow, as its worker has published them; nothing is hidden with
 * `--unmask`, nor of a workflow that no worker has brought to this store.
 */
export async function masksFor(
  { workflow, version }: Pick<RunView, 'workflow' | 'version'>,
  store: Store,
  { unmask }: Pick<Terminal, 'unmask'>,
): Promise<Masking> {
  if (unmask) return new Masking([])
  const published = await readPublished(store, workflow, version)
  return new Masking(published?.marks ?? [])
}

/** A run as it may be shown. */
export async function shownView(view: RunView, store: Store, terminal: Terminal): Promise<RunView> {
  return (await masksFor(view, store, terminal)).view(view)
}

/** A schedule as it may be shown: its input by the marks of every version of its workflow. */
export async function shownSchedule(
  view: ScheduleView,
  store: Store,
  { unmask }: Terminal,
): Promise<ScheduleView> {
  const versions = unmask ? [] : await publishedVersions(store, view.workflow)
  let { input } = view
  for (const { initial = '', marks = [] } of versions) input = new Masking(marks).at(initial, input)
  return { ...view, input }
}
