import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as TsxApi from 'tsx/esm/api'
import type { Machine } from '../compile/machine.ts'
import { childrenOf } from '../definition/children.ts'
import type { Definition } from '../definition/definition.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { AnyClass } from '../definition/shape.ts'
import type { Engine } from '../engine.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/** What a file holds for the command line. */
export interface WorkflowFile {
  /** As it was given. */
  readonly path: string
  /** The exported workflow classes, one or more. */
  readonly workflows: readonly Workflow[]
  /** Its exports `resources` and `config`, called where they are functions: only where they are needed. */
  provide(name: 'resources' | 'config'): Promise<object>
  /** As what it exports them, if it does. */
  kindOf(name: 'resources' | 'config'): 'function' | 'value' | undefined
}

/** A workflow class with its definition. */
export interface Workflow {
  readonly workflowClass: AnyClass
  readonly definition: Definition
  /** The name that the file exports it by; of a child that it does not export, none. */
  readonly exported?: string
}

const TYPESCRIPT: readonly string[] = ['.ts', '.mts', '.cts', '.tsx', '.jsx']
const JAVASCRIPT: readonly string[] = ['.js', '.mjs', '.cjs']

/**
 * Loads a file that exports workflow classes; TypeScript through tsx, as it is.
 *
 * @throws StepwrightError `module-failed`, `module-missing`, `unknown-workflow` for a file that exports none, and what
 * the file itself throws of ours, such as `invalid-definition`.
 */
export async function loadWorkflowFile(path: string): Promise<WorkflowFile> {
  const module = await importFile(path)
  const inner = module['default']
  const all = exportsOf(module)
  const names = new Map(all.toReversed().map(([name, value]) => [value, name])) // the first name of each
  const workflows = [...new Set(all.map(([, value]) => value))].flatMap((value) => {
    const definition = definitionOf(value)
    const exported = names.get(value) ?? 'default'
    return definition ? [{ workflowClass: value as AnyClass, definition, exported }] : []
  })
  if (workflows.length === 0)
    throw noWorkflow(
      path,
      all.map(([, value]) => value),
    )
  const givenAs = (name: string): unknown => module[name] ?? (isPlainObject(inner) ? inner[name] : undefined)
  const provide = async (name: 'resources' | 'config'): Promise<object> => {
    const given = givenAs(name)
    const value: unknown =
      typeof given === 'function' ? await callExport(path, name, given as () => unknown) : given
    if (value === undefined || (typeof value === 'object' && value !== null)) return value ?? {}
    throw new StepwrightError('invalid-options', {
      what: `The export ${name} of ${path} gives ${quote(value)}`,
      remedy: 'Export an object, or a function that returns one or a promise of one',
    })
  }
  const kindOf: WorkflowFile['kindOf'] = (name) => {
    const given = givenAs(name)
    return given === undefined ? undefined : typeof given === 'function' ? 'function' : 'value'
  }
  return { path, workflows, provide, kindOf }
}

/**
 * The workflow that is meant: the one of that name, or the only one; of several versions the newest.
 *
 * @throws StepwrightError `unknown-workflow`, with the names there are.
 */
export function chooseWorkflow({ path, workflows }: WorkflowFile, name: string | undefined): Workflow {
  const names = [...new Set(workflows.map(({ definition }) => definition.name))]
  const [only = '', ...others] = name === undefined ? names : names.filter((each) => each === name)
  const [newest] = workflows
    .filter(({ definition }) => definition.name === only)
    .sort((a, b) => b.definition.version - a.definition.version)
  if (newest && others.length === 0) return newest
  throw new StepwrightError('unknown-workflow', {
    what:
      name === undefined
        ? `${path} exports ${names.length} workflows: ${names.map(quote).join(', ')}`
        : `${path} exports no workflow ${quote(name)}`,
    remedy:
      name === undefined ? 'Choose one with --workflow NAME' : `It exports ${names.map(quote).join(', ')}`,
    details: { file: path, workflows: names },
  })
}

/**
 * What an engine needs to drive these workflows: all versions of them, and those that they start child runs of, which
 * the file need not export.
 */
export function familyOf({ workflows: all }: WorkflowFile, chosen: readonly Workflow[]): readonly Workflow[] {
  const family = new Map<AnyClass, Workflow>()
  const add = (workflow: Workflow): void => {
    if (family.has(workflow.workflowClass)) return
    family.set(workflow.workflowClass, workflow)
    const { name } = workflow.definition
    for (const version of all.filter(({ definition }) => definition.name === name)) add(version)
    for (const child of childrenOf(workflow.definition))
      add(
        all.find(({ workflowClass }) => workflowClass === child) ?? {
          workflowClass: child,
          definition: readDefinition(child),
        },
      )
  }
  for (const workflow of chosen) add(workflow)
  return [...family.values()]
}

