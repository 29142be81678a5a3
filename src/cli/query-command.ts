import { checkId } from '../model/identifier.ts'
import { withEngine } from './driving.ts'
import { EXIT } from './exit-code.ts'
import { workflowsOf } from './moving.ts'
import { checkHas } from './resume-command.ts'
import { masksFor } from './masks.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { loadWorkflowFile } from './workflow-file.ts'

/** Asks a run a question that its workflow answers. Nothing is driven, and nothing of the run is changed. */
export async function queryCommand(
  run: string,
  name: string,
  path: string,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', run)
  const view = await readStore(choice.url, ({ runs }) => runs.view(run))
  const file = await loadWorkflowFile(path)
  checkHas(file, view)
  const workflows = workflowsOf(file, [view.workflow])
  return withEngine({ file, workflows, store: choice.url, only: 'resources' }, terminal, async (engine) => {
    const raw: unknown = await (await engine.get(run)).query(name as never)
    const answer = (await masksFor(view, engine.store, terminal)).at(`query ${name}`, raw)
    if (terminal.json) terminal.printJson({ run, query: name, answer })
    else terminal.print(terminal.value(answer, true))
    return EXIT.ok
  })
}
