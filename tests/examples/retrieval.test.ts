import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { RetrievalWorkflow } from '../../examples/09-retrieval/answer.ts'
import { openLibrary } from '../../examples/09-retrieval/library.ts'
import { offline } from '../support/offline-llm.ts'

const folder = fileURLToPath(new URL('../../examples/04-documents/documents', import.meta.url))

it('example 09 answers from the passages that it found, and says when there are none', async () => {
  await using made = await offline()
  const resources = { llm: made.llm, library: await openLibrary(folder) }
  const test = createTestEngine({ workflows: [RetrievalWorkflow], resources })
  const owls = await test.engine.start(RetrievalWorkflow, { question: 'How do owls fly without a sound?' })
  const { state, data } = await test.finish(owls)
  expect(state).toBe('answered')
  expect((data as { from: string[] }).from[0]).toMatch(/^10-owls\.txt#/)
  expect(made.server.calls[0]?.messages.at(-1)?.content).toContain('Question: How do owls fly')
  const none = await test.engine.start(RetrievalWorkflow, { question: 'zzzz qqqq' })
  expect(await test.finish(none)).toMatchObject({ state: 'not-found' })
  expect(made.server.calls).toHaveLength(1)
  await test.close()
})
