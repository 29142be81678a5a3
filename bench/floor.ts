/**
 * The floor: what the least possible engine costs, in the same run. A plain XState actor, the JSON of its snapshot,
 * one raw write per step. No validation, no history, no revision, no recovery.
 */
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@keyv/redis'
import { assign, createActor, createMachine } from 'xstate'

/** Writes one text under one key. */
export interface RawStore {
  set(key: string, text: string): void | Promise<unknown>
  get(key: string): string | null | Promise<string | null>
  close(): void | Promise<void>
}

export function rawMemory(): RawStore {
  const map = new Map<string, string>()
  return {
    set: (key, text) => void map.set(key, text),
    get: (key) => map.get(key) ?? null,
    close: () => undefined,
  }
}

export function rawSqlite(path: string, synchronous: 'normal' | 'full'): RawStore {
  const db = new DatabaseSync(path)
  db.exec(
    `pragma journal_mode=wal; pragma synchronous=${synchronous}; create table if not exists kv(k text primary key, v text)`,
  )
  const put = db.prepare('insert into kv values(?,?) on conflict(k) do update set v=excluded.v')
  const get = db.prepare('select v from kv where k=?')
  return {
    set: (key, text) => void put.run(key, text),
    get: (key) => (get.get(key)?.['v'] as string | undefined) ?? null,
    close: () => db.close(),
  }
}

export async function rawRedis(url: string): Promise<RawStore> {
  const client = createClient({ url })
  await client.connect()
  return {
    set: (key, text) => client.set(key, text),
    get: (key) => client.get(key),
    close: () => client.destroy(),
  }
}

/** The raw store beside a store of the engine, in another process than the one that chose it. */
export function rawOf(store: string, option: string): RawStore | Promise<RawStore> {
  if (store.startsWith('redis')) return rawRedis(`redis://${new URL(option).host}`)
  return rawSqlite(rawPath(option), store.endsWith('full') ? 'full' : 'normal')
}

/** Where the raw SQLite file stands: beside ours. */
export function rawPath(option: string): string {
  return option.replace(/^sqlite:/, '').replace(/\.db\?.*$/, '-floor.db')
}

const machine = createMachine({
  types: {} as { context: { data: unknown }; events: { type: 'STEP'; data: unknown } },
  context: { data: null },
  initial: 'run',
  states: { run: { on: { STEP: { actions: assign(({ event }) => ({ data: event.data })) } } } },
})

/** `steps` steps of one run, one after another. */
export async function floorRun(
  store: RawStore,
  key: string,
  steps: number,
  data: (i: number) => unknown,
): Promise<void> {
  const actor = createActor(machine)
  actor.start()
  for (let i = 0; i < steps; i++) {
    actor.send({ type: 'STEP', data: data(i) })
    await store.set(key, JSON.stringify(actor.getPersistedSnapshot()))
  }
}

/** Reads a run's snapshot back and takes one more step. */
export async function floorResume(store: RawStore, key: string, data: unknown): Promise<void> {
  const text = await store.get(key)
  const actor = createActor(machine, { snapshot: JSON.parse(text ?? 'null') as never })
  actor.start()
  actor.send({ type: 'STEP', data })
  await store.set(key, JSON.stringify(actor.getPersistedSnapshot()))
}
