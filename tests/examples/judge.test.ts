import { expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { JudgeWorkflow } from '../../examples/07-judge/judge.ts'
import { offline } from '../support/offline-llm.ts'

async function judged(scores: readonly number[]) {
  await using made = await offline()
  const left = [...scores]
  made.server.script(({ responseFormat, messages }) => {
    if (responseFormat) return { score: left.shift(), advice: 'Be shorter.' }
    return messages.at(-1)?.content.startsWith('Rewrite') ? 'Shorter.' : 'A long text.'
  })
  const test = createTestEngine({ workflows: [JudgeWorkflow], resources: { llm: made.llm } })
  const run = await test.engine.start(JudgeWorkflow, { brief: 'Write.' })
  const { data, spent } = await test.finish(run)
  await test.close()
  return {
    data,
    calls: spent?.calls,
    asked: made.server.calls.map(({ messages }) => messages.at(-1)?.content),
  }
}

it('example 07 refines until the judge is content', async () => {
  const { data, calls, asked } = await judged([4, 9])
  expect(data).toEqual({ text: 'Shorter.', score: 9, rounds: 1 })
  expect(calls).toBe(4)
  expect(asked[2]).toContain('Heed this advice: Be shorter.')
})

it('example 07 takes what there is after three rounds', async () => {
  expect((await judged([1, 2, 3, 4])).data).toEqual({ text: 'Shorter.', score: 4, rounds: 3 })
})

it('example 07 comes to an end with the offline model', async () => {
  await using made = await offline()
  const test = createTestEngine({ workflows: [JudgeWorkflow], resources: { llm: made.llm } })
  const run = await test.engine.start(JudgeWorkflow, {
    brief: 'Write about bees.\n"""\nBees make honey.\n"""',
  })
  expect(await test.finish(run)).toMatchObject({ status: 'completed' })
  await test.close()
})
