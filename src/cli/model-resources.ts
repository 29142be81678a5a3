import { bind } from '../definition/scope.ts'
import type { Model } from '../llm/model.ts'
import type { Terminal } from './terminal.ts'
import type { WorkflowFile } from './workflow-file.ts'

/** The resources of a file: language models, and the names of all others. */
export interface ModelResources {
  readonly models: ReadonlyMap<string, Model>
  readonly others: readonly string[]
}

/** Which resources are language models. Where they cannot be made here, none are known; `so` ends the warning. */
export async function modelResources(
  file: WorkflowFile,
  terminal: Terminal,
  so: string,
): Promise<ModelResources> {
  const models = new Map<string, Model>()
  const others: string[] = []
  const resources = await file.provide('resources').catch((error: unknown) => {
    terminal.warn(`the resources of ${file.path} could not be made, so ${so}: ${(error as Error).message}`)
    return {}
  })
  for (const [name, resource] of Object.entries(resources)) {
    const model = modelOf(resource)
    if (model) models.set(name, model)
    else others.push(name)
  }
  return { models, others }
}

function modelOf(resource: unknown): Model | undefined {
  if (typeof resource !== 'object' || resource === null || !(bind in resource)) return undefined
  const { model } = resource as { readonly model?: Partial<Model> }
  return typeof model?.name === 'string' && model.abilities ? (model as Model) : undefined
}
