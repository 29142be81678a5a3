// A step that is repeated until it has run n times; the run's snapshot is stored as each begins.
import { join } from 'node:path'
import { Mastra } from '@mastra/core/mastra'
import { createStep, createWorkflow } from '@mastra/core/workflows'
import { LibSQLStore } from '@mastra/libsql'
import { z } from 'zod'
import { datum } from '../../dist-bench/bench/workflows.js'

const schema = z.object({ left: z.number(), data: z.any() })

export async function open(dir) {
  const storage = new LibSQLStore({ id: 'peer', url: `file:${join(dir, 'mastra.db')}` })
  const step = createStep({
    id: 'step',
    inputSchema: schema,
    outputSchema: schema,
    execute: async ({ inputData: { left } }) => ({ left: left - 1, data: datum(left, 0) }),
  })
  const peer = createWorkflow({ id: 'peer', inputSchema: schema, outputSchema: schema })
    .dountil(step, async ({ inputData: { left } }) => left <= 0)
    .commit()
  const mastra = new Mastra({ storage, workflows: { peer }, logger: false })
  await storage.init()
  return {
    store: 'libsql (sqlite normal)',
    synchronous: 'normal',
    async run(id, steps) {
      const run = await mastra.getWorkflow('peer').createRun({ runId: id })
      const { status } = await run.start({ inputData: { left: steps, data: datum(0, 0) } })
      if (status !== 'success') throw new Error(`the run ended ${status}`)
    },
    close: () => undefined,
  }
}
