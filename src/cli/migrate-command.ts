import type { MigrationReport } from '../control/judging.ts'
import { withEngine } from './driving.ts'
import { EXIT } from './exit-code.ts'
import { mustExist } from './store-reader.ts'
import type { StoreChoice } from './shell-line.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'
import { loadWorkflowFile } from './workflow-file.ts'

/** Options of `stepwright migrate`. */
export interface MigrateOptions {
  readonly dryRun?: boolean
  readonly limit: number
}

/** What needs attention first. */
const ORDER: readonly MigrationReport['fate'][] = ['blocked', 'unknown', 'maps', 'stays']

/** Says what becomes of the live runs of a file's workflows with the code in it, and maps those that can be. */
export async function migrateCommand(
  path: string,
  { dryRun = false, limit }: MigrateOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  mustExist(choice.url)
  const file = await loadWorkflowFile(path)
  return withEngine({ file, store: choice.url, only: 'code' }, terminal, async (engine) => {
    const all = await engine.migrate({ dryRun })
    const names = new Set(file.workflows.map(({ definition }) => definition.name))
    const known = all
      .filter(({ fate, workflow }) => fate !== 'unknown' || names.has(workflow))
      .sort((a, b) => ORDER.indexOf(a.fate) - ORDER.indexOf(b.fate))
    const counts = countFates(known)
    if (terminal.json) terminal.printJson({ dryRun, counts, runs: known, others: all.length - known.length })
    else show(known, all.length - known.length, counts, dryRun, limit, terminal)
    return known.some(({ fate }) => fate === 'blocked') ? EXIT.runFailed : EXIT.ok
  })
}

function countFates(reports: readonly MigrationReport[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(reports, ({ fate }) => fate)
  return Object.fromEntries([...groups].map(([fate, own]) => [fate, own.length]))
}

function show(
  reports: readonly MigrationReport[],
  others: number,
  counts: Readonly<Record<string, number>>,
  dryRun: boolean,
  limit: number,
  terminal: Terminal,
): void {
  const shown = reports.slice(0, limit)
  if (shown.length > 0)
    for (const line of table(
      ['RUN', 'WORKFLOW', 'STATUS', 'STATE', 'FATE'],
      shown.map((report) => row(report, dryRun)),
      terminal,
    ))
      terminal.print(line)
  const more = reports.length - shown.length
  if (more > 0) terminal.note(terminal.onErr('dim', `and ${more} more; see them with --limit`))
  const said = Object.entries(counts).map(([fate, n]) => `${n} ${SAID[fate as MigrationReport['fate']]}`)
  terminal.note(said.length > 0 ? said.join(', ') : 'No live runs')
  if (others > 0) terminal.note(terminal.onErr('dim', `${others} of other workflows are left alone`))
  if (dryRun) terminal.note(terminal.onErr('dim', 'nothing was done: a dry run'))
}

const SAID: Readonly<Record<MigrationReport['fate'], string>> = {
  blocked: 'blocked',
  maps: 'mapped to another version',
  stays: 'going on as they are',
  unknown: 'of a newer version than the file has',
}

function row(report: MigrationReport, dryRun: boolean): string[] {
  const { id, workflow, version, status, state } = report
  return [id, `${workflow}@${version}`, status, state, sayFate(report, dryRun)].map(oneLine)
}

function sayFate({ fate, to, reason = '', status }: MigrationReport, dryRun: boolean): string {
  switch (fate) {
    case 'stays':
      return 'stays'
    case 'unknown':
      return 'left to a newer version'
    case 'blocked':
      return `blocked: ${reason}`
    case 'maps': {
      const where = to ? ` to ${to.state} of version ${to.version}` : ''
      const later = status === 'running' || status === 'compensating' ? ', once its worker lets go' : ''
      return `${dryRun || later ? 'maps' : 'mapped'}${where}${later}`
    }
  }
}
