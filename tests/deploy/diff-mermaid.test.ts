import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffDefinitions, diffMermaid, markedChart } from 'stepwright/deploy'
import { hasChromium, startChromium } from '../support/chromium.ts'
import { chart, charts } from './charts.ts'

test('what was added is green, what was removed red and dashed, what has changed amber', () => {
  const before = chart([
    { name: 'a', exits: [{ by: 'step', to: 'b' }] },
    { name: 'b', exits: [{ by: 'expires', to: 'c d', afterMs: 3_600_000 }] },
    { name: 'c d', kind: 'final' },
  ])
  const after = chart([
    { name: 'a', policies: { maxAttempts: 2 }, exits: [{ by: 'step', to: 'new' }] },
    { name: 'new', kind: 'wait', exits: [{ by: 'signal', signal: 'go', to: 'c d' }] },
    { name: 'c d', kind: 'final' },
  ])
  const lines = diffMermaid(markedChart(before, after, diffDefinitions(before, after))).split('\n')
  expect(lines.slice(4).map((line) => line.trim())).toEqual([
    'state a',
    'state b',
    'state "c d" as s3',
    'state new',
    '[*] --> a',
    'a --> new: #43;',
    'new --> s3: #43; go',
    'a --> b: #45;',
    'b --> s3: #45; after 1h',
    's3 --> [*]',
    'class a changed',
    'class b removed',
    'class new added',
    '',
  ])
})

test.skipIf(!hasChromium)('Mermaid itself draws what comes of any two charts', async () => {
  const root = resolve(import.meta.dirname, '../..')
  const browser = await startChromium()
  try {
    const page = await browser.newPage()
    await page.addScriptTag({ path: join(root, 'node_modules/mermaid/dist/mermaid.min.js') })
    const texts = fc
      .sample(fc.tuple(charts, charts), 15)
      .map(([before, after]) => diffMermaid(markedChart(before, after, diffDefinitions(before, after))))
    const drawn = await page.evaluate(`(async () => {
      const drawn = []
      for (const [i, text] of ${JSON.stringify(texts)}.entries()) drawn.push((await mermaid.render('d' + i, text)).svg)
      return drawn
    })()`)
    expect((drawn as readonly string[]).filter((svg) => !svg.startsWith('<svg'))).toEqual([])
    expect(drawn).toHaveLength(15)
  } finally {
    await browser.close()
  }
})
