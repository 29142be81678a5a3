import { load, type CheerioAPI } from 'cheerio'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { readDefinition } from '../../../src/definition/read-definition.ts'
import type { Definition, StateDefinition } from '../../../src/definition/definition.ts'
import { exitsOf } from '../../../src/definition/exit.ts'
import { toSvg } from '../../../src/inspect/drawing/svg.ts'
import { tallyOf } from '../../../src/inspect/drawing/tally.ts'
import { randomWorkflow } from '../../compile/random-workflows.ts'
import { Article } from '../article.ts'
import { Everything } from '../everything.ts'
import { largeWorkflow } from './large.ts'

interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

async function drawn(definition: Definition): Promise<{ readonly svg: string; readonly $: CheerioAPI }> {
  const svg = await toSvg(definition)
  return { svg, $: load(svg, { xml: true }) }
}

/** What XML cannot hold is drawn, and named, by a replacement character. */
function kept(name: string): string {
  return name.toWellFormed().replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}

/** The boxes of groups, by the state that they stand for. */
function rects($: CheerioAPI, selector: string): readonly (readonly [state: string, rect: Rect])[] {
  return $(selector)
    .toArray()
    .map((group) => {
      const [x = 0, y = 0] = ($(group).attr('transform') ?? '').match(/-?[\d.]+/g)?.map(Number) ?? []
      const box = $(group).children('.sw-box').first()
      const title = $(group).children('title').text().replace('goes on in ', '')
      const size = { width: Number(box.attr('width')), height: Number(box.attr('height')) }
      return [$(group).attr('data-state') ?? title, { x, y, ...size }]
    })
}

test('whatever the names are, every state and every exit is there once, and nothing in it is a script', async () => {
  await fc.assert(
    fc.asyncProperty(randomWorkflow, async ({ definition }) => {
      const { svg, $ } = await drawn(definition)
      const states = [...definition.states.values()]
      expect(
        $('[data-state]')
          .toArray()
          .map((group) => $(group).attr('data-state')),
      ).toEqual(expect.arrayContaining(states.map(({ name }) => kept(name))))
      expect($('[data-state]')).toHaveLength(states.length)
      const edges = states.flatMap((state) =>
        exitsOf(state).map((exit) => {
          const of = exit.by === 'catch' ? exit.of : undefined
          return kept(`${of === 'workflow' ? '*' : state.name}>${exit.to}`)
        }),
      )
      const found = new Set(
        $('[data-edge]')
          .toArray()
          .map((group) => $(group).attr('data-edge')),
      )
      for (const edge of edges) expect(found).toContain(edge)
      expect(svg).not.toMatch(/<script|<foreignObject|\son\w+=|href|url\(|@import/i)
      expect(await toSvg(definition)).toBe(svg)
    }),
    { numRuns: 60 },
  )
})

test.each([
  ['everything', readDefinition(Everything)],
  ['30 states', largeWorkflow(30)],
  ['200 states', largeWorkflow(200)],
  ['200 states, some in a transaction', framed(largeWorkflow(200))],
] as const)(
  '%s: no box lies on another, all lie on the paper, and arrows end at their boxes',
  async (_, definition) => {
    const { $ } = await drawn(definition)
    const boxes = rects($, '[data-state], .sw-reference')
    const [width = 0, height = 0] = ['width', 'height'].map((name) => Number($('svg').attr(name)))
    for (const [i, [, a]] of boxes.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true)
      for (const [, b] of boxes.slice(i + 1)) {
        const beside = a.x + a.width <= b.x || b.x + b.width <= a.x
        expect(beside || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true)
      }
    }
    const arrows = $('[data-edge]').toArray()
    expect(arrows.length).toBeGreaterThan(definition.states.size - 3)
    for (const arrow of arrows) {
      const edge = $(arrow).attr('data-edge') ?? ''
      const [x = 0, y = 0] = ($(arrow).find('.sw-tip').attr('d') ?? '').match(/-?[\d.]+/g)?.map(Number) ?? []
      const ends = boxes.filter(([, box]) => touches(box, x, y)).map(([state]) => state)
      expect(ends, edge).toContain(edge.slice(edge.indexOf('>') + 1))
    }
  },
)

