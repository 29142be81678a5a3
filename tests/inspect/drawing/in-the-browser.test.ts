/** What real readers make of our drawings: Mermaid's own parser, and the XML parser and the fonts of a browser. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Definition } from '../../../src/definition/definition.ts'
import { readDefinition } from '../../../src/definition/read-definition.ts'
import { toSvg } from '../../../src/inspect/drawing/svg.ts'
import { tallyOf, type StateTally, type Tally } from '../../../src/inspect/drawing/tally.ts'
import { toMermaid } from '../../../src/inspect/mermaid.ts'
import { randomWorkflow } from '../../compile/random-workflows.ts'
import { hasChromium, startChromium } from '../../support/chromium.ts'
import { drawnWorkflows } from '../../../scripts/drawn-workflows.ts'
import { Article } from '../article.ts'
import { Everything } from '../everything.ts'
import { largeWorkflow } from './large.ts'

const MERMAID = new URL('../../../node_modules/mermaid/dist/mermaid.min.js', import.meta.url)

/** In the page. */
interface Readers {
  readonly mermaid: {
    parse(text: string): Promise<unknown>
    render(id: string, text: string): Promise<{ svg: string }>
  }
}

/** What is wrong with an SVG, as the browser sees it; a text, since it is no code of this process. */
const LOOK = `(svg) => {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml')
  if (parsed.querySelector('parsererror')) return [svg.slice(0, 500)]
  const root = document.importNode(parsed.documentElement, true)
  document.body.replaceChildren(root)
  return [...root.querySelectorAll('[data-state], .sw-reference')].flatMap((group) => {
    const box = group.querySelector('.sw-box').getBoundingClientRect()
    return [...group.querySelectorAll('text:not(.sw-here-text)')].flatMap((text) => {
      const { right, bottom } = text.getBoundingClientRect()
      return right <= box.right && bottom <= box.bottom ? [] : [group.dataset.state + ': ' + text.textContent]
    })
  })
}`

/** A tally with long words in every state. */
function busy({ states }: Definition): Tally {
  const of: StateTally = {
    ...{ visits: 12_345, ms: 4e9, failures: 678, standing: 90, failed: 12, undone: 345 },
    errors: new Map([
      ['AVeryLongNameOfAnError', 345],
      ['WWWWWWWW', 12],
    ]),
  }
  return { runs: 23_456, states: new Map([...states.keys()].map((name) => [name, of])), moves: [] }
}

describe.skipIf(!hasChromium)('in Chromium', () => {
  let browser: Browser
  let page: Page
  let ours: readonly Definition[]
  beforeAll(async () => {
    ours = [
      ...drawnWorkflows().map(({ definition }) => definition),
      ...[readDefinition(Everything), readDefinition(Article), largeWorkflow(30)],
    ]
    browser = await startChromium()
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    await page.addScriptTag({ content: readFileSync(MERMAID, 'utf8') })
  })
  afterAll(() => browser.close())

  /** What the parser says against each text. */
  function parsed(texts: readonly string[]): Promise<readonly string[]> {
    return page.evaluate(async (given) => {
      const { mermaid } = globalThis as unknown as Readers
      const wrong: string[] = []
      for (const text of given)
        await mermaid.parse(text).catch((error: unknown) => wrong.push(`${String(error)}\n${text}`))
      return wrong
    }, texts)
  }

  test('Mermaid reads the diagrams of all examples and machines, and draws the states of them', async () => {
    expect(await parsed(ours.map((definition) => toMermaid(definition)))).toEqual([])
    expect(await parsed(['stateDiagram-v2\n  a --> : {'])).toHaveLength(1) // it does refuse
    for (const definition of ours) {
      const svg = await page.evaluate(
        async (text) => (await (globalThis as unknown as Readers).mermaid.render('drawn', text)).svg,
        toMermaid(definition),
      )
      for (const name of definition.states.keys()) expect(svg).toContain(name)
    }
  })

  test('Mermaid reads the diagram of any workflow, with what a run did on it', async () => {
    const some = fc.sample(randomWorkflow, { numRuns: 150, seed: 6 }).map(({ definition }) => definition)
    const texts = some.flatMap((definition) => {
      const to = definition.initial
      const started = {
        type: 'started',
        workflow: definition.name,
        version: 1,
        to,
        data: 0,
        vars: 0,
      } as const
      const tally = tallyOf([{ seq: 1, at: 0, ...started, session: 's' }], 1_000)
      return [toMermaid(definition), toMermaid(definition, { tally, heat: 'time' })]
    })
    expect(await parsed(texts)).toEqual([])
  })

  test('every SVG is sound XML, and no text in it is wider than its box', async () => {
    const some = fc.sample(randomWorkflow, { numRuns: 40, seed: 7 }).map(({ definition }) => definition)
    for (const definition of [...ours, ...some]) {
      for (const options of [{}, { tally: busy(definition), heat: 'failures' } as const]) {
        const svg = JSON.stringify(await toSvg(definition, options))
        const wrong: unknown = await page.evaluate(`(${LOOK})(${svg})`)
        expect(wrong, definition.name).toEqual([])
      }
    }
  })
})
