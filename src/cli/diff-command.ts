import { compile } from '../compile/machine.ts'
import { diffDefinitions, type WorkflowDiff } from '../deploy/definition-diff.ts'
import { diffDot, diffSvg } from '../deploy/diff-drawing.ts'
import { diffMermaid } from '../deploy/diff-mermaid.ts'
import { diffLines } from '../deploy/diff-text.ts'
import { judgeImpact, type LiveImpact } from '../deploy/live-runs.ts'
import { markedChart, type MarkedChart } from '../deploy/marks.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { readSource, readStored, type DefinitionSource } from './definition-source.ts'
import { showDiff, showImpact } from './diff-text.ts'
import { EXIT } from './exit-code.ts'
import { watchInterrupts } from './interrupt.ts'
import { writeJson } from './json-text.ts'
import { formatFor, PICTURE_ENDINGS, writeOut } from './output-file.ts'
import { Progress } from './progress.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { familyOf, type WorkflowFile } from './workflow-file.ts'

/** The forms in which a difference can be had. */
export const DIFF_FORMATS = ['text', 'json', 'mermaid', 'svg', 'dot'] as const

const DRAWN: Readonly<Record<'mermaid' | 'svg' | 'dot', (chart: MarkedChart) => string | Promise<string>>> = {
  mermaid: diffMermaid,
  svg: diffSvg,
  dot: diffDot,
}

type DiffFormat = (typeof DIFF_FORMATS)[number]

/** Options of `stepwright diff`. */
export interface DiffOptions {
  readonly workflow?: string
  readonly format?: DiffFormat
  readonly out?: string
  readonly oldRev?: string
  readonly newRev?: string
  /** Judge the live runs of the store; so does naming one. */
  readonly live?: boolean
  /** List every blocked run. */
  readonly all?: boolean
  /** Fail also where a change could block a run. */
  readonly strict?: boolean
}

type Decided = DiffOptions & { readonly format: DiffFormat }

/** Blocked runs that are listed for a state, unless all are. */
const LISTED = 10

/** A difference with what it does to live runs. */
export interface JudgedDiff extends WorkflowDiff {
  readonly live?: LiveImpact
}

/** Says how two versions of workflows differ, and what the new one would do with live runs. Writes nothing to the store. */
export async function diffCommand(
  old: string,
  fresh: string,
  given: DiffOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const options = { ...given, format: formatFor(given.format, given.out, PICTURE_ENDINGS, 'text') }
  const interrupts = watchInterrupts()
  const sources: DefinitionSource[] = []
  const read = async (word: string, revision: string | undefined): Promise<DefinitionSource> => {
    const source = await readSource(word, revision)
    sources.push(source)
    return source
  }
  const work = async (): Promise<number> => {
    const after = isStored(fresh) ? undefined : await read(fresh, options.newRev)
    const before = isStored(old) ? undefined : await read(old, options.oldRev)
    const judges = options.live ?? choice.named
    if (before && after && !judges) return tell(before, after, undefined, options, terminal)
    return readStore(choice.url, async ({ store, runs, kernel }) => {
      const names = [...((before ?? after)?.charts.keys() ?? [])]
      const is = after ?? (await readStored(fresh, names, store))
      const was = before ?? (await readStored(old, names, store))
      if (!judges && !isStored(old)) return tell(was, is, undefined, options, terminal)
      if (!is.file) throw unjudgeable(fresh)
      for (const { definition } of codeOf(is.file))
        kernel.library.add({ machine: compile(definition), instance: {}, config: {} })
      const progress = new Progress(terminal, 'runs judged')
      const impact = (diffs: readonly WorkflowDiff[]): ReturnType<typeof judgeImpact> =>
        judgeImpact(diffs, runs, kernel, {
          most: options.all ? Infinity : LISTED,
          onRun: (judged) => progress.tell(judged),
        })
      return tell(was, is, impact, options, terminal)
    })
  }
  try {
    if (isStored(old) && isStored(fresh)) throw twice()
    const first = await Promise.race([work(), interrupts.first])
    return typeof first === 'number' ? first : first.exitCode
  } finally {
    interrupts.end()
    for (const source of sources) await source.remove()
  }
}

function codeOf(file: WorkflowFile): ReturnType<typeof familyOf> {
  return familyOf(file, file.workflows)
}

