/** `npx tsx examples/01-refine/main.ts ["question"]`: runs the refine loop once, in memory. */
import { createEngine } from 'stepwright'
import { connectModel } from '../../machines/connect.ts'
import { RefineWorkflow } from './refine.ts'

const QUESTION = `What is a state machine, and why would one use it?
"""
A state machine is a set of states and the moves between them, and at any moment it stands in exactly one of these states, which is why one can draw it, check it and talk about it with people who do not read code at all. It is used wherever a process has to be understood by several people over a long time. Because every move is declared, what may happen next is never a matter of guessing.
"""`

const connection = await connectModel()
const engine = createEngine({ workflows: [RefineWorkflow], resources: { llm: connection.llm } })
const run = await engine.start(RefineWorkflow, { question: process.argv[2] ?? QUESTION })
for await (const event of run.events())
  if (event.type === 'moved') console.error(`${event.from} -> ${event.to}`)
await engine.close()
await connection.close()