/** Whether a file has the code of a workflow, also as a child of another one. */
export function hasWorkflow(file: WorkflowFile, name: string): boolean {
  return familyOf(file, file.workflows).some(({ definition }) => definition.name === name)
}

/** The machine of a workflow by its name, as an engine with the whole file has it. */
export function machineFor(engine: Engine, file: WorkflowFile, name: string): Machine | undefined {
  const found = familyOf(file, file.workflows).find(({ definition }) => definition.name === name)
  return found && engine.machine(found.workflowClass)
}

/** Everything that a file exports. */
export async function valuesIn(path: string): Promise<readonly unknown[]> {
  return [...new Set(exportsOf(await importFile(path)).map(([, value]) => value))]
}

/** A CommonJS file gives all its exports as the default one. */
function exportsOf(module: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  const inner = module['default']
  return [...Object.entries(module), ...(isPlainObject(inner) ? Object.entries(inner) : [])]
}

/** The exports of a file; TypeScript through tsx. */
export async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const file = resolve(path)
  const failed = (what: string, remedy: string, cause?: unknown): StepwrightError =>
    new StepwrightError('module-failed', { what, remedy, cause, details: { file: path } })
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile())
    throw failed(
      found ? `${quote(path)} is not a file` : `There is no file ${quote(path)}`,
      'Name the file that exports the workflow class',
    )
  const extension = extname(file)
  if (TYPESCRIPT.includes(extension)) await registerTsx(file)
  else if (!JAVASCRIPT.includes(extension))
    throw failed(
      `${quote(path)} cannot be loaded`,
      `Name a file that ends in ${[...TYPESCRIPT, ...JAVASCRIPT].join(', ')}`,
    )
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (error) {
    if (error instanceof StepwrightError) throw error
    const message = error instanceof Error ? `${error.name}: ${error.message}` : quote(error)
    throw failed(
      `${path} could not be loaded: ${message}`,
      'Mend that, or see where with DEBUG=stepwright',
      error,
    )
  }
}

/** tsx is optional: taken from beside us, or from beside the file. Its hooks must not give the file a stepwright of its own. */
async function registerTsx(file: string): Promise<void> {
  const theirs = (): Promise<typeof TsxApi> =>
    import(pathToFileURL(createRequire(file).resolve('tsx/esm/api')).href) as Promise<typeof TsxApi>
  try {
    const { register } = await import('tsx/esm/api').catch(theirs)
    register()
  } catch (cause) {
    throw new StepwrightError('module-missing', {
      what: `${file} is TypeScript, and the package tsx, which loads it, is not installed`,
      remedy: 'Run npm install -D tsx',
      cause,
    })
  }
}

async function callExport(path: string, name: string, make: () => unknown): Promise<unknown> {
  try {
    return await make()
  } catch (cause) {
    const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : quote(cause)
    throw new StepwrightError('module-failed', {
      what: `The function ${name} of ${path} threw ${message}`,
      remedy: 'Mend that, or see where with DEBUG=stepwright',
      cause,
      details: { file: path },
    })
  }
}

function definitionOf(value: unknown): Definition | undefined {
  if (typeof value !== 'function') return undefined
  try {
    return readDefinition(value as AnyClass)
  } catch {
    return undefined
  }
}

function noWorkflow(path: string, exported: readonly unknown[]): StepwrightError {
  const foreign = exported.some(isForeign)
  return new StepwrightError('unknown-workflow', {
    what: foreign
      ? `The workflows of ${path} are made with another copy of stepwright`
      : `${path} exports no workflow class`,
    remedy: foreign
      ? 'Run the stepwright that is installed beside that file: npx stepwright'
      : 'Export the class that has @workflow(), as in: export class Article',
    details: { file: path },
  })
}

/** Decorated by a stepwright, yet unknown to this one. */
function isForeign(value: unknown): boolean {
  if (typeof value !== 'function') return false
  const metadata = (value as { [Symbol.metadata]?: object | null })[Symbol.metadata]
  return (
    !!metadata &&
    Object.getOwnPropertySymbols(metadata).some(({ description }) => description === 'stepwright.handlers')
  )
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
