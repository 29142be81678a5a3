import { createWebSocketInspector, createWebSocketReceiver } from '@statelyai/inspect'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { createActor, createMachine, type AnyMachineSnapshot } from 'xstate'
import { family, KidWorkflow } from '../support/family.ts'
import { fan } from '../support/fan.ts'
import { Article } from './article.ts'
import { closeAll, inspected } from './inspected.ts'

afterEach(closeAll)

type Message = Parameters<
  Parameters<ReturnType<typeof createWebSocketReceiver>['subscribe']>[0] & ((m: never) => void)
>[0] &
  Record<string, unknown>

/** The address of that protocol, with words such as `run=r1`. */
function address(url: string | undefined, words = ''): string {
  const stately = new URL(url ?? '')
  stately.pathname = '/stately'
  for (const [key, value] of new URLSearchParams(words)) stately.searchParams.set(key, value)
  return stately.href
}

/** What the package's own receiver hands on. */
function receive(server: string) {
  const messages: Message[] = []
  const subscription = createWebSocketReceiver({ server }).subscribe((message) => {
    messages.push(message as unknown as Message)
  })
  onTestFinished(() => subscription.unsubscribe())
  const until = (fits: (message: Message) => boolean): Promise<Message> =>
    expect
      .poll(() => messages.find(fits))
      .toBeDefined()
      .then(() => messages.find(fits) as Message)
  return { messages, until }
}

const valueOf = (message: Message): unknown => (message['snapshot'] as AnyMachineSnapshot | undefined)?.value

test('a live run is an actor, and every snapshot of it is one of its machine', async () => {
  const { engine } = await inspected({ workflows: [Article] })
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  const { messages, until } = receive(address(engine.inspectUrl))
  const actor = await until((m) => m['type'] === '@xstate.actor')
  await run.signal('revise', {})
  await run.signal('approve', { by: 'ada', code: 's3cret' })
  await until((m) => (m['snapshot'] as AnyMachineSnapshot | undefined)?.status === 'done')
  expect(messages.map((m) => [m['type'], valueOf(m) ?? (m['event'] as { type: string }).type])).toEqual([
    ['@xstate.actor', 'in%2Ereview'],
    ['@xstate.event', 'revise'],
    ['@xstate.snapshot', 'in%2Ereview'],
    ['@xstate.event', 'signal.revise.in%2Ereview'],
    ['@xstate.snapshot', 'in%2Ereview'],
    ['@xstate.event', 'approve'],
    ['@xstate.snapshot', 'in%2Ereview'],
    ['@xstate.event', 'signal.approve.published'],
    ['@xstate.snapshot', 'published'],
  ])
  expect(actor).toMatchObject({ name: 'article', sessionId: 'r1', rootId: 'r1', _version: '0.7.2' })
  const machine = createMachine(JSON.parse(actor['definition'] as string) as never)
  for (const message of messages) {
    const snapshot = message['snapshot'] as AnyMachineSnapshot | undefined
    if (!snapshot) continue
    const resolved = machine.resolveState({
      value: snapshot.value,
      context: snapshot.context,
      status: 'active',
    })
    expect(createActor(machine, { snapshot: resolved }).getSnapshot().value).toEqual(snapshot.value)
  }
  expect(JSON.stringify(messages)).not.toMatch(/ada@example|Ada|Bob|t0ken|s3cret/)
})

test('a recorded run with its regions, and a child run with its parent', async () => {
  const [Fan, Family] = [fan('settled'), family()]
  const hands = {
    a: () => 1,
    b: () => Promise.reject(new Error('no')),
    source: () => 2,
    work: () => undefined,
  }
  const { engine } = await inspected({ workflows: [Fan, Family, KidWorkflow], resources: { hands } as never })
  await (await engine.start(Fan, {} as never, { id: 'f' })).result()
  await (await engine.start(Family, { way: 'one' } as never, { id: 'p' })).result()
  const regions = receive(address(engine.inspectUrl, 'run=f'))
  expect(valueOf(await regions.until((m) => m['type'] === '@xstate.actor'))).toEqual({
    fan: { a: 'working', b: 'working', source: 'working' },
  })
  const relatives = receive(address(engine.inspectUrl, 'run=p'))
  const kid = await relatives.until((m) => m['sessionId'] === 'p/one/1')
  expect(kid).toMatchObject({ type: '@xstate.actor', parentId: 'p', rootId: 'p', name: 'kid' })
})

test('I2 an event that the package sends to an actor is a signal, where sending is allowed and the token is shown', async () => {
  const { engine, warnings } = await inspected({ workflows: [Article], inspect: { allowSend: true } })
  const run = await engine.start(Article, { topic: 'owls' }, { id: 'r1' })
  await expect.poll(async () => (await run.view()).status).toBe('waiting')
  const url = address(engine.inspectUrl)
  const { until } = receive(url)
  await until((m) => m['sessionId'] === 'r1')
  const send = (to: string) => {
    const inspector = createWebSocketInspector({ url: to })
    onTestFinished(() => inspector.stop())
    return inspector
  }
  send(url.replace(/token=.*/, 'token=guessed')).event('r1', { type: 'approve', by: 'mallory' })
  await expect.poll(() => warnings.join()).toContain('it did not show the token')
  const inspector = send(url)
  inspector.actor('r1', { status: 'done' }) // what it says of actors of its own is none of ours
  inspector.event('r1', { type: 'signal.approve.published' })
  await expect.poll(() => warnings.join()).toContain('declares no such signal')
  expect((await run.view()).status).toBe('waiting')
  inspector.event('r1', { type: 'approve', by: 'ada' })
  expect(await run.result()).toMatchObject({ state: 'published' })
})