/** Twenty states, where a column would be cut, are undone together, and all states share a way of trouble. */
function framed(definition: Definition): Definition {
  const inside = [...definition.states.keys()].slice(15, 35)
  const giveUp = { to: 'given up', errors: [], with: {}, transaction: undefined } as const
  const states = [...definition.states].map(([name, state]): readonly [string, StateDefinition] => {
    if (state.kind === 'final') return [name, state]
    const isIn = inside.includes(name)
    const catches = [
      ...(isIn ? [{ ...giveUp, of: 'transaction', transaction: 'money' } as const] : []),
      { ...giveUp, of: 'workflow' } as const,
    ]
    return [name, { ...state, catches, transaction: isIn ? 'money' : undefined }]
  })
  const transactions = new Map([['money', { name: 'money', states: inside }]])
  return { ...definition, name: 'framed', states: new Map(states), transactions }
}

/** An arrow ends within a few pixels of the rim. */
function touches({ x, y, width, height }: Rect, px: number, py: number): boolean {
  return px > x - 8 && px < x + width + 8 && py > y - 8 && py < y + height + 8
}

test('kinds, signs, branches and frames of a workflow with every construct', async () => {
  const { $ } = await drawn(readDefinition(Everything))
  const kinds = ['map', 'parallel', 'child', 'timer', 'wait', 'end', 'any']
  for (const kind of kinds) expect($(`.sw-state.sw-${kind}`).length, kind).toBeGreaterThan(0)
  const text = (selector: string) =>
    $(selector)
      .toArray()
      .map((each) => $(each).text())
  expect(text('[data-state="to check"] .sw-region')).toEqual(['factsLooks them upunfacts', 'the tone'])
  expect(text('.sw-frame .sw-dim')).toEqual(['transaction money'])
  expect(text('[data-state="review"] .sw-sign')).toEqual([
    '3 visits at most',
    'remind after 90m, then every 3d, 3 times',
    'warn after 7d',
  ])
  expect($('[data-edge="money>gone"]').attr('data-frame')).toBe('money')
  expect($('[data-edge="*>gone"]').hasClass('sw-catch')).toBe(true)
  expect($('[data-state="review"] title').text()).toContain('review (waits for somebody)')
})

test('descriptions that come from elsewhere stand where the state has none of its own', async () => {
  const descriptions = new Map([
    ['draft', 'from the source'],
    ['published', 'The end of it & more'],
  ])
  const svg = await toSvg(readDefinition(Article), { descriptions })
  expect(svg).toContain('The end of it &#38; more')
  expect(svg).not.toContain('from the source')
  expect(svg).toContain('A first text; then more')
})

test('a run is marked: what it took, where it stands, what it never saw', async () => {
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
    { seq: 2, at: 5_000, type: 'moved', from: 'draft', to: 'in.review', by: 'step', visit: 1, data: {} },
  ] as const
  const $ = load(await toSvg(readDefinition(Article), { tally: tallyOf(history, 7_265_000) }), { xml: true })
  expect($('[data-edge="draft>in.review"]').hasClass('sw-taken')).toBe(true)
  expect($('[data-edge="in.review>published"]').hasClass('sw-untouched')).toBe(true)
  expect($('[data-state="in.review"]').hasClass('sw-standing')).toBe(true)
  expect($('[data-state="in.review"] .sw-here-text').text()).toBe('here')
  expect($('[data-state="in.review"] .sw-mark').text()).toBe('1 visit, 2h 1m')
  expect($('[data-state="published"]').hasClass('sw-untouched')).toBe(true)
})

afterEach(() => {
  vi.doUnmock('@viz-js/viz')
  vi.resetModules()
})

test('without the package that lays out, the error names it', async () => {
  vi.resetModules()
  vi.doMock('@viz-js/viz', () => {
    throw new Error('not found')
  })
  const { toSvg: without } = await import('../../../src/inspect/drawing/svg.ts')
  await expect(without(readDefinition(Article))).rejects.toMatchObject({
    code: 'module-missing',
    remedy: expect.stringContaining('npm install @viz-js/viz') as string,
  })
})
