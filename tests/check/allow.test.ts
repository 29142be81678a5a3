import { expect, test } from 'vitest'
import { z } from 'zod'
import { check, toSarif, type Allowed } from '../../src/check/index.ts'
import { compile } from '../../src/compile/machine.ts'
import { toJson, toXStateConfig } from '../../src/inspect/index.ts'
import { readDefinition, states, type Input, type ShapeOf } from '../../src/index.ts'

const any = z.object({})
const T = states(
  { Ask: 'ask', Again: 'again', Done: 'done' },
  { ask: any, again: any, done: any },
  { initial: 'ask', final: 'done', signals: { yes: any } },
)
type In<S extends ShapeOf<typeof T>['state']> = Input<ShapeOf<typeof T>, S>

/** Two waits without an end. */
function asking(ofState: Allowed | undefined, ofWorkflow?: Allowed) {
  const allow = ofState ? { allow: ofState } : {}
  @T.workflow({ name: 'asking', ...(ofWorkflow ? { allow: ofWorkflow } : {}) })
  class Asking {
    @T.wait('ask', { on: { yes: 'again' }, ...allow })
    ask(_signal: unknown, _: In<'ask'>) {
      return T.go('again', {})
    }
    @T.wait('again', { on: { yes: 'done' } })
    again(_signal: unknown, _: In<'again'>) {
      return T.go('done', {})
    }
  }
  return readDefinition(Asking)
}
const said = (definition: ReturnType<typeof asking>) =>
  check(definition).map(({ rule, state, message }) => [rule, state, message])
const waits = (state: string) => ['wait-without-expiry', state, `"${state}" waits for "yes" without an end`]

test('a state allows its own findings, a workflow those of all', () => {
  const rule = 'wait-without-expiry'
  expect(said(asking(undefined))).toEqual([waits('ask'), waits('again')])
  expect(said(asking({ [rule]: 'no hurry' }))).toEqual([waits('again')])
  expect(said(asking(undefined, { [rule]: 'no hurry' }))).toEqual([])
  expect(check(asking(undefined, { [rule]: 'no hurry' }), { allowed: true })).toMatchObject([
    { rule, state: 'ask', allowed: 'no hurry' },
    { rule, state: 'again', allowed: 'no hurry' },
  ])
})

test('an allowance that silences nothing, names no rule or gives no reason is a finding', () => {
  const rest = [waits('ask'), waits('again')]
  expect(said(asking({ 'retried-effect': 'x' }))).toEqual([
    ...rest,
    ['idle-allow', 'ask', '"ask" allows "retried-effect", and there is no such finding'],
  ])
  expect(said(asking({ 'wait-without-end': 'x' } as Allowed))).toEqual([
    ...rest,
    ['idle-allow', 'ask', '"ask" allows "wait-without-end", and there is no such rule'],
  ])
  expect(said(asking({ 'wait-without-expiry': ' ' }))).toEqual([
    ...rest,
    ['idle-allow', 'ask', '"ask" allows "wait-without-expiry" without a reason, so it is not allowed'],
  ])
  expect(said(asking(undefined, { 'no-end': 'x' })).at(-1)).toEqual([
    'idle-allow',
    undefined,
    'The workflow allows "no-end", and there is no such finding',
  ])
  // @ts-expect-error what a class is refused for cannot be allowed
  asking({ 'invalid-definition': 'x' })
})

test('options turn rules off and up; an allowance of a rule that is off is not idle', () => {
  const definition = asking({ 'wait-without-expiry': 'no hurry', 'no-end': 'x' })
  expect(check(definition, { rules: { 'wait-without-expiry': 'error' } })).toMatchObject([
    { rule: 'wait-without-expiry', severity: 'error', state: 'again' },
    { rule: 'idle-allow', severity: 'note' },
  ])
  expect(check(definition, { rules: { 'wait-without-expiry': 'off', 'no-end': 'off' } })).toEqual([])
})

