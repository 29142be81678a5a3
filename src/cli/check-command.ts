import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Metric } from '../check/bounds/amount.ts'
import { Limits } from '../check/bounds/limits.ts'
import { check } from '../check/check.ts'
import { brokenOf } from '../check/properties/properties.ts'
import { toSarif } from '../check/sarif.ts'
import { readSourceIfCan } from '../check/source/read-source.ts'
import type { Source } from '../check/source/source.ts'
import { isAtLeast, sayTally } from '../check/tally.ts'
import type { Definition } from '../definition/definition.ts'
import type { Refusal } from '../definition/refusal.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import type { RuleCode, Severity } from '../model/rule.ts'
import { loadChecked, type CheckedFile } from './checked-file.ts'
import { boundsJson, boundsLines } from './bounds-text.ts'
import { findingLines, githubLine } from './check-text.ts'
import { counterexampleFile, counterexampleTest } from './counterexample-test.ts'
import { EXIT } from './exit-code.ts'
import { writeJson } from './json-text.ts'
import type { Terminal } from './terminal.ts'

/** The forms in which findings can be had. */
export const FINDING_FORMATS = ['text', 'json', 'sarif', 'github'] as const

/** How bad findings of rules are. */
export type RuleLevels = { readonly [R in RuleCode]?: Severity | 'off' }

/** Options of `stepwright check`. */
export interface CheckCommandOptions {
  readonly format: (typeof FINDING_FORMATS)[number]
  readonly rule?: RuleLevels
  readonly failOn: Severity | 'never'
  /** Rules that need the types of the source count. */
  readonly types: boolean
  /** The bounds of each workflow are shown. */
  readonly bounds?: boolean
  readonly maxVisits?: number
  readonly maxAttempts?: number
  readonly maxCalls?: number
  readonly maxTokens?: number
  readonly maxCost?: number
  readonly maxTime?: Duration
  /** A folder for tests of the properties that do not hold. */
  readonly writeTests?: string
}

type Subject = Definition | Refusal

/** Checks the workflows of files and folders; needs no store. */
export async function checkCommand(
  paths: readonly string[],
  options: CheckCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const { format, rule: rules = {}, failOn, types, writeTests } = options
  const form = terminal.json ? 'json' : format
  const source = await sourceOf(paths, types, terminal)
  const files = await filesOf(paths, source)
  const loaded: CheckedFile[] = []
  for (const [i, file] of files.entries()) {
    if (files.length > 1) terminal.note(terminal.onErr('dim', `${i + 1}/${files.length} ${file}`))
    loaded.push(await loadChecked(file, terminal))
  }
  const subjects = new Map<Subject, string>()
  for (const { file, subjects: own } of loaded)
    for (const subject of own) if (!subjects.has(subject)) subjects.set(subject, file)
  const properties = [...new Set(loaded.flatMap((one) => one.properties))]
  const limits = limitsOf(loaded, [...subjects.keys()], mostOf(options))
  const all = [...subjects].flatMap(([subject, file]) =>
    check(subject, { source: source && nearest(source, file), rules, allowed: true, properties, limits }),
  )
  const findings = all.filter(({ allowed }) => allowed === undefined)
  const tally = sayTally(findings)
  const allowed = all.length - findings.length
  const bounds = options.bounds ? limits.map((one) => one.bounds()) : []
  const tests = writeTests === undefined ? [] : await writeCounterexamples(loaded, writeTests, terminal)
  switch (form) {
    case 'json':
      terminal.printJson({
        files,
        workflows: subjects.size,
        findings,
        allowed,
        ...(options.bounds ? { bounds: bounds.map(boundsJson) } : {}),
        ...(writeTests === undefined ? {} : { tests }),
      })
      break
    case 'sarif':
      terminal.print(writeJson(toSarif(all), 2))
      break
    case 'github':
      for (const finding of findings) terminal.print(githubLine(finding))
      break
    case 'text':
      for (const finding of findings) for (const line of findingLines(finding, terminal)) terminal.print(line)
      for (const one of bounds) for (const line of boundsLines(one, terminal)) terminal.print(line)
      terminal.print(
        `${tally} in ${subjects.size} ${subjects.size === 1 ? 'workflow' : 'workflows'}${allowed > 0 ? `, ${allowed} allowed` : ''}`,
      )
  }
  for (const test of tests) terminal.note(`written: ${test}`)
  return failOn !== 'never' && findings.some((one) => isAtLeast(one, failOn)) ? EXIT.runFailed : EXIT.ok
}

