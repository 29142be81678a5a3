/** A run as a test: the text of a Vitest file that does again what was done with it. */
import { courseOf } from '../control/course.ts'
import type { RunRecord } from '../control/run-record.ts'
import type { HistoryEvent } from '../model/history.ts'
import { keyOf, sourceOf } from './source-text.ts'

/** What the test is made of. */
export interface TestParts {
  readonly record: RunRecord
  /** The command that wrote it. */
  readonly command: string
  /** Where the workflow file is, from the test. */
  readonly from: string
  /** The classes it needs, by the names of their workflows; that of the run first. */
  readonly classes: ReadonlyMap<string, string>
  /** Child workflows that the file does not export. */
  readonly unexported: readonly string[]
  /** Names of resources that are language models, each with its model. */
  readonly models: ReadonlyMap<string, string>
  /** Names of all other resources. */
  readonly others: readonly string[]
  /** How the file exports a config. */
  readonly config?: 'value' | 'function'
  /** Where the tape is, from the test; none where no model was called. */
  readonly tape?: string
  /** A run in that state waits for somebody, so that only \`skip\` goes over the end of its wait. */
  readonly rests: (workflow: string, state: string) => boolean
}

/** The text of the file. */
export function testText(parts: TestParts): string {
  const { record, command, from, tape, config } = parts
  const classes = [...parts.classes.values()]
  const { run, history } = record
  const [started] = history
  if (started?.type !== 'started') throw new TypeError(`the history of ${run.id} has no beginning`)
  const given = {
    id: run.id,
    ...(run.session === run.id ? {} : { session: run.session }),
    ...(started.by ? { as: started.by } : {}),
  }
  const steps = stepsOf(parts)
  const uses = (name: string): boolean => steps.some((step) => new RegExp(`\\b${name}[(<]`).test(step))
  const course = courseOf(run, history, record.parts)
  const names = [...new Set(parts.models.values())]
  const engine = ['engine', 'finish', ...['started', 'skip'].filter(uses), 'course', 'close'].join(', ')
  const lines = [
    `// Written by \`${command}\`: the run as it went, without a network.`,
    `import { expect, test } from 'vitest'`,
    ...(tape === undefined ? [] : [`import { createLlm, replayed, Tape } from 'stepwright/llm'`]),
    `import { createTestEngine, TestClock${parts.others.length > 0 ? ', unstubbed' : ''} } from 'stepwright/testing'`,
    importOf(classes, config !== undefined, from),
    ...(parts.unexported.length > 0
      ? [
          `// TODO: import ${parts.unexported.join(', ')}, which it starts as child runs, and add them to workflows`,
        ]
      : []),
    '',
    `test(${sourceOf(`${run.workflow} goes as run ${run.id} went`)}, async () => {`,
    ...(tape === undefined
      ? []
      : [
          `  const tape = await Tape.load(new URL(${sourceOf(tape)}, import.meta.url))`,
          ...names.map((name, i) =>
            names.length === 1
              ? '  const model = replayed(tape)'
              : `  const ${modelName(i, names)} = replayed(tape, { model: ${sourceOf(name)} })`,
          ),
        ]),
    `  const { ${engine} } = createTestEngine({`,
    `    workflows: [${classes.map(localName).join(', ')}],`,
    ...resourceLines(parts, names),
    ...(config === undefined ? [] : [config === 'value' ? '    config,' : '    config: await config(),']),
    `    clock: new TestClock(Date.parse(${sourceOf(new Date(started.at).toISOString())})),`,
    '  })',
    ...(tape === undefined
      ? []
      : [
          '  const checked = <T>(work: Promise<T>): Promise<T> =>',
          `    work.finally(() => ${checks(names)}) // shows what was asked otherwise`,
        ]),
    '',
    `  const run = await engine.start(${localName(classes[0] ?? '')}, ${sourceOf(started.data, '  ')}, ${sourceOf(given, '  ')})`,
    ...steps.map((step) => `  ${step}`),
    `  ${calm('run')}`,
    `  expect(await course(run)).toEqual(${sourceOf(course, '  ')})`,
    '  await close()',
    '})',
    '',
  ]
  const text = lines.join('\n')
  return tape === undefined ? text.replaceAll(/await checked\((.*)\)$/gm, 'await $1') : text
}

/** Waits until a run has come to rest. */
function calm(name: string): string {
  return `await checked(finish(${name}))`
}

