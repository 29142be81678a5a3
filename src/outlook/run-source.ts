import type { RunView } from '../control/run-view.ts'
import { childrenOf } from '../definition/children.ts'
import type { Definition } from '../definition/definition.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { AnyClass } from '../definition/shape.ts'
import type { Engine } from '../engine.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import type { Part } from '../store/part-list.ts'

/** Where recorded runs are read from. Nothing is written. */
export interface RunSource {
  /** The ids of all runs, newest first. */
  ids(): AsyncIterable<string>
  /** A run as it is stored; one that is damaged is shown as `corrupt`. */
  findAny(id: string): Promise<RunView | undefined>
  /** Its history after entry number `after`, oldest first. */
  history(id: string, after: number): Promise<readonly HistoryEvent[]>
  /** Branches, items and children of the state it stands in. */
  parts(id: string): Promise<ReadonlyMap<string, Part>>
}

/** The charts that runs are looked at by: the definition of that workflow; `undefined` where it is not known. */
export type Charts = (workflow: string) => Definition | undefined

/** The runs of an engine. */
export function runsOf(engine: Engine): RunSource {
  const run = (id: string): ReturnType<Engine['get']> => engine.get(id)
  return {
    ids: () => engine.ids(),
    findAny: (id) => engine.find(id),
    async history(id, after) {
      const history: HistoryEvent[] = []
      for await (const event of (await run(id)).events({ after, follow: false })) history.push(event)
      return history
    },
    parts: async (id) => (await run(id)).parts(),
  }
}

/** The charts of workflow classes, and of those that they start as children. */
export function chartsOf(classes: readonly AnyClass[]): Charts {
  const all = new Map<string, Definition>()
  const add = (workflow: AnyClass): void => {
    const definition = readDefinition(workflow)
    const { name, version } = definition
    if ((all.get(name)?.version ?? -1) >= version) return
    all.set(name, definition)
    for (const child of childrenOf(definition)) add(child)
  }
  for (const workflow of classes) add(workflow)
  return (workflow) => all.get(workflow)
}

/** Whether what was thrown says that a document cannot be read. */
export function isDamage(error: unknown): boolean {
  return error instanceof StepwrightError && error.code === 'corrupt-document'
}
