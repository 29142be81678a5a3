import { Limits } from '../check/bounds/limits.ts'
import { Properties } from '../check/properties/properties.ts'
import type { Definition } from '../definition/definition.ts'
import { refusalOf, type Refusal } from '../definition/refusal.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { Terminal } from './terminal.ts'
import { loadWorkflowFile, valuesIn } from './workflow-file.ts'

/** What a file holds for `stepwright check`. */
export interface CheckedFile {
  readonly file: string
  /** What it exports, or the class because of which it could not be loaded; and what its properties and limits are of. */
  readonly subjects: readonly (Definition | Refusal)[]
  readonly properties: readonly Properties[]
  readonly limits: readonly Limits[]
  /** The names by which it exports workflow classes. */
  readonly exported: ReadonlyMap<Definition, string>
}

/** Loads a file; it may export properties and limits of workflows that stand in another one. */
export async function loadChecked(file: string, terminal: Terminal): Promise<CheckedFile> {
  try {
    const values = await valuesIn(file)
    const properties = values.filter((value) => value instanceof Properties)
    const limits = values.filter((value) => value instanceof Limits)
    const asked = [...properties, ...limits].map(({ definition }) => definition)
    const workflows = await loadWorkflowFile(file).then(
      (loaded) => loaded.workflows,
      (error: unknown) => {
        if (asked.length > 0 && error instanceof StepwrightError && error.code === 'unknown-workflow')
          return []
        throw error
      },
    )
    const own = workflows.map(({ definition }) => definition)
    const names = workflows.flatMap(({ definition, exported }) =>
      exported === undefined ? [] : [[definition, exported] as const],
    )
    return { file, subjects: [...new Set([...own, ...asked])], properties, limits, exported: new Map(names) }
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    const { name } = refusal.definition
    terminal.note(
      terminal.onErr('dim', `${file} is refused because of ${name}: what stands behind it was not read`),
    )
    return { file, subjects: [refusal], properties: [], limits: [], exported: new Map() }
  }
}
