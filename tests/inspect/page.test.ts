import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Engine, EngineOptions } from '../../src/index.ts'
import { hasChromium, startChromium } from '../support/chromium.ts'
import { family, KidWorkflow } from '../support/family.ts'
import { fan } from '../support/fan.ts'
import { Article } from './article.ts'
import { closeAll, inspected } from './inspected.ts'
import { PaymentWorkflow } from './payment.ts'

const SECRETS = /ada@example|Ada|Bob|t0ken|s3cret/

/** A page of the browser that takes down all that comes to it, and what went wrong there. */
async function openPage(browser: Browser, url: string, options: Parameters<Browser['newPage']>[0] = {}) {
  const page = await browser.newPage(options)
  page.setDefaultTimeout(5_000)
  onTestFinished(() => page.close())
  const received: string[] = []
  const hosts = new Set<string>()
  const problems: string[] = []
  const bodies: Promise<unknown>[] = []
  page.on('websocket', (socket) => {
    hosts.add(new URL(socket.url()).host)
    socket.on('framereceived', ({ payload }) => received.push(payload.toString()))
  })
  page.on('request', (request) => hosts.add(new URL(request.url()).host))
  page.on('response', (response) => {
    bodies.push(
      response.text().then(
        (text) => received.push(text),
        () => undefined,
      ),
    )
  })
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(url)
  return { page, received, hosts, problems, settled: () => Promise.all(bodies) }
}

const current = (page: Page) => page.locator('#chart .is-current')
const at = (page: Page, state: string) => page.locator(`#chart [data-state="${state}"].is-current`).waitFor()
const details = (page: Page) => page.locator('#details').innerText()

async function waiting(engine: Engine, id: string) {
  const run = await engine.start(Article, { topic: 'owls' }, { id })
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  return run
}

async function published(engine: Engine, id: string) {
  const run = await waiting(engine, id)
  await run.signal('revise', {})
  await run.signal('approve', { by: 'eve', code: 's3cret' })
  await run.result()
}

const serve = (options: Partial<EngineOptions> = {}) => inspected({ workflows: [Article], ...options })

afterEach(closeAll)

