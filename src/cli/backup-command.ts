import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { backup, restore, type BackupOptions, type BackupReport } from '../store/backup.ts'
import { chosenStore } from './chosen-store.ts'
import { EXIT } from './exit-code.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** Writes the store to a file. */
export async function backupCommand(
  file: string,
  options: BackupOptions,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const report = await readStore(url, ({ store }) => backup(store, file, options))
  return tell(`backed up to ${file}`, report, terminal)
}

/** Fills the store with what a file holds; a SQLite file that is not there is made. */
export async function restoreCommand(
  file: string,
  options: { readonly replace?: boolean },
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  if (url === 'memory' || url.startsWith('sqlite::memory:'))
    throw new StepwrightError('invalid-options', {
      what: `--store is ${quote(url)}, which is gone when this command ends`,
      remedy: 'Name the store that is to be filled, such as sqlite:stepwright.db',
    })
  const store = chosenStore(url)
  try {
    await store.open()
    return tell(`restored from ${file}`, await restore(store, file, options), terminal)
  } finally {
    await store.close()
  }
}

function tell(what: string, report: BackupReport, terminal: Terminal): number {
  const { rows, collections, date } = report
  if (terminal.json) terminal.printJson(report)
  else
    terminal.print(
      terminal.onOut('plain', `${what}: ${collections.run ?? 0} runs, ${rows} rows, as of ${date}`),
    )
  return EXIT.ok
}
