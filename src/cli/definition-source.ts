import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { newestPublished } from '../control/publication.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toJson, type WorkflowJson } from '../inspect/chart-json.ts'
import type { Store } from '../store/store.ts'
import { checkOut } from './git-tree.ts'
import { loadWorkflowFile, type WorkflowFile } from './workflow-file.ts'

/** One side of a difference. */
export interface DefinitionSource {
  /** As it was named. */
  readonly name: string
  /** The workflows it has, the newest version of each; by name. */
  readonly charts: ReadonlyMap<string, WorkflowJson>
  /** It holds but some of the workflows there are: one that is not in it was not removed. */
  readonly partial: boolean
  /** Where it is code. */
  readonly file?: WorkflowFile
  /** Takes away what was made to read it; once its code is not needed any more. */
  remove(): Promise<void>
}

/**
 * What a word names: a workflow file, a JSON file of `graph --format json`, or a file at a git revision (`FILE@REV`).
 *
 * @throws StepwrightError as {@link loadWorkflowFile}, and `invalid-options` for what is none of these.
 */
export async function readSource(word: string, revision: string | undefined): Promise<DefinitionSource> {
  if (revision !== undefined) return atRevision(word, revision)
  if (!existsSync(word)) {
    const [, file, rev] = /^(.+?)@((?:[^@]|@\{)+)$/.exec(word) ?? []
    if (file !== undefined && rev !== undefined) return atRevision(file, rev)
  }
  return word.endsWith('.json') ? fromJson(word, word) : fromCode(word, word)
}

/** What the store last saw of workflows. */
export async function readStored(
  name: string,
  names: readonly string[],
  store: Store,
): Promise<DefinitionSource> {
  const charts = new Map<string, WorkflowJson>()
  for (const workflow of names) {
    const published = await newestPublished(store, workflow)
    if (published && !published.chart)
      throw new StepwrightError('not-possible', {
        what: `What ${store.name} saw of ${quote(workflow)} was written by an older release, without its transitions`,
        remedy:
          'Compare with a git revision, as in article.ts@HEAD~1, or let a worker of this release open the store',
        details: { workflow },
      })
    if (published?.chart) charts.set(workflow, published.chart)
  }
  return { name, charts, partial: false, remove: () => Promise.resolve() }
}

async function atRevision(file: string, revision: string): Promise<DefinitionSource> {
  const { path, remove } = await checkOut(file, revision)
  const name = `${file}@${revision}`
  try {
    const source = await (path.endsWith('.json') ? fromJson(path, name) : fromCode(path, name))
    return { ...source, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function fromCode(path: string, name: string): Promise<DefinitionSource> {
  const file = await loadWorkflowFile(path)
  const charts = new Map<string, WorkflowJson>()
  for (const { definition } of file.workflows)
    if (definition.version > (charts.get(definition.name)?.version ?? 0))
      charts.set(definition.name, JSON.parse(JSON.stringify(toJson(definition))) as WorkflowJson)
  return { name, charts, partial: false, file, remove: () => Promise.resolve() }
}

const chartSchema = z.looseObject({
  name: z.string(),
  version: z.number(),
  initial: z.string(),
  signals: z.array(z.string()),
  states: z.array(
    z.looseObject({
      name: z.string(),
      kind: z.enum(['step', 'wait', 'timer', 'map', 'parallel', 'child', 'final']),
      exits: z.array(
        z.looseObject({ by: z.enum(['step', 'signal', 'expires', 'visits', 'catch']), to: z.string() }),
      ),
      policies: z.record(z.string(), z.unknown()),
    }),
  ),
  schemas: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
})
/** As it is written with and without `--json`. */
const fileSchema = z.union([chartSchema, z.object({ chart: chartSchema }).transform(({ chart }) => chart)])

async function fromJson(path: string, name: string): Promise<DefinitionSource> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw notAChart(name, (cause as Error).message, cause)
  })
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (cause) {
    throw notAChart(name, (cause as Error).message, cause)
  }
  const read = fileSchema.safeParse(given)
  if (!read.success)
    throw notAChart(name, z.prettifyError(read.error).replaceAll(/\s*\n\s*/g, ' '), read.error)
  const chart = read.data as unknown as WorkflowJson
  return { name, charts: new Map([[chart.name, chart]]), partial: true, remove: () => Promise.resolve() }
}

function notAChart(name: string, why: string, cause: unknown): StepwrightError {
  return new StepwrightError('invalid-options', {
    what: `${quote(name)} is not a chart: ${why}`,
    remedy: 'Write one with stepwright graph FILE --format json',
    cause,
    details: { file: name },
  })
}
