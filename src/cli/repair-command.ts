import { checkId } from '../model/identifier.ts'
import { repairRun, type RepairOptions } from '../control/repairing.ts'
import { EXIT } from './exit-code.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** Makes the damaged document of a run anew from its history, takes out damaged rows beside it, and says what is lost. */
export async function repairCommand(
  id: string,
  { dryRun = false }: RepairOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', id)
  return readStore(choice.url, async ({ store, kernel }) => {
    const report = await repairRun(id, { dryRun }, kernel)
    const { rebuilt, status, state, upTo, lost, out = [], was } = report
    if (terminal.json) {
      terminal.printJson(report)
      return EXIT.ok
    }
    const left = lost === undefined ? 'what came after it is lost' : `${lost} after it are lost`
    const stands = `${dryRun && rebuilt ? 'would be' : 'is'} ${status} in ${state}`
    const how = `, from its history up to entry ${upTo}; ${lost === 0 ? 'nothing is lost' : left}`
    terminal.print(
      `${terminal.onOut('strong', id)} ${terminal.onOut('plain', `${stands}${rebuilt ? how : ''}`)}`,
    )
    for (const { collection, key, without } of out)
      terminal.print(
        terminal.onOut('plain', `  ${collection} ${key} ${dryRun ? 'would be' : 'is'} taken out: ${without}`),
      )
    if (was) terminal.print(terminal.onOut('dim', `  its document said ${was.status} in ${was.state}`))
    if (dryRun) terminal.note(terminal.onErr('dim', 'nothing was done: a dry run'))
    else if (status === 'paused' || status === 'corrupt') {
      const word = storeWord(choice, store)
      terminal.note('look at it, and let it go on:')
      terminal.note(`  ${shellLine('show', [id], { store: word })}`)
      terminal.note(`  ${shellLine('resume', [], { run: id, store: word })}`)
    }
    return EXIT.ok
  })
}
