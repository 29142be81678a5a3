import { expect, it, vi } from 'vitest'
import { createLlm, openAiModel } from 'stepwright/llm'
import { createModelServer, createTestEngine } from 'stepwright/testing'
import { RefineWorkflow, State } from '../../examples/01-refine/refine.ts'

const LONG =
  'A machine stands in exactly one of its states at any moment, and it moves from one to another by the moves that were declared, which is why one can draw it, check it and talk about it with anyone at all.'

it('example 01 takes the path START, GENERATED, CHECKED, REFINED, CHECKED, END', async () => {
  await using server = await createModelServer()
  const llm = createLlm(openAiModel({ model: 'offline-model', apiKey: 'offline', baseUrl: server.url }))
  const test = createTestEngine({ workflows: [RefineWorkflow], resources: { llm } })
  const printed = vi.spyOn(console, 'log').mockReturnValue()
  const run = await test.engine.start(RefineWorkflow, { question: `What is a machine?\n"""\n${LONG}\n"""` })
  expect(await run.result()).toMatchObject({ state: State.END })
  const path = ['START']
  for await (const event of run.events()) if (event.type === 'moved') path.push(event.to)
  expect(path).toEqual(['START', 'GENERATED', 'CHECKED', 'REFINED', 'CHECKED', 'END'])
  expect(server.counts.completions).toBe(4)
  expect(printed).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('(offline model)'))
  await test.close()
})

it('example 01 ends after three rounds with a model that never finds its text concise', async () => {
  const llm = { text: async (prompt: string) => (prompt.startsWith('Is this') ? 'no' : 'on and on') }
  const test = createTestEngine({ workflows: [RefineWorkflow], resources: { llm } })
  vi.spyOn(console, 'log').mockReturnValue()
  const run = await test.engine.start(RefineWorkflow, { question: 'why?' })
  expect(await test.finish(run)).toMatchObject({
    status: 'completed',
    visits: { CHECKED: 4, REFINED: 3 },
    vars: { rounds: 3 },
  })
  await test.close()
})
