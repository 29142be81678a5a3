import { instance } from '@viz-js/viz'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDefinition } from '../../../src/definition/read-definition.ts'
import { exitsOf } from '../../../src/definition/exit.ts'
import { toDot } from '../../../src/inspect/drawing/dot.ts'
import { toText } from '../../../src/inspect/drawing/text.ts'
import { tallyOf } from '../../../src/inspect/drawing/tally.ts'
import { randomWorkflow } from '../../compile/random-workflows.ts'
import { Article } from '../article.ts'

const graphviz = await instance()

test('Graphviz reads the DOT of any workflow: a node for each state, an edge for each pair and cause', () => {
  fc.assert(
    fc.property(randomWorkflow, ({ definition }) => {
      const result = graphviz.render(toDot(definition), { format: 'json0' })
      expect(result.errors.filter(({ level }) => level === 'error')).toEqual([])
      const { objects, edges } = JSON.parse(result.output ?? '') as {
        objects: { name: string; label: string }[]
        edges: unknown[]
      }
      const states = [...definition.states.values()]
      expect(objects.filter(({ name }) => /^n[1-9]/.test(name))).toHaveLength(states.length)
      const causes = states.flatMap((state) =>
        exitsOf(state).map((exit) => {
          const from = exit.by === 'catch' && exit.of === 'workflow' ? ['*'] : [state.name, 0]
          return JSON.stringify([from, exit.to, exit.by])
        }),
      )
      expect(edges).toHaveLength(new Set(causes).size + 1)
    }),
    { numRuns: 100 },
  )
})

test('labels say in DOT what they are, whatever stands in them', () => {
  const definition = readDefinition(Article)
  const odd = 'a "quoted" \\N <b>&amp; name\nin two lines'
  const dot = toDot({ ...definition, description: odd })
  const { output } = graphviz.render(dot, { format: 'svg' })
  expect(output).toContain('a &quot;quoted&quot; \\N &lt;b&gt;&amp;amp; name')
  expect(output).toContain('in two lines')
})

const ARTICLE = `article, version 2
Writes "articles"

* draft
    A first text; then more
    2 attempts
    1m
    --> in.review
    catch --> failed
- in.review  [waits]
    approve --> published
    revise --> draft
    revise --> in.review
    after 48h --> draft
o failed  [end, in trouble]
o published  [end]
`

test('a definition as text', () => {
  expect(toText(readDefinition(Article))).toBe(ARTICLE)
})

test('the text of any workflow has a line for each state and each arrow, and nothing that a terminal obeys', () => {
  fc.assert(
    fc.property(randomWorkflow, ({ definition }) => {
      const text = toText(definition)
      expect(text).not.toMatch(/[^\n\P{Cc}]/u)
      const lines = text.split('\n')
      const heads = lines.filter((line) => /^[*o-] /.test(line) && line !== '- any state')
      expect(heads).toHaveLength(definition.states.size)
      const arrows = toDot(definition)
        .split('\n')
        .filter((line) => /^ {2}n\d+ -> /.test(line))
      expect(lines.filter((line) => line.startsWith('    ') && line.includes('--> '))).toHaveLength(
        arrows.length,
      )
    }),
    { numRuns: 100 },
  )
})

test('a run in text and in DOT', () => {
  const failure = { name: 'TypeError', message: 'no' } as never
  const history = [
    {
      seq: 1,
      at: 0,
      type: 'started',
      workflow: 'article',
      version: 2,
      to: 'draft',
      data: {},
      vars: {},
      session: 's',
    },
    { seq: 2, at: 900, type: 'attempt-failed', state: 'draft', attempt: 1, failure, retryAt: 1_000 },
    { seq: 3, at: 1_500, type: 'moved', from: 'draft', to: 'in.review', by: 'step', visit: 1, data: {} },
  ] as const
  const tally = tallyOf(history, 3_601_500)
  const text = toText(readDefinition(Article), { tally })
  expect(text).toContain('    1 visit, 1.5s\n    1 failure: TypeError\n    --> in.review  taken\n')
  expect(text).toContain('- in.review  [waits]  <== here\n    1 visit, 1h\n')
  const dot = toDot(readDefinition(Article), { tally, heat: 'time' })
  expect(dot).toContain('n1 -> n2 [penwidth=3];')
  expect(dot).toMatch(
    /n2 \[label="in.review\\n1 visit, 1h".*fillcolor="#f2643d", color="#1558d6", penwidth=4\]/,
  )
})
