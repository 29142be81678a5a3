import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMachine, transition, type AnyMachineSnapshot } from 'xstate'
import { eventType, stateKey } from '../../src/compile/keys.ts'
import { compile } from '../../src/compile/machine.ts'
import type { Definition } from '../../src/definition/definition.ts'
import { exitsOf } from '../../src/definition/exit.ts'
import { readDefinition } from '../../src/index.ts'
import { toJson, toXStateConfig } from '../../src/inspect/chart-json.ts'
import { sayDuration } from '../../src/inspect/drawn-text.ts'
import { toMermaid } from '../../src/inspect/mermaid.ts'
import { sayExit } from '../../src/inspect/remarks.ts'
import { topOf } from '../compile/guide.ts'
import { randomWorkflow } from '../compile/random-workflows.ts'
import { Article } from './article.ts'

const definition = readDefinition(Article)

test('a definition as a Mermaid diagram', () => {
  expect(toMermaid(definition)).toBe(`stateDiagram-v2
  state "in.review" as s2
  [*] --> draft
  draft --> s2
  draft --> failed: catch
  s2 --> published: approve
  s2 --> draft: revise
  s2 --> s2: revise
  s2 --> draft: after 48h
  failed --> [*]
  published --> [*]
  note right of draft : A first text#59; then more
`)
})

test.each([
  [48 * 36e5, '48h'],
  [72 * 36e5, '3d'],
  [90 * 6e4, '90m'],
  [1500, '1500ms'],
  [60_000, '1m'],
  [0, '0ms'],
])('%d ms is written as %s', (ms, text) => expect(sayDuration(ms)).toBe(text))

