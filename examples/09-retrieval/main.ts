/** `npx tsx examples/09-retrieval/main.ts ["question"] [folder]`: answers from the documents of a folder. */
import { fileURLToPath } from 'node:url'
import { createEngine } from 'stepwright'
import { connectModel } from '../../machines/connect.ts'
import { RetrievalWorkflow } from './answer.ts'
import { openLibrary } from './library.ts'

const [question = 'How do owls fly without a sound?', folder] = process.argv.slice(2)
const library = await openLibrary(
  folder ?? fileURLToPath(new URL('../04-documents/documents', import.meta.url)),
)
const connection = await connectModel()
console.error(connection.says)
const engine = createEngine({ workflows: [RetrievalWorkflow], resources: { llm: connection.llm, library } })
const run = await engine.start(RetrievalWorkflow, { question })
console.log(await run.result())
await engine.close()
await connection.close()