async function tell(
  before: DefinitionSource,
  after: DefinitionSource,
  judge: ((diffs: readonly WorkflowDiff[]) => Promise<ReadonlyMap<string, LiveImpact>>) | undefined,
  { workflow, format, out, strict }: Decided,
  terminal: Terminal,
): Promise<number> {
  const names = namesIn(before, after, workflow)
  if (out !== undefined && names.length > 1 && Object.hasOwn(DRAWN, format)) throw onePicture(names)
  const diffs = names.map((name) => diffDefinitions(before.charts.get(name), after.charts.get(name)))
  const impacts = await judge?.(diffs)
  const judged = diffs.map((diff): JudgedDiff => {
    const live = impacts?.get(diff.workflow)
    return live ? { ...diff, live } : diff
  })
  const blocked = judged.reduce((sum, { live }) => sum + (live?.blocked ?? 0), 0)
  const risks = judged.reduce((sum, diff) => sum + diff.risks.length, 0)
  const result = { old: before.name, new: after.name, blocked, risks, workflows: judged }
  if (out !== undefined) {
    await writeOut(out, await written(format, result, before, after))
    if (terminal.json)
      terminal.printJson({ old: result.old, new: result.new, blocked, risks, format, file: out })
    else {
      terminal.print(terminal.onOut('plain', out))
      for (const { live } of judged) if (live) showImpact(live, terminal)
    }
  } else if (terminal.json) terminal.printJson(result)
  else if (format !== 'text') terminal.print((await written(format, result, before, after)).trimEnd())
  else
    for (const diff of judged) {
      showDiff(diff, terminal)
      if (diff.live) showImpact(diff.live, terminal)
    }
  return blocked > 0 || (strict && risks > 0) ? EXIT.runFailed : EXIT.ok
}

/** A difference as the text of a file; pictures of several workflows one after the other. */
async function written(
  format: DiffFormat,
  result: { readonly workflows: readonly JudgedDiff[] },
  before: DefinitionSource,
  after: DefinitionSource,
): Promise<string> {
  if (format === 'json') return `${writeJson(result, 2)}\n`
  const texts: string[] = []
  for (const diff of result.workflows) {
    const charts = [before.charts.get(diff.workflow), after.charts.get(diff.workflow)] as const
    const lines = diffLines(diff).map(({ text }) => text)
    texts.push(
      format === 'text' ? lines.join('\n') : (await DRAWN[format](markedChart(...charts, diff))).trimEnd(),
    )
  }
  return `${texts.join('\n')}\n`
}

/** The workflows to compare: of a side that holds but some, those it has. */
function namesIn(
  before: DefinitionSource,
  after: DefinitionSource,
  workflow: string | undefined,
): readonly string[] {
  const all = [...new Set([...after.charts.keys(), ...before.charts.keys()])]
  const names = all.filter((name) =>
    [before, after].every(({ partial, charts }) => !partial || charts.has(name)),
  )
  if (workflow === undefined && names.length > 0) return names
  if (workflow !== undefined && names.includes(workflow)) return [workflow]
  throw new StepwrightError('unknown-workflow', {
    what:
      workflow === undefined
        ? `${before.name} and ${after.name} have no workflow in common`
        : `Neither ${before.name} nor ${after.name} has a workflow ${quote(workflow)}`,
    remedy: all.length > 0 ? `They have ${all.map(quote).join(', ')}` : 'Name files that export workflows',
    details: { workflows: all },
  })
}

function isStored(word: string): boolean {
  return word === 'store:'
}

function twice(): StepwrightError {
  return new StepwrightError('invalid-options', {
    what: 'Both sides are what the store last saw',
    remedy: 'Compare that with the file that is to be deployed: stepwright diff store: article.ts',
  })
}

function onePicture(names: readonly string[]): StepwrightError {
  return new StepwrightError('invalid-options', {
    what: `A file holds the picture of one workflow, and these differ: ${names.map(quote).join(', ')}`,
    remedy: 'Choose one with --workflow NAME',
    details: { workflows: names },
  })
}

function unjudgeable(name: string): StepwrightError {
  return new StepwrightError('invalid-options', {
    what: `Live runs are judged by code, and the new side is ${quote(name)}`,
    remedy: 'Give the workflow file as the new side, or leave --store and --live out',
  })
}
