import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { check, readSource, type Origin, type Source, type SourceHandler } from '../../src/check/index.ts'
import { states, type Input, type ShapeOf } from '../../src/index.ts'

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name)
const say = (from: readonly Origin[]): string =>
  from.length === 0 ? 'nobody' : from.map(({ of, field }) => `${of}.${field}`).join(', ')
test('what goes to models and to other states is what the comments say', async () => {
  const source = await readSource([fixture('odd-privacy.ts')], { types: true })
  const { handlers = [], methods } = source.workflows.find(({ workflow }) => workflow === 'privacy') ?? {}
  const told = handlers.map(({ method, prompts, moves }) => {
    const fields = (name: 'feeds' | 'vars', before = '') =>
      new Map(
        moves.flatMap((move) => [...move[name]].map(([field, from]) => [`${before}${field}`, say(from)])),
      )
    const handed = [...fields('feeds'), ...fields('vars', 'vars ')].map(
      ([field, from]) => `${field}: ${from}`,
    )
    return [method, [...prompts.map(({ call, from }) => `${call}(${say(from)})`), ...handed].join('; ')]
  })
  expect(told.length).toBeGreaterThan(9)
  expect(told).toEqual(told.map(([method = '']) => [method, methods?.get(method)?.doc]))
})

const pii = z.string().meta({ pii: true })
const T = states(
  { Ask: 'ask', Wait: 'wait', Tell: 'tell', End: 'end' },
  {
    ask: z.object({ email: pii, n: z.number() }),
    wait: z.object({ who: z.string() }),
    tell: z.object({ text: z.string() }),
    end: z.object({}),
  },
  {
    initial: 'ask',
    final: 'end',
    signals: { yes: z.object({ phone: pii }) },
    vars: z.object({ name: z.string().default('') }),
  },
)
type In<S extends 'ask' | 'wait' | 'tell'> = Input<ShapeOf<typeof T>, S>

function made(redacts: { readonly ask?: readonly ['email']; readonly tell?: readonly ['text'] } = {}) {
  @T.workflow({ name: 'personal', deadline: '1d' })
  class Personal {
    @T.step('ask', { to: 'wait', ...(redacts.ask ? { redacts: redacts.ask } : {}) })
    ask({ email }: In<'ask'>) {
      return T.go('wait', { who: email }, { name: email })
    }
    @T.wait('wait', { on: { yes: 'tell' } })
    wait(_signal: unknown, { who }: In<'wait'>) {
      return T.go('tell', { text: who })
    }
    @T.step('tell', { to: 'end', ...(redacts.tell ? { redacts: redacts.tell } : {}) })
    tell(_: In<'tell'>) {
      return T.go('end', {})
    }
  }
  return Personal
}

const place = { file: 'personal.ts', line: 1, column: 1, endColumn: 2 }
/** The workflow as its source would tell of it: what `wait` hands on, and what `tell` or `wait` give a model. */
function told(state: 'wait' | 'tell', from: Origin, text: Origin = { of: 'input', field: 'who' }): Source {
  const email = [{ of: 'input', field: 'email' }] as const
  const none = { targets: new Map(), edges: [], moves: [], complete: true, prompts: [] }
  const prompts = [{ place, call: 'llm.text', from: [from] }]
  const move = { place, misfits: [], vars: new Map() }
  const handlers: readonly SourceHandler[] = [
    {
      ...{ ...none, kind: 'step', method: 'ask', state: 'ask' },
      moves: [{ ...move, to: ['wait'], feeds: new Map([['who', email]]), vars: new Map([['name', email]]) }],
    },
    {
      ...{ ...none, kind: 'wait', method: 'wait', state: 'wait' },
      moves: [{ ...move, to: ['tell'], feeds: new Map([['text', [text]]]) }],
      prompts: state === 'wait' ? prompts : [],
    },
    {
      ...{ ...none, kind: 'step', method: 'tell', state: 'tell', complete: false },
      prompts: state === 'tell' ? prompts : [],
    },
  ]
  const nothing = { methods: new Map(), members: new Map(), signals: new Map(), transactions: new Map() }
  return { workflows: [{ place, className: 'Personal', workflow: 'personal', ...nothing, handlers }] }
}

test.each([
  ['two states later', told('tell', { of: 'input', field: 'text' }), 'ask wait tell', '"email" of "ask"'],
  ['in the vars', told('wait', { of: 'vars', field: 'name' }), 'ask wait', '"email" of "ask"'],
  ['by any field', told('tell', { of: 'input', field: '*' }), 'ask wait tell', '"email" of "ask"'],
  ['from a signal', told('wait', { of: 'signal', field: 'phone' }), 'ask wait', ''],
  [
    'from a signal, one state later',
    told('tell', { of: 'input', field: 'text' }, { of: 'signal', field: 'phone' }),
    'ask wait tell',
    '"phone" of "signal yes"',
  ],
] as const)('a personal field is found %s, with a path', (_, source, path, since) => {
  const findings = check(made(), { source })
  expect(findings).toMatchObject([
    { rule: 'pii-in-prompt', severity: 'warning', place, path: path.split(' ') },
  ])
  expect(findings[0]?.message).toContain(since)
})

test.each([
  ['another field', made(), told('wait', { of: 'signal', field: 'by' })],
  ['another state', made(), told('tell', { of: 'input', field: 'text' }, { of: 'input', field: 'n' })],
  ['one that was redacted before', made({ ask: ['email'] }), told('tell', { of: 'input', field: 'text' })],
  ['one that is redacted there', made({ tell: ['text'] }), told('tell', { of: 'input', field: '*' })],
] as const)('%s is none', (_, workflow, source) => {
  expect(check(workflow, { source })).toEqual([])
})

test('redacts is a list of names', () => {
  expect(() => made({ ask: 'email' as never })).toThrow(
    'ask ("ask"): redacts is "email", not a list of names of fields',
  )
})
