import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { startBadDay, twoModels } from '../../examples/08-posts/models.ts'
import { PostsWorkflow } from '../../examples/08-posts/posts.ts'

const folder = fileURLToPath(new URL('../../examples/08-posts/posts', import.meta.url))
const files = readdirSync(folder)

it('example 08 reads every post although a model answers with wrong JSON, 429 and 503; a second one takes over', async () => {
  const said = vi.spyOn(console, 'error').mockReturnValue()
  const server = await startBadDay()
  const llm = twoModels('first', 'second', server.url)
  const test = createTestEngine({ workflows: [PostsWorkflow], resources: { llm } })
  const run = await test.engine.start(PostsWorkflow, { folder, files })
  const { data } = (await test.finish(run)) as unknown as {
    data: { posts: { file: string; post: { start: string; contact: string } }[]; failed: unknown[] }
  }
  expect(data.failed).toEqual([])
  expect(data.posts.map(({ file }) => file)).toEqual(files)
  expect(data.posts.map(({ post }) => post.start)).toEqual([
    '2027-01-04',
    '2027-02-01',
    '2026-12-15',
    '2027-03-01',
    '2027-01-18',
    '2027-04-01',
  ])
  expect(data.posts[0]?.post.contact).toBe('jobs@lesaintpain.example')
  expect(server.calls.filter(({ fault }) => fault)).toHaveLength(5)
  expect(server.calls.some(({ model, status }) => model === 'second' && status === 200)).toBe(true)
  expect(said).toHaveBeenCalledWith(expect.stringMatching(/first failed .*429.*, second takes over/))
  await test.close()
  await server.close()
  said.mockRestore()
})