/** What was given on the command line. */
function mostOf(options: CheckCommandOptions): Limits['most'] {
  const { maxVisits, maxAttempts, maxCalls, maxTokens, maxCost, maxTime } = options
  const given: readonly (readonly [Metric, number | undefined])[] = [
    ['visits', maxVisits],
    ['attempts', maxAttempts],
    ['modelCalls', maxCalls],
    ['tokens', maxTokens],
    ['cost', maxCost],
    ['ms', maxTime === undefined ? undefined : toMs(maxTime, '--max-time')],
  ]
  return Object.fromEntries(given.filter(([, most]) => most !== undefined))
}

/** The limits that files export, and of each other workflow those of the command line alone. */
function limitsOf(
  loaded: readonly CheckedFile[],
  subjects: readonly Subject[],
  most: Limits['most'],
): readonly Limits[] {
  const exported = [...new Set(loaded.flatMap(({ limits }) => limits))]
  const known = new Set(exported.map(({ definition }) => definition))
  const others = subjects.flatMap((subject) =>
    'problems' in subject || known.has(subject) ? [] : [new Limits(subject)],
  )
  return [...exported, ...others].map((one) => one.with(most))
}

/** Writes a test for each property that does not hold; gives the paths of the files. */
async function writeCounterexamples(
  loaded: readonly CheckedFile[],
  folder: string,
  terminal: Terminal,
): Promise<readonly string[]> {
  const written: string[] = []
  for (const properties of loaded.flatMap((one) => one.properties)) {
    const { definition } = properties
    const home = loaded.find(({ exported }) => exported.has(definition))
    if (!home) {
      terminal.warn(`no test is written for ${definition.name}: name the file that exports its class too`)
      continue
    }
    const path = relative(resolve(folder), resolve(home.file)).split(sep).join('/')
    const from = path.startsWith('.') ? path : `./${path}`
    for (const broken of brokenOf(properties).filter(({ undecided }) => !undecided)) {
      const parts = { definition, broken, from, exported: home.exported.get(definition) ?? '' }
      const file = join(folder, counterexampleFile(parts))
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, counterexampleTest(parts))
      written.push(file)
    }
  }
  return written
}

/** What stands in the file itself first: two versions of a workflow may have the same names. */
function nearest({ workflows }: Source, file: string): Source {
  const own = workflows.filter(({ place }) => place.file === resolve(file))
  return { workflows: [...own, ...workflows.filter((one) => !own.includes(one))] }
}

/** Without the package typescript findings have no lines: that is no reason not to look for them. */
async function sourceOf(
  paths: readonly string[],
  types: boolean,
  terminal: Terminal,
): Promise<Source | undefined> {
  const files = (await Promise.all(paths.map(filesIn))).flat()
  return readSourceIfCan(files, { types }, ({ message }) => terminal.warn(message))
}

/** The files that were named, and of folders those that hold a workflow class: others may do anything when they are loaded. */
async function filesOf(paths: readonly string[], source: Source | undefined): Promise<readonly string[]> {
  const holding = new Set(source?.workflows.map(({ place }) => relative(process.cwd(), place.file)))
  const found = await Promise.all(
    paths.map(async (path) => {
      const inside = await filesIn(path)
      if (inside.length === 1 && inside[0] === path) return inside
      const workflows = inside.filter((file) => holding.has(relative(process.cwd(), file)))
      if (workflows.length > 0) return workflows
      throw new StepwrightError('unknown-workflow', {
        what: `No file in ${path} holds a workflow class`,
        remedy: source
          ? 'Name the files or folders that do'
          : 'Name the files: without the package typescript folders cannot be looked through',
        details: { folder: path },
      })
    }),
  )
  return [...new Set(found.flat())]
}

/** A path that is no folder is a file, whether it is there or not: loading it says so. */
async function filesIn(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) return [path]
  const entries = await readdir(path, { withFileTypes: true })
  const inside = await Promise.all(
    entries
      .filter(({ name }) => name !== 'node_modules' && !name.startsWith('.'))
      .map(async (entry): Promise<readonly string[]> => {
        const name = join(path, entry.name)
        if (entry.isDirectory()) return filesIn(name)
        return /(?<!\.d)\.[cm]?[jt]sx?$/.test(entry.name) ? [name] : []
      }),
  )
  return inside.flat().sort()
}