describe.skipIf(!hasChromium)('the page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startChromium(['evil.example'])
  })
  afterAll(() => browser.close())
  const open = (url: string | undefined, words = '', options = {}) =>
    openPage(browser, `${url}${words === '' ? '' : `${url?.includes('#') ? '&' : '#'}${words}`}`, options)

  test('a live run moves on it, and nothing is asked of any other host', async () => {
    const { engine } = await serve()
    const { page, hosts, problems } = await open(engine.inspectPage)
    const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
    await page.getByRole('link', { name: /r1/ }).click()
    await at(page, 'in.review')
    expect(await page.locator('#standing').innerText()).toBe('waiting in in.review · article')
    expect(await page.locator('[data-edge="draft>in.review"]').getAttribute('class')).toBe(
      'sw-arrow sw-step was-taken is-last',
    )
    await run.signal('revise', {})
    await page.getByText('in.review → in.review, by signal revise').first().waitFor()
    expect(await details(page)).toContain('text: owls!')
    await run.signal('approve', { by: 'eve' })
    await at(page, 'published')
    expect(await current(page).count()).toBe(1)
    expect(await page.locator('#standing').innerText()).toContain('completed')
    await page.getByRole('link', { name: /r1/ }).getByText('completed · published · article').waitFor()
    expect([...hosts]).toEqual([new URL(engine.inspectPage ?? '').host])
    expect(problems).toEqual([])
  })

  test('a recorded run is gone through with the slider, by hand and with the keyboard', async () => {
    const { engine } = await serve()
    await published(engine, 'r1')
    const { page, problems } = await open(engine.inspectPage, 'run=r1')
    await at(page, 'published')
    const slider = page.getByRole('slider')
    expect(await slider.getAttribute('aria-valuetext')).toBe('7 of 7, completed in published')
    expect(await page.locator('#history [aria-current]').innerText()).toContain('completed in published')
    await slider.focus()
    await page.keyboard.press('Home')
    await at(page, 'draft')
    expect(await details(page)).toContain('topic: owls')
    expect(await page.locator('#chart .was-taken').count()).toBe(0)
    await page.keyboard.press('ArrowRight')
    await at(page, 'in.review')
    expect(await details(page)).toMatch(/text: owls\n/)
    await page.getByRole('button', { name: 'One step forth' }).click()
    await page.getByRole('button', { name: 'One step forth' }).click()
    expect(await details(page)).toContain('text: owls!')
    expect(await page.locator('#chart .is-last').getAttribute('data-edge')).toBe('in.review>in.review')
    await page.getByRole('button', { name: /\d signal approve/ }).click()
    expect(await page.locator('#moment-text').innerText()).toContain('5 of 7')
    await page.getByRole('button', { name: 'Newest' }).click()
    await at(page, 'published')
    expect(problems).toEqual([])
  })

  test('what is marked never reaches the browser', async () => {
    const { engine } = await serve()
    await published(engine, 'r1')
    await engine.start(Article, { topic: 'bad' }, { id: 'r2' })
    const { page, received, settled } = await open(engine.inspectPage, 'run=r1')
    await at(page, 'published')
    for (const id of ['r2', 'r1']) {
      await page.getByRole('link', { name: new RegExp(id) }).click()
      await page.getByRole('button', { name: /started$/ }).waitFor()
      await page.getByRole('slider').fill('0')
      await page.evaluate(`document.querySelectorAll('details').forEach((each) => (each.open = true))`)
      expect(await page.content()).not.toMatch(SECRETS)
    }
    await waiting(engine, 'r3')
    await page.getByRole('link', { name: /r3/ }).waitFor()
    await settled()
    expect(received.join('\n')).toContain('owls')
    expect(received.join('\n')).toContain('***')
    expect(received.join('\n')).not.toMatch(SECRETS)
  })

  test('I2 it only reads, unless sending is allowed and its address holds the token', async () => {
    const reading = await serve()
    const run = await waiting(reading.engine, 'r1')
    const { page } = await open(reading.engine.inspectPage, 'run=r1&token=guessed')
    await page.getByRole('button', { name: 'Send approve' }).waitFor()
    await page.getByRole('textbox', { name: 'Payload of approve' }).fill('{"by":"mallory"}')
    await page.getByRole('button', { name: 'Send approve' }).click()
    await page.getByText('it is read-only').waitFor()
    const writing = await serve({ inspect: { allowSend: true } })
    await waiting(writing.engine, 'r1')
    const without = await open(writing.engine.inspectPage?.replace(/#.*/, ''), 'run=r1')
    await without.page.getByText('Read-only.').waitFor()
    expect(await without.page.locator('form').count()).toBe(0)
    expect((await run.view()).status).toBe('waiting')
  })

  test('signals are sent with a payload, and what is wrong with one is said', async () => {
    const { engine } = await serve({ inspect: { allowSend: true } })
    const run = await waiting(engine, 'r1')
    const { page } = await open(engine.inspectPage, 'run=r1')
    const payload = page.getByRole('textbox', { name: 'Payload of approve' })
    await payload.fill('{by')
    await page.getByRole('button', { name: 'Send approve' }).click()
    await page.getByText('The payload is not a JSON object.').waitFor()
    await payload.fill('{"by":7}')
    await payload.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('The payload of "approve" does not fit').waitFor()
    await payload.fill('{"by":"eve"}')
    await page.getByRole('button', { name: 'Send approve' }).click()
    expect(await run.result()).toMatchObject({ state: 'published' })
    await at(page, 'published')
    expect(await page.locator('form').count()).toBe(0)
  })

  test('who sends a signal that not everybody may send is asked, and goes with it', async () => {
    const { engine } = await serve({ workflows: [PaymentWorkflow], inspect: { allowSend: true } })
    const run = await engine.start(PaymentWorkflow as never, { amount: 7 } as never, { id: 'p1' })
    const { page } = await open(engine.inspectPage, 'run=p1')
    await page.getByText('log: extracted, amount 7, from page 3').waitFor()
    const [name, roles] = ['name', 'roles'].map((what) =>
      page.getByRole('textbox', { name: `Your ${what} for approve` }),
    )
    const send = page.getByRole('button', { name: 'Send approve' })
    expect(await roles?.inputValue()).toBe('chief')
    await send.click()
    await page.getByText('Say who you are.').waitFor()
    await name?.fill('eve')
    await roles?.fill('guest')
    await send.click()
    const answer = page.locator('#signals output')
    await answer.getByText('has none of the roles').waitFor()
    expect(await answer.innerText()).toBe(
      'Run "p1" does not take "approve": "eve" has none of the roles "chief", "treasurer". Say who you are, with a role that may send it.',
    )
    await roles?.fill('clerk, treasurer')
    await send.click()
    expect(await run.result()).toMatchObject({ state: 'paid' })
    const signalled = []
    for await (const event of run.events()) if (event.type === 'signalled') signalled.push(event.caller)
    expect(signalled).toEqual([{ id: 'eve', roles: ['clerk', 'treasurer'] }])
  })

  test('a run of a workflow that is not loaded says what to start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stepwright-inspect-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const store = `sqlite:${join(folder, 'runs.db')}` as const
    const other = await serve({ workflows: [PaymentWorkflow], store, inspect: false })
    await other.engine.start(PaymentWorkflow as never, { amount: 7 } as never, { id: 'p1' })
    const { engine } = await serve({ store })
    const { page } = await open(engine.inspectPage, 'run=p1')
    await page
      .locator('#standing')
      .getByText('This inspector was started without the file that has the workflow "payment"')
      .waitFor()
  })

  test('parts, and child runs as links', async () => {
    const [Fan, Family] = [fan('settled'), family()]
    const hands = {
      a: () => 1,
      b: () => Promise.reject(new Error('no')),
      source: () => new Promise(() => undefined),
      work: () => 'wait',
    }
    const { engine } = await serve({ workflows: [Fan, Family, KidWorkflow], resources: { hands } as never })
    await engine.start(Fan as never, {} as never, { id: 'f' })
    await engine.start(Family as never, { way: 'one' } as never, { id: 'p' })
    const { page } = await open(engine.inspectPage, 'run=f')
    await page.getByText('b failed').waitFor()
    expect(await page.locator('#parts li').allInnerTexts()).toEqual(['a done', 'b failed', 'source working'])
    await page
      .locator('#run-list a')
      .filter({ has: page.getByText('p', { exact: true }) })
      .click()
    await page.getByText('waiting in wait').waitFor()
    await page.locator('#family a').click()
    await at(page, 'wait')
    expect(await page.locator('#family').innerText()).toContain('parent p')
    await page.goBack()
    await at(page, 'one')
  })

  test('the ends of branches are said in words, and after a reload in what joined them', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const Fan = fan('settled')
    const hands = { a: () => gates[0]?.promise, b: () => gates[1]?.promise, source: () => gates[1]?.promise }
    const { engine } = await serve({ workflows: [Fan], resources: { hands } as never })
    await engine.start(Fan as never, {} as never, { id: 'f' })
    const { page } = await open(engine.inspectPage, 'run=f')
    await page.getByText('a working').waitFor()
    gates[0]?.resolve()
    await page.locator('#history').getByText('branch a done', { exact: true }).waitFor()
    gates[1]?.resolve()
    const joined = page.locator('#history').getByText('joined: a done, b done, source done')
    await joined.waitFor()
    await page.reload()
    await joined.click()
    expect(await page.locator('#parts li').allInnerTexts()).toEqual(['a done', 'b done', 'source done'])
    expect(await page.locator('#history').innerText()).not.toContain('branch.')
  })

  test.each(['light', 'dark'] as const)(
    'it can be read at 400 pixels, and used with the keyboard alone (%s)',
    async (colorScheme) => {
      const { engine } = await serve()
      await published(engine, 'r1')
      await published(engine, 'r2')
      const { page } = await open(engine.inspectPage, '', {
        viewport: { width: 400, height: 800 },
        colorScheme,
      })
      await page.getByRole('link', { name: /r2/ }).waitFor()
      await page.getByRole('searchbox').focus()
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await at(page, 'published')
      expect(await page.locator('h2').innerText()).toBe('r1')
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400)
      await page.getByRole('searchbox').fill('r2')
      expect(await page.locator('#run-list li:visible').count()).toBe(1)
    },
  )

  test('pages of other hosts are refused, also under a name that leads to this machine', async () => {
    const { engine } = await serve({ inspect: { allowSend: true } })
    const run = await waiting(engine, 'r1')
    const { port, href } = new URL(engine.inspectPage ?? '')
    const page = await browser.newPage()
    onTestFinished(() => page.close())
    const rebound = await page.goto(`http://evil.example:${port}/`)
    expect(rebound?.status()).toBe(403)
    const evil = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<p>hello'),
    )
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void evil.close())
    await page.goto(`http://evil.example:${(evil.address() as AddressInfo).port}/`)
    const token = new URLSearchParams(new URL(href).hash.slice(1)).get('token')
    const tried = await page.evaluate(`(async () => {
      const socket = new WebSocket('ws://127.0.0.1:${port}/?token=${token}')
      const opened = new Promise((resolve) => {
        socket.onopen = () => resolve('open')
        socket.onerror = () => resolve('refused')
      })
      const read = fetch('http://127.0.0.1:${port}/runs').then(() => 'read', () => 'refused')
      const frame = document.createElement('iframe')
      frame.src = 'http://127.0.0.1:${port}/'
      const framed = new Promise((resolve) => (frame.onload = resolve))
      document.body.append(frame)
      await framed
      return [await opened, await read]
    })()`)
    expect(tried).toEqual(['refused', 'refused'])
    expect(page.frames().filter((frame) => frame.url().includes(`127.0.0.1:${port}`))).toEqual([])
    expect((await run.view()).status).toBe('waiting')
  })

  test('a script that got in could ask nobody', async () => {
    const { engine } = await serve()
    const { page } = await open(engine.inspectPage)
    await page.getByText('live').waitFor()
    const tried = await page.evaluate(`(async () => {
      const inline = document.createElement('script')
      inline.textContent = 'window.ran = true'
      document.body.append(inline)
      const asked = await fetch('http://localhost:9/').then(() => 'asked', () => 'refused')
      return [asked, 'ran' in window]
    })()`)
    expect(tried).toEqual(['refused', false])
  })
})
