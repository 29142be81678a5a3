import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createLlm, openAiModel } from 'stepwright/llm'
import { createModelServer, createTestEngine } from 'stepwright/testing'
import { DocumentsWorkflow, State } from '../../examples/04-documents/documents.ts'

const folder = fileURLToPath(new URL('../../examples/04-documents/documents', import.meta.url))
const files = readdirSync(folder).sort()

it('example 04: nine of ten documents are summarized, and the result names the empty one', async () => {
  await using server = await createModelServer()
  const llm = createLlm(openAiModel({ model: 'offline-model', apiKey: 'offline', baseUrl: server.url }))
  const test = createTestEngine({ workflows: [DocumentsWorkflow], resources: { llm } })
  const run = await test.engine.start(DocumentsWorkflow, { folder, files })
  const { state, data } = await run.result()
  expect(files).toHaveLength(10)
  expect(state).toBe(State.DONE)
  expect(data.failed).toEqual([{ file: '04-minutes.txt', why: 'the file is empty' }])
  expect(data.summaries.map(({ file }) => file)).toEqual(files.filter((file) => file !== '04-minutes.txt'))
  expect(data.text).toContain('(offline model)')
  expect(server.counts.completions).toBe(10)
  await test.close()
})

it('example 04: a file that is not there is tried again, and named in the end', async () => {
  const llm = { text: async (prompt: string) => `${prompt.length} characters` }
  const test = createTestEngine({ workflows: [DocumentsWorkflow], resources: { llm } })
  const run = await test.engine.start(DocumentsWorkflow, { folder, files: ['01-bread.txt', 'gone.txt'] })
  expect(await test.finish(run)).toMatchObject({
    status: 'completed',
    data: { summaries: [{ file: '01-bread.txt' }], failed: [{ file: 'gone.txt' }] },
  })
  await test.close()
})
