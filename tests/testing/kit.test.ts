import { expect, it } from 'vitest'
import { FatalError } from 'stepwright'
import { createLlm } from 'stepwright/llm'
import {
  callsOf,
  createTestEngine,
  historyOf,
  pathOf,
  runMatchers,
  spied,
  stubModel,
  type RunMatchers,
} from 'stepwright/testing'
import { State, SoundWorkflow } from './fixtures/ledger.ts'
import { SignedWorkflow } from './fixtures/signed.ts'
import { OrderWorkflow, State as OrderState } from '../../examples/03-order/order.ts'
import { openShop } from '../../examples/03-order/shop.ts'
import { DocumentsWorkflow, State as DocumentState } from '../../examples/04-documents/documents.ts'
import { makeMove } from '../../src/definition/move.ts'

/* eslint-disable @typescript-eslint/no-unused-vars -- they must have the names that Vitest gives them */
declare module 'vitest' {
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends RunMatchers {}
}
/* eslint-enable @typescript-eslint/no-unused-vars */
expect.extend(runMatchers)

const go = (to: string, data: object): never => makeMove({ to, data, vars: undefined }) as never

it('stubs stand for handlers by state, and see their calls; resources are spied on', async () => {
  const ledger = spied({ add: () => undefined, addOnce: () => undefined })
  const kit = createTestEngine({ workflows: [SoundWorkflow], resources: { ledger } })
  kit.handlers(SoundWorkflow).stub({
    [State.Price]: go('charge', { sku: 'tea', cents: 1 }),
    [State.Ship]: async ({ input, original }) => (expect(input.cents).toBe(1), original()),
  })
  const run = await kit.engine.start(SoundWorkflow, { sku: 'tea' })
  await kit.finish(run)
  await expect(run).toHaveTaken([State.Price, State.Charge, State.Ship, State.Done])
  await expect(run).toHaveEntered(State.Ship)
  await expect(run).toHaveStatus('completed', State.Done)
  expect((await run.result()).data).toEqual({ sku: 'tea', cents: 1, note: 'sent' })
  expect(kit.handlers(SoundWorkflow).calls(State.Price)).toMatchObject([
    { role: 'state', args: [{ sku: 'tea' }] },
  ])
  expect(callsOf(ledger)).toEqual([{ method: 'addOnce', args: [`${run.id}/charge/1`, 'tea 1'] }])
  expect(callsOf({})).toEqual([])

  kit.handlers(SoundWorkflow).stub({
    [State.Charge]: () => {
      throw new FatalError('no money')
    },
  })
  const refused = await kit.engine.start(SoundWorkflow, { sku: 'tea' })
  await kit.finish(refused)
  await expect(refused).toHaveStatus('failed')
  await expect(expect(refused).toHaveTaken([State.Price])).rejects.toThrow('not price')
  await expect(expect(refused).toHaveStatus('completed')).rejects.toThrow(
    'failed in charge (FatalError: no money)',
  )
  await expect(expect(refused).toHaveEntered(State.Done)).rejects.toThrow('has not entered done')
  await expect(refused).not.toHaveEntered(State.Done)
  await kit.close()
})

it('the types of stubs refuse a target to which the handler does not go', () => {
  const kit = createTestEngine({ workflows: [SoundWorkflow], resources: { ledger: {} as never } })
  const done = { state: State.Done } as { readonly state: State.Done } & ReturnType<SoundWorkflow['ship']>
  kit.handlers(SoundWorkflow).stub({ [State.Ship]: done })
  // @ts-expect-error price goes to charge
  kit.handlers(SoundWorkflow).stub({ [State.Price]: done })
  expect(() => kit.handlers(SoundWorkflow).stub({ lost: done } as never)).toThrow('has no state "lost"')
})

it('branches and items are stubbed one by one', async () => {
  const shop = openShop(() => undefined)
  const model = stubModel(({ messages }) => `${messages.length} messages`)
  const kit = createTestEngine({
    workflows: [OrderWorkflow, DocumentsWorkflow],
    resources: { shop, llm: createLlm(model) },
  })
  kit.handlers(OrderWorkflow).stub({ [OrderState.CHECK]: { branches: { stock: false } } })
  kit.handlers(DocumentsWorkflow).stub({
    [DocumentState.SUMMARIZE]: { item: ({ args }) => ({ file: String(args[0]), text: 'short' }) },
  })
  const card = { card: '4000056655665556', country: 'AT', cents: 1 }
  const order = { order: 'A', email: 'a@b.c', sku: 'tea-pot', count: 1, ...card }
  const run = await kit.engine.start(OrderWorkflow, order)
  expect(await kit.finish(run)).toMatchObject({ data: { reasons: ['stock said no'] } })
  expect(
    kit
      .handlers(OrderWorkflow)
      .calls(OrderState.CHECK)
      .map(({ role }) => role)
      .sort(),
  ).toEqual([...['branch', 'branch', 'branch', 'state']])
  const documents = await kit.engine.start(DocumentsWorkflow, { folder: '', files: ['a', 'b'] })
  expect(await kit.finish(documents)).toMatchObject({
    data: {
      text: '1 messages',
      summaries: [
        { file: 'a', text: 'short' },
        { file: 'b', text: 'short' },
      ],
    },
  })
  expect(model.requests).toHaveLength(1)
  await kit.close()
})

it('drives to a state, and tells path and history without what is another each time', async () => {
  const kit = createTestEngine({ workflows: [SignedWorkflow] })
  const run = await kit.engine.start(SignedWorkflow, { what: 'a lease' })
  expect(await kit.until(run, 'open')).toMatchObject({ status: 'waiting', awaits: ['sign'] })
  await expect(kit.until(run, 'signed')).rejects.toThrow('is waiting in "open" and waits for sign')
  for (const id of ['mia', 'noa']) await run.signal('sign', {}, { as: { id, roles: ['manager'] } })
  expect(await kit.until(run, 'signed')).toMatchObject({ status: 'completed' })
  expect(await pathOf(run)).toEqual(['open -> signed by signal:sign'])
  expect(await historyOf(run)).toEqual([
    { type: 'started', to: 'open', data: { what: 'a lease' }, vars: {} },
    { type: 'voted', name: 'sign', payload: {}, count: 1 },
    { type: 'signalled', name: 'sign', payload: {} },
    { type: 'moved', from: 'open', to: 'signed', by: 'signal:sign', visit: 1, data: { what: 'a lease' } },
    { type: 'completed', state: 'signed' },
  ])
  await kit.close()
})