test('it changes nothing that runs and nothing that is drawn', () => {
  const [plain, allowing] = [asking(undefined), asking({ 'wait-without-expiry': 'x' }, { 'no-end': 'x' })]
  expect(toJson(allowing)).toEqual(toJson(plain))
  expect(toXStateConfig(allowing)).toEqual(toXStateConfig(plain))
  expect(JSON.stringify(compile(allowing).chart.config)).toBe(JSON.stringify(compile(plain).chart.config))
})

test('SARIF 2.1.0 has what the schema requires: rules, results, places, and what is allowed as suppressed', () => {
  const place = { file: '/project/src/a b.ts', line: 3, column: 5, endColumn: 8 }
  const [first, ...rest] = check(asking({ 'wait-without-expiry': 'no hurry' }), { allowed: true })
  if (!first) throw new Error('nothing was found')
  const log = toSarif([{ ...first, place }, ...rest], { root: '/project', version: '1.2.3' })
  expect(log).toMatchObject({
    version: '2.1.0',
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    runs: [
      {
        tool: { driver: { name: 'stepwright', version: '1.2.3' } },
        originalUriBaseIds: { ROOT: { uri: 'file:///project/' } },
        results: [
          {
            ruleId: 'wait-without-expiry',
            level: 'warning',
            message: { text: expect.stringMatching(/^"ask" waits .*\.$/) as string },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'src/a%20b.ts', uriBaseId: 'ROOT' },
                  region: { startLine: 3, startColumn: 5, endColumn: 8 },
                },
                logicalLocations: [{ name: 'ask', fullyQualifiedName: 'asking/ask' }],
              },
            ],
            partialFingerprints: { 'stepwright/v1': 'wait-without-expiry/asking/ask/yes' },
            suppressions: [{ kind: 'inSource', justification: 'no hurry' }],
          },
          { ruleId: 'wait-without-expiry', locations: [{ logicalLocations: [{ name: 'again' }] }] },
        ],
      },
    ],
  })
  const [run] = log.runs as unknown as [
    {
      tool: { driver: { rules: { id: string; defaultConfiguration: { level: string } }[] } }
      results: { ruleId: string; ruleIndex: number }[]
    },
  ]
  const { rules } = run.tool.driver
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  for (const { defaultConfiguration } of rules)
    expect(['error', 'warning', 'note']).toContain(defaultConfiguration.level)
  for (const { ruleId, ruleIndex } of run.results) expect(rules[ruleIndex]?.id).toBe(ruleId)
  expect(run.results[1]).not.toHaveProperty('suppressions')
  expect(JSON.parse(JSON.stringify(log))).toEqual(log)
})

test('two findings of one rule have fingerprints of their own, which stay where the lines move', () => {
  const Deaf = states(
    { Ask: 'ask', Done: 'done' },
    { ask: any, done: any },
    { initial: 'ask', final: 'done', signals: { yes: any, 'a/b': any, no: any } },
  )
  @Deaf.workflow({ name: 'deaf' })
  class DeafWorkflow {
    @Deaf.wait('ask', { on: { yes: 'done' }, expires: { after: '1h', to: 'done', with: {} } })
    ask(_signal: unknown, _: Input<ShapeOf<typeof Deaf>, 'ask'>) {
      return Deaf.go('done', {})
    }
  }
  const findings = check(DeafWorkflow).filter(({ rule }) => rule === 'unheard-signal')
  const prints = (line: number): readonly string[] => {
    const placed = findings.map((each) => ({
      ...each,
      place: { file: '/a.ts', line, column: 1, endColumn: 2 },
    }))
    const [run] = toSarif(placed, { root: '/' }).runs as unknown as [
      { readonly results: readonly { readonly partialFingerprints: Readonly<Record<string, string>> }[] },
    ]
    return run.results.map(({ partialFingerprints }) => partialFingerprints['stepwright/v1'] ?? '')
  }
  expect(prints(1)).toEqual(['unheard-signal/deaf/a%2Fb', 'unheard-signal/deaf/no'])
  expect(prints(9)).toEqual(prints(1))
})
