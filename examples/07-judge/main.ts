/** `npx tsx examples/07-judge/main.ts ["brief"]`: writes and refines until a judge is content. */
import { createEngine } from 'stepwright'
import { connectModel } from '../../machines/connect.ts'
import { JudgeWorkflow } from './judge.ts'

const BRIEF = `Write one sentence about why state machines help teams.
"""
A state machine is a set of states and the moves between them. Everybody in a team can draw it and check it. It says what may happen next.
"""`
const connection = await connectModel()
const engine = createEngine({ workflows: [JudgeWorkflow], resources: { llm: connection.llm } })
const run = await engine.start(JudgeWorkflow, { brief: process.argv[2] ?? BRIEF })
for await (const event of run.events()) {
  if (event.type === 'moved') console.error(`${event.from} -> ${event.to}`)
  if (event.type === 'model-called') console.error(`  ${event.verb}: ${event.answer?.replaceAll('\n', ' ')}`)
}
console.log((await run.result()).data)
await engine.close()
await connection.close()
