import { awaitedBy, type AwaitedSignal } from '../definition/definition.ts'
import type { HistoryEvent } from '../model/history.ts'
import { checkId } from '../model/identifier.ts'
import { isEnded } from '../model/status.ts'
import { SOURCE } from '../runtime/part-queue.ts'
import type { RunView } from '../control/run-view.ts'
import { askedOf } from './asked.ts'
import { EXIT } from './exit-code.ts'
import { lastEvent } from './following.ts'
import { sayHappening } from './happening-text.ts'
import { sayDate } from './moment.ts'
import { masksFor } from './masks.ts'
import { countParts } from './parts-command.ts'
import { checkHas } from './resume-command.ts'
import { describeRun, type Details } from './run-text.ts'
import { storeWord, type StoreChoice } from './shell-line.ts'
import { readStore, type StoreReader } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, loadWorkflowFile } from './workflow-file.ts'

/** Shows one run: where it stands, what it holds and waits for, and the newest entries of its history. */
export async function showCommand(
  id: string,
  path: string | undefined,
  { history: wanted }: { readonly history: number },
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', id)
  return readStore(choice.url, async (reader) => {
    const { store, runs, withAwaits } = reader
    const stored = await withAwaits(await runs.view(id))
    const masks = await masksFor(stored, store, terminal)
    const view = masks.view(stored)
    const details = await detailsOf(view, path, reader)
    const last = await lastEvent(store, id)
    const events = wanted > 0 ? await runs.history(id, Math.max(0, last - wanted)) : []
    const history = events.map((event) => masks.event(event))
    if (terminal.json) terminal.printJson({ ...view, ...details, history })
    else
      for (const line of [
        ...describeRun(view, details, { file: path, store: storeWord(choice, store) }, terminal),
        ...tell(history, last, terminal),
      ])
        terminal.print(line)
    return EXIT.ok
  })
}

async function detailsOf(
  view: RunView,
  path: string | undefined,
  { store, runs }: StoreReader,
): Promise<Details> {
  const { id, status, undoable = 0 } = view
  const parts = [...(await runs.parts(id))].filter(([name]) => name !== SOURCE)
  const undo = isEnded(status) || undoable === 0 ? [] : await runs.undoable(id)
  const asked = isEnded(status) ? [] : await askedOf(store, id)
  return {
    ...(asked.length > 0 ? { asked } : {}),
    ...(parts.length > 0 ? { parts: countParts(parts) } : {}),
    ...(undo.length > 0 ? { undo: undo.map(({ state, visit }) => ({ state, visit })) } : {}),
    ...(path === undefined ? {} : { takes: Object.fromEntries(await takesOf(view, path)) }),
  }
}

/** How many of each signal are needed and who may send them: only the class says so. */
async function takesOf(
  view: RunView,
  path: string,
): Promise<readonly (readonly [string, Pick<AwaitedSignal, 'count' | 'roles'>])[]> {
  const file = await loadWorkflowFile(path)
  checkHas(file, view)
  const state = chooseWorkflow(file, view.workflow).definition.states.get(view.state)
  return state ? [...awaitedBy(state)].map(([name, { count, roles }]) => [name, { count, roles }]) : []
}

function tell(history: readonly HistoryEvent[], last: number, terminal: Terminal): string[] {
  if (history.length === 0) return []
  const lines = history.map((event) => {
    const { tone, text } = sayHappening(event, event.at)
    return `  ${terminal.onOut('dim', `${String(event.seq).padStart(4)}  ${sayDate(event.at)}`)}  ${terminal.onOut(tone, text)}`
  })
  return [history.length < last ? `history, newest ${history.length} of ${last}` : 'history', ...lines]
}
