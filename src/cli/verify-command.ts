import { StepwrightError } from '../errors/stepwright-error.ts'
import { checkId } from '../model/identifier.ts'
import { verifyRun, type Verification } from '../control/verifying.ts'
import { EXIT } from './exit-code.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** Options of `stepwright verify`. */
export interface VerifyOptions {
  readonly all?: boolean
}

/** Checks what is stored of runs against their histories. All that are named must exist; of all runs, those with problems are told. */
export async function verifyCommand(
  ids: readonly string[],
  { all = false }: VerifyOptions,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  for (const id of ids) checkId('run', id)
  if (all === ids.length > 0)
    throw new StepwrightError('invalid-options', {
      what: all ? 'Runs are named, and --all is given too' : 'It is not said which runs to verify',
      remedy: 'Name runs, or give --all',
    })
  return readStore(url, async ({ runs, kernel }) => {
    let checked = 0
    let damaged = 0
    const told: Verification[] = []
    for await (const id of all ? runs.ids() : new Set(ids)) {
      const found = await verifyRun(id, kernel)
      checked += 1
      if (!found.ok) damaged += 1
      if (!all || !found.ok) told.push(found)
    }
    if (terminal.json) terminal.printJson({ checked, damaged, runs: told })
    else {
      for (const found of told) for (const line of linesOf(found, terminal)) terminal.print(line)
      if (all)
        terminal.print(
          terminal.onOut(damaged > 0 ? 'bad' : 'good', `${checked} runs checked, ${damaged} damaged`),
        )
    }
    return damaged > 0 ? EXIT.runFailed : EXIT.ok
  })
}

function linesOf(found: Verification, terminal: Terminal): readonly string[] {
  const { run, ok, signed, entries, segments, pieces, rows, problems } = found
  const sums = `${entries} history entries, ${segments} segments, ${pieces} pieces, ${rows} rows beside it, ${signed ? 'signed' : 'not signed'}`
  const verdict = ok ? terminal.onOut('good', 'as it was written') : terminal.onOut('bad', 'damaged')
  return [
    `${terminal.onOut('strong', run)}  ${verdict}  ${terminal.onOut('dim', sums)}`,
    ...problems.flatMap(({ what, entry, piece, row, remedy }) => {
      const where = [
        ...(entry === undefined ? [] : [`entry ${entry}`]),
        ...(piece === undefined ? [] : [`piece ${piece}`]),
        ...(row === undefined ? [] : [`${row.collection} ${row.key}`]),
      ].join(', ')
      const line = `  ${terminal.onOut('plain', what)}${where === '' ? '' : terminal.onOut('dim', ` (${where})`)}`
      return remedy === undefined ? [line] : [line, `    ${terminal.onOut('dim', remedy)}`]
    }),
  ]
}
