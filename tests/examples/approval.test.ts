import { expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { ApprovalWorkflow, State } from '../../examples/05-approval/approval.ts'

const mia = { id: 'mia', roles: ['manager'] }
const noa = { id: 'noa', roles: ['finance'] }

async function ask() {
  const mails: string[] = []
  const mail = (to: string, text: string): void => void mails.push(`${to}: ${text}`)
  const test = createTestEngine({ workflows: [ApprovalWorkflow], resources: { mail } })
  const run = await test.engine.start(ApprovalWorkflow, { what: 'a press', euros: 48_000, asks: 'eve' })
  await test.settle()
  return { test, run, mails }
}

it('example 05: two of those who may decide approve, with a reminder each day until then', async () => {
  const { test, run, mails } = await ask()
  await test.clock.advance('1d')
  await run.signal('approve', {}, { as: mia })
  await test.settle()
  const again = run.signal('approve', {}, { as: mia })
  await expect(again).rejects.toMatchObject({ code: 'not-permitted' })
  const intern = run.signal('approve', {}, { as: { id: 'tom', roles: ['intern'] } })
  await expect(intern).rejects.toMatchObject({ code: 'not-permitted' })
  await test.clock.advance('1d')
  expect(await run.view()).toMatchObject({ status: 'waiting', state: State.REVIEW })
  await run.signal('approve', {}, { as: noa })
  expect(await test.finish(run)).toMatchObject({ status: 'completed', data: { by: ['mia', 'noa'] } })
  expect(mails).toEqual([
    'reviewers: eve asks for a press (48000 euros); 2 of 2 approvals are missing',
    'reviewers: eve asks for a press (48000 euros); 1 of 2 approvals are missing',
  ])
  await test.close()
})

it('example 05: after five days the director decides, and nobody else', async () => {
  const { test, run, mails } = await ask()
  await test.clock.advance('5d')
  expect(await run.view()).toMatchObject({ state: State.ESCALATED })
  expect(mails).toHaveLength(4)
  await expect(run.signal('approve', {}, { as: mia })).rejects.toMatchObject({ code: 'not-permitted' })
  await run.signal('refuse', { why: 'too dear' }, { as: { id: 'ida', roles: ['director'] } })
  expect(await test.finish(run)).toMatchObject({ state: State.REFUSED, data: { why: 'too dear' } })
  await test.close()
})

it('example 05: where nobody decides it is refused after twelve days', async () => {
  const { test, run } = await ask()
  await test.clock.advance('12d')
  expect(await test.finish(run)).toMatchObject({
    status: 'completed',
    state: State.REFUSED,
    data: { why: 'nobody decided' },
  })
  await test.close()
})