test('whatever the names are, a diagram has each exit once, and nothing in it can be read as syntax', () => {
  const noted = (d: Definition): Definition => ({
    ...d,
    states: new Map(
      [...d.states].map(([name, state]) => [
        name,
        { ...state, description: `${name}"; --> %% end note\n[*]` },
      ]),
    ),
  })
  fc.assert(
    fc.property(
      randomWorkflow.map(({ definition: d }) => noted(d)),
      (d) => {
        const text = toMermaid(d)
        const lines = text.trimEnd().split('\n').slice(1)
        const states = [...d.states.values()]
        // a move that the workflow itself makes for all its states is drawn once
        const exits = states.flatMap((state) =>
          exitsOf(state).map((exit) => {
            const shared = exit.by === 'catch' && exit.of === 'workflow'
            return JSON.stringify([shared ? '' : state.name, exit.to, sayExit(state, exit)])
          }),
        )
        const finals = states.filter(({ kind }) => kind === 'final').length
        const arrows = lines.filter((line) => line.includes(' --> '))
        expect(arrows).toHaveLength(new Set(exits).size + finals + 1)
        expect(new Set(arrows).size).toBe(arrows.length)
        expect(lines.filter((line) => line.startsWith('  note right of '))).toHaveLength(states.length)
        const parallel = states.flatMap((state) => (state.kind === 'parallel' ? [state] : []))
        expect(lines.filter((line) => line.endsWith(' {'))).toHaveLength(parallel.length)
        expect(lines.filter((line) => /^ {4}state "/.test(line))).toHaveLength(
          parallel.flatMap(({ branches }) => [...branches]).length,
        )
        for (const line of lines) expect(line).toMatch(LINE)
        expect(toMermaid(d)).toBe(text)
      },
    ),
    { numRuns: 300 },
  )
})

/** A declaration, the begin and end of a composite and of a region, an arrow, a note and its lines. */
const LINE = new RegExp(
  [
    / {2}state (\w+|"[^"<>{}]+" as s\d+)( \{)?/,
    / {4}state "[^"<>{}]+" as s\d+b\d+/,
    / {4}--/,
    / {2}\}/,
    / {2}(\[\*\]|\w+) --> (\[\*\]|\w+)(: [^"<>{}:]+)?/,
    / {2}note right of \w+( : [^"<>{}:]+)?/,
    / {4}(?!.*end note)[^"<>{}:]+/,
    / {2}end note/,
  ]
    .map(({ source }) => `^${source}$`)
    .join('|'),
)

test('the event machine as JSON that createMachine and an editor accept', () => {
  const config: unknown = JSON.parse(JSON.stringify(toXStateConfig(definition)))
  expect(config).toEqual({
    id: 'article',
    version: '2',
    description: 'Writes "articles"',
    initial: 'draft',
    states: {
      draft: {
        description: 'A first text; then more',
        on: {
          'step.in%2Ereview': { target: 'in%2Ereview', reenter: true, meta: { by: 'step' } },
          'catch.failed': { target: 'failed', reenter: true, meta: { by: 'catch' } },
        },
        meta: { kind: 'step', method: 'draft', effect: 'idempotent', maxAttempts: 2, timeoutMs: 60_000 },
      },
      'in%2Ereview': {
        on: {
          'signal.approve.published': { target: 'published', reenter: true, meta: { by: 'signal' } },
          'signal.revise.draft': { target: 'draft', reenter: true, meta: { by: 'signal' } },
          'signal.revise.in%2Ereview': { target: 'in%2Ereview', reenter: true, meta: { by: 'signal' } },
          'expires.draft': {
            target: 'draft',
            reenter: true,
            description: 'after 172800000 ms',
            meta: { by: 'expires' },
          },
        },
        meta: {
          kind: 'wait',
          method: 'review',
          effect: 'idempotent',
          maxAttempts: 3,
          timeoutMs: 300_000,
          expiresAfterMs: 172_800_000,
        },
      },
      failed: { type: 'final', meta: { kind: 'final', effect: 'idempotent' } },
      published: { type: 'final', meta: { kind: 'final', effect: 'idempotent' } },
    },
  })
})

test('I2 a machine made from that JSON has the states and transitions of the compiled one', () => {
  fc.assert(
    fc.property(randomWorkflow, ({ definition: d }) => {
      const { chart } = compile(d)
      const imported = createMachine(
        JSON.parse(JSON.stringify(toXStateConfig(d))) as never,
      ) as unknown as typeof chart
      expect(Object.keys(imported.states)).toEqual(Object.keys(chart.states))
      for (const state of d.states.values()) {
        const value = stateKey(state.name)
        const [from, to] = [chart, imported].map(
          (machine) => machine.resolveState({ value, context: {} }) as AnyMachineSnapshot,
        )
        expect(to?.status).toBe(from?.status)
        expect(imported.states[value]?.ownEvents).toEqual(chart.states[value]?.ownEvents)
        for (const exit of exitsOf(state)) {
          const [next] = transition(imported, to as AnyMachineSnapshot, { type: eventType(exit) })
          expect(topOf(next as AnyMachineSnapshot)).toBe(exit.to)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('states, kinds, exits and policies as plain data', () => {
  const json = toJson(definition)
  expect(JSON.parse(JSON.stringify(json))).toEqual(json)
  expect(json).toMatchObject({
    name: 'article',
    version: 2,
    initial: 'draft',
    signals: ['approve', 'revise'],
  })
  expect(json.states[1]).toEqual({
    name: 'in.review',
    kind: 'wait',
    exits: [
      { by: 'signal', signal: 'approve', to: 'published' },
      { by: 'signal', signal: 'revise', to: 'draft' },
      { by: 'signal', signal: 'revise', to: 'in.review' },
      { by: 'expires', to: 'draft', afterMs: 172_800_000 },
    ],
    policies: {
      method: 'review',
      effect: 'idempotent',
      maxAttempts: 3,
      timeoutMs: 300_000,
      expiresAfterMs: 172_800_000,
      retry: { initialIntervalMs: 1_000, coefficient: 2, maxIntervalMs: 60_000, jitter: 'full' },
      with: { expires: expect.anything() as unknown },
    },
  })
})
