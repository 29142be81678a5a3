import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { family, KidWorkflow } from '../support/family.ts'
import { fan } from '../support/fan.ts'
import { Article } from './article.ts'
import { closeAll, inspected } from './inspected.ts'

const FOLDER = join(import.meta.dirname, 'xstate4')

/** Whether the package is installed beside the XState that it is made for; that is done here where it was not. */
const isInstalled =
  existsSync(join(FOLDER, 'node_modules/@xstate/inspect')) ||
  spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, timeout: 120_000 }).status === 0
if (!isInstalled) {
  if (process.env['CI'])
    throw new Error('@xstate/inspect with xstate 4 cannot be installed, and CI skips nothing')
  console.warn(
    '\n!!! SKIPPED: the registry cannot be reached, so nothing is tested with xstate 4 (npm ci in tests/inspect/xstate4)\n',
  )
}
afterEach(closeAll)

interface Received {
  readonly type: string
  readonly sessionId: string
  readonly parent?: string
  readonly event?: string
  readonly value?: unknown
  readonly nodes?: readonly string[]
  readonly nextEvents?: readonly string[]
  readonly done?: boolean
  readonly tags?: readonly string[]
}

/** What the real client made of all that it was sent until a run stopped. */
async function receive(url: string | undefined, run: string, event?: object): Promise<readonly Received[]> {
  const words = [(url ?? '').replace('ws://', ''), run, ...(event ? [JSON.stringify(event)] : [])]
  const run4 = promisify(execFile)(process.execPath, ['receive.mjs', ...words], {
    cwd: FOLDER,
    timeout: 15_000,
  })
  const { stdout, stderr } = await run4
  expect(stderr).toBe('')
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Received)
}

describe.skipIf(!isInstalled)('the client of @xstate/inspect with XState 4', () => {
  test('it resolves every state, and its event moves the run', async () => {
    const { engine } = await inspected({ workflows: [Article], inspect: { allowSend: true } })
    await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
    await expect.poll(async () => (await engine.list({ status: 'waiting' })).length).toBe(1)
    const told = await receive(engine.inspectUrl, 'r1', { type: 'approve', by: 'ada' })
    expect(told.map(({ type, value, event }) => [type, value ?? event])).toEqual([
      ['service.register', { 'in%2Ereview': 'awaiting' }],
      ['service.event', 'approve'],
      ['service.state', { 'in%2Ereview': 'handling' }],
      ['service.event', 'done.invoke.in%2Ereview'],
      ['service.state', 'published'],
      ['service.stop', undefined],
    ])
    expect(told[0]?.nextEvents).toEqual(expect.arrayContaining(['approve', 'revise']))
    expect(told.at(-2)).toMatchObject({ done: true, tags: ['completed'] })
  })

  test('regions and child runs of recorded runs', async () => {
    const [Fan, Family] = [fan('settled'), family()]
    const hands = {
      a: () => 1,
      b: () => Promise.reject(new Error('no')),
      source: () => 2,
      work: () => undefined,
    }
    const { engine } = await inspected({
      workflows: [Fan, Family, KidWorkflow],
      resources: { hands } as never,
    })
    await (await engine.start(Fan, {} as never, { id: 'f' })).result()
    await (await engine.start(Family, { way: 'one' } as never, { id: 'p' })).result()
    const [first] = await receive(`${engine.inspectUrl}/?run=f`, 'f')
    expect(first?.value).toEqual({ fan: { working: { a: 'working', b: 'working', source: 'working' } } })
    expect(first?.nodes).toContain('fan.fan.working.source.working')
    const relatives = await receive(`${engine.inspectUrl}/?run=p`, 'p/one/1')
    expect(relatives.find(({ sessionId }) => sessionId === 'p/one/1')).toMatchObject({
      type: 'service.register',
      parent: 'p',
    })
  })
})
