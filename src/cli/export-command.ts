import { writeFile } from 'node:fs/promises'
import { basename, dirname, relative, resolve, sep } from 'node:path'
import { recordOf, type RunRecord } from '../control/run-record.ts'
import { awaitedBy } from '../definition/definition.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { Tape } from '../llm/tape/tape.ts'
import { checkId } from '../model/identifier.ts'
import { isEnded } from '../model/status.ts'
import { readPublished } from '../control/publication.ts'
import type { Store } from '../store/store.ts'
import { EXIT } from './exit-code.ts'
import { testText, type TestParts } from './export-test.ts'
import { writeJson } from './json-text.ts'
import { masksFor } from './masks.ts'
import { modelResources } from './model-resources.ts'
import { shellLine, type StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, familyOf, loadWorkflowFile } from './workflow-file.ts'

/** Options of `stepwright export`. */
export interface ExportOptions {
  readonly test?: boolean
  readonly out?: string
  readonly replace?: boolean
}

/** Writes all that is told of a run: as JSON, or as a test that does it again. */
export async function exportCommand(
  id: string,
  path: string | undefined,
  options: ExportOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', id)
  if (options.test && path === undefined)
    throw new StepwrightError('invalid-options', {
      what: '--test is given without the file that exports the workflow, which the test has to import',
      remedy: `Name the file that exports its workflow at the end of: ${shellLine('export', [id], { test: true })}`,
    })
  const record = await readStore(choice.url, async ({ runs, store }) => {
    const found = await recordOf(id, runs, store)
    if (options.test && !terminal.unmask && (await hasMarks(found, store)))
      terminal.warn(
        `the workflow marks fields as secret or pii: they are *** in the test, and what was asked with them is not on its tape; --unmask writes them`,
      )
    return shown(found, store, terminal)
  })
  if (options.test) return exportTest(record, path ?? '', options, terminal)
  const text = writeJson(record, terminal.json ? undefined : 2)
  if (options.out === undefined) terminal.print(text)
  else tell(terminal, [await write(options.out, `${text}\n`, options)])
  return EXIT.ok
}

async function exportTest(
  record: RunRecord,
  path: string,
  options: ExportOptions,
  terminal: Terminal,
): Promise<number> {
  const { run } = record
  const file = await loadWorkflowFile(path)
  const family = familyOf(file, [chooseWorkflow(file, run.workflow)])
  const rests = (name: string, state: string): boolean => {
    const found = family.find(({ definition }) => definition.name === name)?.definition.states.get(state)
    return found !== undefined && awaitedBy(found).size > 0
  }
  checkCan(record, rests)
  const test = options.out ?? `${run.id.replaceAll(/[^\w.-]+/g, '-')}.test.ts`
  const tapeFile = `${test.replace(/(\.(test|spec))?\.[cm]?[jt]sx?$/, '')}.tape.json`
  const { models, others } = await modelResources(file, terminal, 'their names in the test are guessed')
  const tape = await Tape.of([], Object.fromEntries([...models.values()].map((m) => [m.name, m.abilities])))
  await fill(tape, record)
  const isTaped = tape.calls.length > 0
  const gone = goneFrom(record)
  if (gone > 0)
    terminal.warn(
      `${gone} model calls of branches and items of ${run.id} are not kept any more: the test will miss them`,
    )
  const named =
    models.size > 0 ? new Map([...models].map(([name, model]) => [name, model.name])) : guessed(tape)
  const config = file.kindOf('config')
  const text = testText({
    record,
    command: `stepwright export ${run.id} ${basename(path)} --test`,
    from: importPath(test, path),
    classes: new Map(
      family.flatMap(({ exported, definition }) =>
        exported === undefined ? [] : [[definition.name, exported] as const],
      ),
    ),
    unexported: family.flatMap(({ exported, definition }) => (exported === undefined ? definition.name : [])),
    models: isTaped ? named : new Map(),
    others: isTaped ? others : [...named.keys(), ...others],
    ...(config ? { config } : {}),
    rests,
    ...(isTaped ? { tape: `./${basename(tapeFile)}` } : {}),
  })
  const written = [await write(test, text, options)]
  if (isTaped) written.push(await write(tapeFile, `${JSON.stringify(tape, undefined, 2)}\n`, options))
  tell(terminal, written)
  return EXIT.ok
}

/** Only what began with an input, by this code, and stands still can be done again. */
function checkCan({ run, history }: RunRecord, rests: TestParts['rests']): void {
  const { id, workflow, status, state, timer, forkedFrom } = run
  const refuse = (what: string, remedy: string): never => {
    throw new StepwrightError('not-possible', { what, remedy, details: { run: id, status } })
  }
  if (forkedFrom)
    refuse(
      `Run ${quote(id)} was forked from ${quote(forkedFrom.run)}, and a test begins with the input of a run`,
      'Export that run, or one that was started',
    )
  if (history.some(({ type }) => type === 'migrated'))
    refuse(
      `Run ${quote(id)} was begun by an older version of its workflow`,
      'Export one that this version has begun',
    )
  const waits = status === 'waiting' && timer?.kind !== 'retry' && rests(workflow, state)
  if (!isEnded(status) && !waits)
    refuse(
      `Run ${quote(id)} is ${status} in ${quote(state)}, so how it goes on is not known yet`,
      'Export it when it has ended, or waits for somebody',
    )
}

/** Puts all calls of a run on a tape: its own, those of its parts, and those of its children. */
async function fill(tape: Tape, { history, parts, children }: RunRecord): Promise<void> {
  await tape.addAll(history)
  for (const notes of parts) await tape.addAll(notes)
  for (const child of children) await fill(tape, child)
}

function goneFrom({ gone, children }: RunRecord): number {
  return children.reduce((sum, child) => sum + goneFrom(child), gone)
}

function guessed({ calls }: Tape): ReadonlyMap<string, string> {
  const names = [...new Set(calls.map(({ model }) => model))]
  return new Map(names.map((name, i) => [i === 0 ? 'llm' : `llm${i + 1}`, name]))
}

/** How a file is imported from another. */
function importPath(from: string, to: string): string {
  const path = relative(dirname(resolve(from)), resolve(to)).replaceAll(sep, '/')
  return path.startsWith('.') ? path : `./${path}`
}

async function hasMarks({ run, children }: RunRecord, store: Store): Promise<boolean> {
  const published = await readPublished(store, run.workflow, run.version)
  if ((published?.marks ?? []).length > 0) return true
  const inner = await Promise.all(children.map((child) => hasMarks(child, store)))
  return inner.includes(true)
}

async function shown(record: RunRecord, store: Store, terminal: Terminal): Promise<RunRecord> {
  const masks = await masksFor(record.run, store, terminal)
  return {
    ...record,
    run: masks.view(record.run),
    history: record.history.map((event) => masks.event(event)),
    children: await Promise.all(record.children.map((child) => shown(child, store, terminal))),
  }
}

/** A file that is there is somebody's work. */
async function write(file: string, text: string, { replace }: ExportOptions): Promise<string> {
  try {
    await writeFile(file, text, { flag: replace ? 'w' : 'wx' })
    return file
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new StepwrightError('invalid-options', {
      what: isThere
        ? `There is a file ${quote(file)}`
        : `${quote(file)} cannot be written: ${(cause as Error).message}`,
      remedy: isThere
        ? 'Name another with --out, or write over it with --replace'
        : 'Name another with --out',
      cause,
      details: { file },
    })
  }
}

function tell(terminal: Terminal, files: readonly string[]): void {
  if (terminal.json) terminal.printJson({ files })
  else for (const file of files) terminal.print(terminal.onOut('plain', file))
}
