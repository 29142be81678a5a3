import fc from 'fast-check'
import { instance } from '@viz-js/viz'
import { expect, test } from 'vitest'
import { diffDefinitions, diffDot, diffSvg, markedChart, type MarkedChart } from 'stepwright/deploy'
import { chart, charts } from './charts.ts'

const before = chart([
  { name: 'draft', exits: [{ by: 'step', to: 'review' }] },
  {
    name: 'review',
    kind: 'wait',
    exits: [
      { by: 'signal', signal: 'approve', to: 'done' },
      { by: 'expires', to: 'done', afterMs: 3_600_000 },
    ],
  },
  { name: 'done', kind: 'final' },
])
const after = chart([
  { name: 'draft', policies: { maxAttempts: 2 }, exits: [{ by: 'step', to: 'check' }] },
  { name: 'check', exits: [{ by: 'step', to: 'done' }] },
  { name: 'done', kind: 'final' },
])
const marked = (was: typeof before, is: typeof after): MarkedChart =>
  markedChart(was, is, diffDefinitions(was, is))

test('each state and arrow of the SVG has the class of what became of it', async () => {
  const svg = await diffSvg(marked(before, after))
  const classes = (what: string): Record<string, string | undefined> =>
    Object.fromEntries(
      [...svg.matchAll(new RegExp(`class="([^"]*)" data-${what}="([^"]*)"`, 'g'))].map(
        ([, names = '', name = '']) => [
          name,
          names.split(' ').find((one) => ['sw-added', 'sw-removed', 'sw-changed'].includes(one)),
        ],
      ),
    )
  expect(classes('state')).toEqual({
    draft: 'sw-changed',
    review: 'sw-removed',
    check: 'sw-added',
    done: undefined,
  })
  expect(classes('edge')).toEqual({
    'draft&#62;check': 'sw-added',
    'draft&#62;review': 'sw-removed',
    'check&#62;done': 'sw-added',
    'review&#62;done': 'sw-removed',
  })
})

test('Graphviz reads what comes of any two charts', async () => {
  const viz = await instance()
  for (const [was, is] of fc.sample(fc.tuple(charts, charts), 30)) {
    const { status, errors } = viz.render(diffDot(marked(was, is)))
    expect({ status, errors }).toEqual({ status: 'success', errors: [] })
    expect(await diffSvg(marked(was, is))).toMatch(/^<svg/)
  }
})
