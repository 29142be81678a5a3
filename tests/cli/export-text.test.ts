import { expect, test } from 'vitest'
import type { RunRecord } from '../../src/control/run-record.ts'
import { testText, type TestParts } from '../../src/cli/export-test.ts'

const record = {
  run: { id: 'r', workflow: 'story', session: 'r', status: 'completed', data: { text: "It's done." } },
  history: [
    { seq: 1, at: 0, type: 'started', to: 'tell', data: { of: 'cats' }, by: { id: 'ada' } },
    { seq: 2, at: 5, type: 'moved', from: 'tell', to: 'told', by: 'step', data: {} },
  ],
  parts: [],
  gone: 0,
  children: [],
} as unknown as RunRecord

const parts: TestParts = {
  record,
  command: 'stepwright export r story.ts --test',
  from: '../story.ts',
  classes: new Map([
    ['story', 'default'],
    ['chapter', 'Chapter'],
  ]),
  unexported: ['page'],
  models: new Map([
    ['fast', 'small'],
    ['good-one', 'large'],
    ['other', 'small'],
  ]),
  others: ['mailer'],
  config: 'function',
  tape: './r.tape.json',
  rests: () => true,
}

test('several models, a config that is made, a default export and a child that is not exported', () => {
  const text = testText(parts)
  for (const line of [
    "import Workflow, { Chapter, config } from '../story.ts'",
    '// TODO: import page, which it starts as child runs, and add them to workflows',
    "const model1 = replayed(tape, { model: 'small' })",
    "const model2 = replayed(tape, { model: 'large' })",
    'workflows: [Workflow, Chapter],',
    'fast: createLlm(model1),',
    "'good-one': createLlm(model2),",
    'other: createLlm(model1),',
    "mailer: unstubbed('mailer'), // TODO: what the run needs of it",
    'config: await config(),',
    'work.finally(() => (model1.check(), model2.check()))',
    "await engine.start(Workflow, { of: 'cats' }, { id: 'r', as: { id: 'ada' } })",
    String.raw`output: { text: 'It\'s done.' },`,
  ])
    expect(text).toContain(line)
})

test('without model calls there is no tape', () => {
  const { tape: _, config: _c, ...rest } = parts
  const text = testText({ ...rest, models: new Map(), others: [] })
  expect(text).not.toMatch(/tape|llm|checked|config|unstubbed|resources/)
  expect(text).toContain('  await finish(run)\n')
})
