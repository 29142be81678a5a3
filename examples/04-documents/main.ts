/** `npx tsx examples/04-documents/main.ts [folder]`: summarizes every .txt file of a folder and combines the summaries. */
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createEngine } from 'stepwright'
import { connectModel } from '../../machines/connect.ts'
import { DocumentsWorkflow } from './documents.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('documents', import.meta.url))
const files = (await readdir(folder)).filter((file) => file.endsWith('.txt')).sort()
const connection = await connectModel()
const engine = createEngine({ workflows: [DocumentsWorkflow], resources: { llm: connection.llm } })
const run = await engine.start(DocumentsWorkflow, { folder, files })
const { data } = await run.result()
for (const { file, text } of data.summaries) console.log(`${file}: ${text}`)
for (const { file, why } of data.failed) console.log(`${file}: FAILED, ${why}`)
console.log(`\n${data.text}`)
await engine.close()
await connection.close()
