import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { check } from '../check/check.ts'
import { toSarif } from '../check/sarif.ts'
import { readSource } from '../check/source/read-source.ts'
import type { Source } from '../check/source/source.ts'
import { isAtLeast, sayTally } from '../check/tally.ts'
import type { Definition } from '../definition/definition.ts'
import { refusalOf, type Refusal } from '../definition/refusal.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { RuleCode, Severity } from '../model/rule.ts'
import { findingLines, githubLine } from './check-text.ts'
import { EXIT } from './exit-code.ts'
import { writeJson } from './json-text.ts'
import type { Terminal } from './terminal.ts'
import { loadWorkflowFile } from './workflow-file.ts'

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
}

type Subject = Definition | Refusal

/** Checks the workflows of files and folders; needs no store. */
export async function checkCommand(
  paths: readonly string[],
  { format, rule: rules = {}, failOn, types }: CheckCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const form = terminal.json ? 'json' : format
  const source = await sourceOf(paths, types, terminal)
  const files = await filesOf(paths, source)
  const subjects = new Map<Subject, string>()
  for (const [i, file] of files.entries()) {
    if (files.length > 1) terminal.note(terminal.onErr('dim', `${i + 1}/${files.length} ${file}`))
    for (const subject of await subjectsOf(file, terminal))
      if (!subjects.has(subject)) subjects.set(subject, file)
  }
  const all = [...subjects].flatMap(([subject, file]) =>
    check(subject, { source: source && nearest(source, file), rules, allowed: true }),
  )
  const findings = all.filter(({ allowed }) => allowed === undefined)
  const tally = sayTally(findings)
  const allowed = all.length - findings.length
  switch (form) {
    case 'json':
      terminal.printJson({ files, workflows: subjects.size, findings, allowed })
      break
    case 'sarif':
      terminal.print(writeJson(toSarif(all), 2))
      break
    case 'github':
      for (const finding of findings) terminal.print(githubLine(finding))
      break
    case 'text':
      for (const finding of findings) for (const line of findingLines(finding, terminal)) terminal.print(line)
      terminal.print(
        `${tally} in ${subjects.size} ${subjects.size === 1 ? 'workflow' : 'workflows'}${allowed > 0 ? `, ${allowed} allowed` : ''}`,
      )
  }
  return failOn !== 'never' && findings.some((one) => isAtLeast(one, failOn)) ? EXIT.runFailed : EXIT.ok
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
  try {
    return await readSource(files, { types })
  } catch (error) {
    if (!(error instanceof StepwrightError && error.code === 'module-missing')) throw error
    terminal.warn(error.message)
    return undefined
  }
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

/** What a file exports, or the class because of which it could not be loaded. */
async function subjectsOf(file: string, terminal: Terminal): Promise<readonly Subject[]> {
  try {
    return (await loadWorkflowFile(file)).workflows.map(({ definition }) => definition)
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    const { name } = refusal.definition
    terminal.note(
      terminal.onErr('dim', `${file} is refused because of ${name}: what stands behind it was not read`),
    )
    return [refusal]
  }
}
