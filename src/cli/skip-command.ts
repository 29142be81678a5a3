import type { Said } from '../control/control.ts'
import { shownView } from './masks.ts'
import { checkId } from '../model/identifier.ts'
import { EXIT } from './exit-code.ts'
import { readJsonArgument } from './json-argument.ts'
import { moveRun } from './moving.ts'
import { fileLines, storeWord, type StoreChoice } from './shell-line.ts'
import { sayStanding, standingOf } from './standing.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** Options of `stepwright skip` and `stepwright skip-compensation`. */
export interface SkipOptions extends Said {
  readonly data?: string
  readonly follow: boolean
}

/** Moves a run that stands still to a declared target of its state, and follows it from there. */
export async function skipCommand(
  run: string,
  to: string,
  path: string,
  { data: given, follow, ...said }: SkipOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const data = await readJsonArgument(given, '--data')
  return moveRun({ run, path, follow }, choice, terminal, async (handle) => {
    await handle.skip(to, data as object, saidIn(said)) // it is checked there
    return handle
  })
}

/** Leaves out the compensation that failed. With a file, follows the run while the next ones are done. */
export async function skipCompensationCommand(
  run: string,
  path: string | undefined,
  { follow, ...said }: SkipOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', run)
  if (path !== undefined) {
    return moveRun({ run, path, follow }, choice, terminal, async (handle) => {
      await handle.skipCompensation(saidIn(said))
      return handle
    })
  }
  return readStore(choice.url, async ({ store, runs, control }) => {
    await control.skipCompensation(run, saidIn(said))
    const view = await shownView(await runs.view(run), store, terminal)
    if (terminal.json) terminal.printJson(standingOf(view))
    else
      terminal.print(
        `${terminal.onOut('strong', run)} ${terminal.onOut('plain', sayStanding(view, Date.now()))}`,
      )
    terminal.note(terminal.onErr('dim', 'it is left to the workers there are; to drive it here:'))
    const word = storeWord(choice, store)
    for (const line of fileLines('resume', [], view, { run, store: word }))
      terminal.note(terminal.onErr('dim', `  ${line}`))
    return EXIT.ok
  })
}

function saidIn({ reason, as }: Said): Said {
  return { ...(reason === undefined ? {} : { reason }), ...(as ? { as } : {}) }
}
