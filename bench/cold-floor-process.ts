/** The floor of `cold`: XState, zod and node:sqlite, a machine, one raw write: `cold-floor-process.js PATH SYNCHRONOUS`. */
import { DatabaseSync } from 'node:sqlite'
import { createActor, createMachine } from 'xstate'
import { z } from 'zod'

const schema = z.object({ n: z.number() })
const machine = createMachine({
  context: schema.parse({ n: 1 }),
  initial: 'first',
  states: { first: { on: { step: 'second' } }, second: { type: 'final' } },
})
const [path = '', synchronous = 'full'] = process.argv.slice(2)
const db = new DatabaseSync(path)
db.exec(
  `pragma journal_mode=wal; pragma synchronous=${synchronous}; create table if not exists kv(k text primary key, v text)`,
)
const actor = createActor(machine).start()
actor.send({ type: 'step' })
db.prepare('insert into kv values(?,?) on conflict(k) do update set v=excluded.v').run(
  'k',
  JSON.stringify(actor.getPersistedSnapshot()),
)
console.log('done')
