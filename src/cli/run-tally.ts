import { StepwrightError } from '../errors/stepwright-error.ts'
import { addTallies, NO_RUNS, tallyOf, type Tally } from '../inspect/drawing/tally.ts'
import { checkId } from '../model/identifier.ts'
import type { StoreReader } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** So many runs are read between two words about it. */
const TOLD_EVERY = 500

/** What one run has done. Throws `unknown-run`. */
export async function tallyOne(
  id: string,
  { runs }: Pick<StoreReader, 'runs'>,
): Promise<{ readonly workflow: string; readonly tally: Tally; readonly whose: string }> {
  const { workflow, status, state } = await runs.view(checkId('run', id))
  const tally = tallyOf(await runs.history(id, 0), Date.now())
  return { workflow, tally, whose: `run ${id}, ${status} in ${state}` }
}

/** What all runs of a workflow have done. One history at a time is held; damaged ones are left out, and said. */
export async function tallyAll(
  workflow: string,
  { runs }: Pick<StoreReader, 'runs'>,
  terminal: Terminal,
): Promise<Tally> {
  let all = NO_RUNS
  let [looked, damaged] = [0, 0]
  for await (const id of runs.ids()) {
    if (++looked % TOLD_EVERY === 0)
      terminal.note(terminal.onErr('dim', `${looked} runs looked at, ${all.runs} counted`))
    const view = await runs.findAny(id)
    if (view?.status === 'corrupt') damaged++
    if (view?.workflow !== workflow) continue
    try {
      all = addTallies(all, tallyOf(await runs.history(id, 0), Date.now()))
    } catch (error) {
      if (!(error instanceof StepwrightError) || error.code !== 'corrupt-document') throw error
      damaged++
    }
  }
  if (damaged > 0)
    terminal.warn(`${damaged} runs are damaged and not counted; \`stepwright verify\` says which`)
  return all
}
