import type { Engine } from '../engine.ts'
import { shownView } from './masks.ts'
import { checkId } from '../model/identifier.ts'
import type { RunHandle } from '../control/run-handle.ts'
import { withEngine } from './driving.ts'
import { followToEnd, interrupted, lastEvent, leave } from './following.ts'
import { checkHas } from './resume-command.ts'
import { storeWord, type StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { loadWorkflowFile, type Workflow, type WorkflowFile } from './workflow-file.ts'

/** A run that a verb puts back for the workers, with the file that has its code. */
export interface Moving {
  readonly run: string
  readonly path: string
  /** `false`: it is left to the workers there are. */
  readonly follow: boolean
}

/** Does a verb with a run, then follows the run that `act` gives back to its end, or leaves it. */
export async function moveRun(
  { run: id, path, follow }: Moving,
  choice: StoreChoice,
  terminal: Terminal,
  act: (handle: RunHandle, engine: Engine) => Promise<RunHandle>,
): Promise<number> {
  checkId('run', id)
  const view = await readStore(choice.url, ({ runs }) => runs.view(id))
  const file = await loadWorkflowFile(path)
  checkHas(file, view)
  let moved: RunHandle | undefined
  let store: string | undefined
  return withEngine(
    {
      file,
      workflows: workflowsOf(file, [view.workflow]),
      store: choice.url,
      ...(follow ? {} : { only: 'code' }),
      afterInterrupt: () => interrupted(moved?.id ?? id, path, choice, store),
    },
    terminal,
    async (engine) => {
      await engine.open()
      store = storeWord(choice, engine.store)
      const before = await lastEvent(engine.store, id)
      moved = await act((await engine.get(id)) as RunHandle, engine)
      if (!follow)
        return leave(await shownView(await moved.view(), engine.store, terminal), path, store, terminal)
      const after = moved.id === id ? before : 0
      return followToEnd({ engine, handle: moved, file, after, store, terminal })
    },
  )
}

/** The workflows of a file by their names; all of it where one of them is only started as a child. */
export function workflowsOf(file: WorkflowFile, names: readonly string[]): readonly Workflow[] {
  const found = file.workflows.filter(({ definition }) => names.includes(definition.name))
  const complete = names.every((name) => found.some(({ definition }) => definition.name === name))
  return complete ? found : file.workflows
}
