/** `npx tsx examples/08-posts/main.ts [folder]`: job posts into records, with models that are in trouble. */
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createEngine } from 'stepwright'
import { startBadDay, twoModels } from './models.ts'
import { PostsWorkflow } from './posts.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('posts', import.meta.url))
const files = (await readdir(folder)).filter((file) => file.endsWith('.txt')).sort()
const server = process.env['OPENAI_API_KEY'] ? undefined : await startBadDay()
const llm = server ? twoModels('first', 'second', server.url) : twoModels('gpt-5-mini', 'gpt-5-nano')
if (server)
  console.error('offline model (no OPENAI_API_KEY): fields are cut from the posts, and it has a bad day')
const engine = createEngine({ workflows: [PostsWorkflow], resources: { llm } })
const run = await engine.start(PostsWorkflow, { folder, files })
const { data } = await run.result()
for (const { file, post } of data.posts) console.log(file, post)
for (const { file, why } of data.failed) console.log(`${file}: FAILED, ${why}`)
await engine.close()
await server?.close()
