// A workflow of n steps, each recorded in Postgres, whose address is in DATABASE_URL.
import { DBOS } from '@dbos-inc/dbos-sdk'
import { datum } from '../../dist-bench/bench/workflows.js'

export async function open() {
  const systemDatabaseUrl = process.env.DATABASE_URL
  if (!systemDatabaseUrl) throw new Error('DATABASE_URL is not set: dbos needs a Postgres')
  DBOS.setConfig({ name: 'peer', systemDatabaseUrl, logLevel: 'error' })
  const workflow = DBOS.registerWorkflow(
    async (steps) => {
      for (let i = 0; i < steps; i++) await DBOS.runStep(async () => datum(i, 0), { name: 'step' })
    },
    { name: 'peer' },
  )
  await DBOS.launch()
  const life = Date.now() // ids of earlier lives of the database are taken
  return {
    store: 'postgres, fsync',
    synchronous: 'full',
    async run(id, steps) {
      const handle = await DBOS.startWorkflow(workflow, { workflowID: `${life}-${id}` })(steps)
      await handle.getResult()
    },
    close: () => DBOS.shutdown(),
  }
}