function checks(names: readonly string[]): string {
  const all = names.map((_, i) => `${modelName(i, names)}.check()`)
  return all.length === 1 ? (all[0] ?? '') : `(${all.join(', ')})`
}

function importOf(classes: readonly string[], config: boolean, from: string): string {
  const named = classes.filter((name) => name !== 'default')
  const words = [...named, ...(config ? ['config'] : [])]
  const list = words.length > 0 ? `{ ${words.join(', ')} }` : ''
  const clause = classes.includes('default') ? ['Workflow', list].filter(Boolean).join(', ') : list
  return `import ${clause} from ${sourceOf(from)}`
}

function localName(name: string): string {
  return name === 'default' ? 'Workflow' : name
}

function modelName(i: number, names: readonly string[]): string {
  return names.length === 1 ? 'model' : `model${i + 1}`
}

function resourceLines({ models, others }: TestParts, names: readonly string[]): readonly string[] {
  const all = [
    ...[...models].map(
      ([name, model]) => `${keyOf(name)}: createLlm(${modelName(names.indexOf(model), names)}),`,
    ),
    ...others.map(
      (name) => `${keyOf(name)}: unstubbed(${sourceOf(name)}), // TODO: what the run needs of it`,
    ),
  ]
  return all.length > 0 ? ['    resources: {', ...all.map((line) => `      ${line}`), '    },'] : []
}

interface Deed {
  readonly of: string
  readonly workflow: string
  readonly event: HistoryEvent
}

/** What people and time did with the run and its children, each when the run it is for has come to rest. */
function stepsOf({ record, classes, rests }: TestParts): readonly string[] {
  const { run } = record
  const deeds = deedsIn(record, rests).toSorted((a, b) => a.event.at - b.event.at)
  const names = new Map<string, string>([[run.id, 'run']])
  const seen = new Set<string>()
  return deeds.flatMap(({ of, workflow, event }) => {
    const child = names.has(of) ? undefined : `child${names.size}`
    if (child !== undefined) names.set(of, child)
    const name = names.get(of) ?? ''
    const what = deed(name, event, seen, of)
    if (what === undefined) return []
    return [
      ...(child === undefined
        ? []
        : [
            `const ${child} = await checked(started<typeof ${localName(classes.get(workflow) ?? '')}>(${sourceOf(of)}))`,
          ]),
      calm(name),
      what,
    ]
  })
}

function deedsIn({ run, history, children }: RunRecord, rests: TestParts['rests']): readonly Deed[] {
  const own = history.filter((event) => {
    if (event.type !== 'moved') return DEEDS.has(event.type)
    return event.by === 'skip' || (event.by === 'expires' && rests(run.workflow, event.from))
  })
  return [
    ...own.map((event) => ({ of: run.id, workflow: run.workflow, event })),
    ...children.flatMap((child) => deedsIn(child, rests)),
  ]
}

const DEEDS: ReadonlySet<HistoryEvent['type']> = new Set([
  'signalled',
  'voted',
  'reminded',
  'cancelled',
  'terminated',
  'retried-by-hand',
])

function deed(run: string, event: HistoryEvent, seen: Set<string>, of: string): string | undefined {
  switch (event.type) {
    case 'signalled':
    case 'voted': {
      const key = JSON.stringify([of, event.name, event.id])
      if (seen.has(key)) return undefined // the last vote is told twice
      seen.add(key)
      const { name, id, payload, caller } = event
      return `await ${run}.signal(${sourceOf(name)}, ${sourceOf(payload, '  ')}, ${sourceOf({ id, ...(caller ? { as: caller } : {}) }, '  ')})`
    }
    case 'reminded':
      return 'await skip() // a reminder'
    case 'moved':
      return event.by === 'expires'
        ? 'await skip() // nobody answered in time'
        : `await ${run}.skip(${sourceOf(event.to)} as never, ${sourceOf(event.data, '  ')} as never)`
    case 'cancelled':
    case 'terminated': {
      const said = event.reason === undefined ? '' : sourceOf({ reason: event.reason })
      return `await ${run}.${event.type === 'cancelled' ? 'cancel' : 'terminate'}(${said})`
    }
    case 'retried-by-hand':
      return `await ${run}.retry(${'data' in event ? sourceOf({ data: event.data }, '  ') : ''})`
    default:
      return undefined
  }
}
