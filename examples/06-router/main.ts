/** `npx tsx examples/06-router/main.ts ["sentence"]`: what a model makes of a few sentences. */
import { createEngine } from 'stepwright'
import { connectModel } from '../../machines/connect.ts'
import { githubAt, startGitHub } from './github.ts'
import { RouterWorkflow } from './router.ts'

const sentences = process.argv[2]
  ? [process.argv[2]]
  : [
      'How many stars and contributors does the repository statelyai/xstate have?',
      'Put the text "Steps That Last" in upper case.',
      'Is a state machine in one state at a time? Yes, it always is.',
    ]
await using local = await startGitHub()
const connection = await connectModel()
console.log(`${connection.says}; GitHub: ${process.env['GITHUB_API'] ?? 'a server on this machine'}`)
const github = githubAt(process.env['GITHUB_API'] ?? local.url)
const engine = createEngine({ workflows: [RouterWorkflow], resources: { llm: connection.llm, github } })
for (const sentence of sentences) {
  const run = await engine.start(RouterWorkflow, { sentence })
  const result = await run.result().catch(String)
  console.log(`> ${sentence}\n${typeof result === 'string' ? result : result.data.answer}`)
}
await engine.close()
await connection.close()
