import { toJson, toXStateConfig } from '../inspect/chart-json.ts'
import { toMermaid } from '../inspect/mermaid.ts'
import { EXIT } from './exit-code.ts'
import { writeJson } from './json-text.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, loadWorkflowFile } from './workflow-file.ts'

/** The forms in which a chart can be had. */
export const CHART_FORMATS = ['mermaid', 'json', 'xstate'] as const
export type ChartFormat = (typeof CHART_FORMATS)[number]

/** Options of `stepwright graph`. */
export interface GraphOptions {
  readonly workflow?: string
  readonly format: ChartFormat
}

/** Writes the chart of a workflow; needs no store. */
export async function graphCommand(
  path: string,
  { workflow: name, format }: GraphOptions,
  terminal: Terminal,
): Promise<number> {
  const { definition } = chooseWorkflow(await loadWorkflowFile(path), name)
  const chart: unknown =
    format === 'mermaid'
      ? toMermaid(definition)
      : format === 'json'
        ? toJson(definition)
        : toXStateConfig(definition)
  if (terminal.json) terminal.printJson({ workflow: definition.name, format, chart })
  else terminal.print(typeof chart === 'string' ? chart.trimEnd() : writeJson(chart, 2))
  return EXIT.ok
}
