import { docComments } from '../check/source/doc-comments.ts'
import { readSourceIfCan } from '../check/source/read-source.ts'
import type { Definition } from '../definition/definition.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toJson, toXStateConfig } from '../inspect/chart-json.ts'
import { toDot } from '../inspect/drawing/dot.ts'
import { drawingOf } from '../inspect/drawing/drawing.ts'
import type { DrawingOptions } from '../inspect/drawing/drawing-options.ts'
import type { Heat } from '../inspect/drawing/marks.ts'
import { toSvg } from '../inspect/drawing/svg.ts'
import { textLines, toText } from '../inspect/drawing/text.ts'
import { toMermaid } from '../inspect/mermaid.ts'
import { readCoverage } from '../outlook/coverage-file.ts'
import { Coverage } from '../testing/coverage/coverage.ts'
import { EXIT } from './exit-code.ts'
import { writeJson } from './json-text.ts'
import { formatFor, PICTURE_ENDINGS, writeOut, type Endings } from './output-file.ts'
import { tallyAll, tallyOne } from './run-tally.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, loadWorkflowFile } from './workflow-file.ts'

/** The forms in which a chart can be had. */
export const CHART_FORMATS = ['mermaid', 'svg', 'dot', 'text', 'json', 'xstate'] as const
export type ChartFormat = (typeof CHART_FORMATS)[number]

/** What the name of a file says about its form, the longest ending first. */
const ENDINGS: Endings<ChartFormat> = [['.machine.json', 'xstate'], ...PICTURE_ENDINGS]

/** Options of `stepwright graph`. */
export interface GraphOptions {
  readonly workflow?: string
  readonly format?: ChartFormat
  readonly out?: string
  /** A run that is marked. */
  readonly run?: string
  /** What all runs are counted for. */
  readonly heat?: Heat
  /** A file that says what tests have seen. */
  readonly coverage?: string
}

/** Writes the chart of a workflow; needs a store only where runs are marked. */
export async function graphCommand(
  path: string,
  { workflow, format: given, out, run, heat, coverage }: GraphOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const format = formatFor(given, out, ENDINGS, 'mermaid')
  const marked = Object.entries({ run, heat, coverage }).flatMap(([name, value]) =>
    value ? [`--${name}`] : [],
  )
  if (marked.length > 1)
    throw wrong(
      `${marked.join(' and ')} are both given`,
      '--run marks one run, --heat counts all, --coverage those of tests: give one of them',
    )
  if (format === 'xstate' && marked.length > 0)
    throw wrong(
      'A machine for XState has no place for what runs did',
      'Choose another --format, such as json',
    )
  const file = await loadWorkflowFile(path)
  const { definition, options } = await readStoreIf(run ?? heat, choice, async (reader) => {
    const one = reader && run !== undefined ? await tallyOne(run, reader) : undefined
    const { definition } = chooseWorkflow(file, workflow ?? one?.workflow)
    if (one && one.workflow !== definition.name)
      throw wrong(
        `Run ${quote(run)} is one of ${quote(one.workflow)}, not of ${quote(definition.name)}`,
        `Draw it with --workflow ${one.workflow}`,
      )
    const covered = coverage === undefined ? undefined : await readCoverage(coverage, definition.name)
    const all = reader && heat ? await tallyAll(definition.name, reader, terminal) : undefined
    const tally = one?.tally ?? all ?? (covered && new Coverage([covered]).tally(definition.name))
    const descriptions = docComments(definition, await readSourceIfCan([path]))
    const whose = one?.whose ?? (tally && covered ? `tests, in ${sayRuns(tally.runs)}` : undefined)
    const marks = { ...(tally ? { tally } : {}), ...(heat ? { heat } : {}), ...(whose ? { whose } : {}) }
    return { definition, options: { descriptions, ...marks } }
  })
  warnOfStrangers(definition, options, terminal)
  const chart = await draw(definition, format, options)
  if (out !== undefined) await writeOut(out, typeof chart === 'string' ? chart : `${writeJson(chart, 2)}\n`)
  const told = { workflow: definition.name, format }
  if (terminal.json) terminal.printJson(out === undefined ? { ...told, chart } : { ...told, file: out })
  else if (out !== undefined) terminal.print(terminal.onOut('plain', out))
  else if (format === 'text') printText(definition, options, terminal)
  else terminal.print(typeof chart === 'string' ? chart.trimEnd() : writeJson(chart, 2))
  return EXIT.ok
}

function sayRuns(n: number): string {
  return `${n} ${n === 1 ? 'run' : 'runs'}`
}

type Reader = Parameters<Parameters<typeof readStore>[1]>[0]

function readStoreIf<T>(
  needed: string | undefined,
  { url }: StoreChoice,
  work: (reader: Reader | undefined) => Promise<T>,
): Promise<T> {
  return needed === undefined ? work(undefined) : readStore(url, work)
}

async function draw(definition: Definition, format: ChartFormat, options: DrawingOptions): Promise<unknown> {
  switch (format) {
    case 'mermaid':
      return toMermaid(definition, options)
    case 'svg':
      return toSvg(definition, options)
    case 'dot':
      return toDot(definition, options)
    case 'text':
      return toText(definition, options)
    case 'json':
      return toJson(definition, options)
    case 'xstate':
      return toXStateConfig(definition)
  }
}

function printText(definition: Definition, options: DrawingOptions, terminal: Terminal): void {
  for (const line of textLines(drawingOf(definition, options)))
    terminal.print(line.map(({ text, tone }) => terminal.onOut(tone, text)).join(''))
}

/** Older versions may have had states that are not drawn any more. */
function warnOfStrangers({ states }: Definition, { tally }: DrawingOptions, terminal: Terminal): void {
  const strangers = [...(tally?.states.keys() ?? [])].filter((name) => !states.has(name))
  if (strangers.length > 0)
    terminal.warn(
      `not drawn: runs were in ${strangers.map(quote).join(', ')}, which this version does not have`,
    )
}

function wrong(what: string, remedy: string): StepwrightError {
  return new StepwrightError('invalid-options', { what, remedy })
}
