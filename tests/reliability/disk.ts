import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngine, StepwrightError, type Engine } from 'stepwright'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import { ShopWorkflow, toReview, type Ctx } from '../support/shop.ts'
import { trial, type Figures } from './trial.ts'

/** What the store said while it was in trouble, by code. */
class Said {
  readonly warnings: string[] = []
  readonly codes = new Map<string, number>()
  /** By run. */
  readonly charges = new Map<string, number>()

  /** Only trouble that has a name of ours passes. */
  readonly note = (error: unknown): undefined => {
    if (!(error instanceof StepwrightError)) throw error
    this.codes.set(error.code, (this.codes.get(error.code) ?? 0) + 1)
    return undefined
  }
}

function open(path: string, said: Said, limits: { busyTimeoutMs?: number } = {}) {
  const charge = async ({ run }: Ctx): Promise<unknown> => {
    said.charges.set(run.id, (said.charges.get(run.id) ?? 0) + 1)
    await sleep(5)
    return toReview('r'.repeat(5_000))
  }
  return createEngine({
    workflows: [ShopWorkflow],
    store: new SqliteStore(path, { synchronous: 'normal', ...limits }),
    resources: { hands: { charge } },
    onWarning: (message) => void said.warnings.push(message),
  })
}

/** Starts and approves runs until `over`. Gives the ids of those that were acknowledged. */
async function press(
  engine: Engine<typeof ShopWorkflow>,
  said: Said,
  name: string,
  over: () => boolean,
): Promise<string[]> {
  const acked: string[] = []
  for (let i = 0; !over(); i++) {
    const id = `${name}${i}`
    const run = await engine
      .start(ShopWorkflow, { amount: i, note: 'x'.repeat(3_000) }, { id })
      .catch(said.note)
    if (run && (await run.signal('approve', { by: 'ada' }, { id: 'yes' }).catch(said.note))) acked.push(id)
    await sleep(1)
  }
  return acked
}

async function allComplete(engine: Engine<typeof ShopWorkflow>, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const run = await engine.get(id)
    const end = await Promise.race([run.result(), sleep(20_000, undefined, { ref: false })])
    assert(end, `run ${id} was acknowledged and stands ${(await run.view()).status}`)
  }
}

/** Nobody died, so nothing was done twice: a result waits until it can be written. */
function checkOnce({ charges }: Said, ids: readonly string[]): void {
  for (const id of ids) assert.equal(charges.get(id), 1, `run ${id} was charged ${charges.get(id)} times`)
}

function checkWhole(path: string): void {
  const db = new DatabaseSync(path)
  assert.deepEqual(
    db
      .prepare('pragma integrity_check')
      .all()
      .map((row) => row['integrity_check']),
    ['ok'],
  )
  db.close()
}

/** The database may grow no further, then it may again. */
async function full(path: string, times: number): Promise<Figures> {
  const said = new Said()
  const engine = open(path, said)
  await engine.open()
  const acked: string[] = []
  // the limit of pages is one of the connection, so it is set through the one that the store has
  const limit = (pages: number): void => limitPages(engine.store as SqliteStore, pages)
  for (let i = 0; i < times; i++) {
    const before = said.codes.get('store-unavailable') ?? 0
    limit(pagesOf(path) + 20)
    acked.push(
      ...(await press(
        engine,
        said,
        `full${i}-`,
        () => (said.codes.get('store-unavailable') ?? 0) >= before + 3,
      )),
    )
    checkWhole(path)
    limit(2 ** 30)
  }
  await allComplete(engine, acked)
  checkOnce(said, acked)
  assert(
    said.warnings.every((text) => /\[\S+\]$/.test(text)),
    said.warnings.join('\n'),
  )
  await engine.close()
  checkWhole(path)
  return {
    'acknowledged while the disk filled': acked.length,
    'told that it is full': said.codes.get('store-unavailable') ?? 0,
  }
}

function pagesOf(path: string): number {
  const db = new DatabaseSync(path)
  const pages = Number(Object.values(db.prepare('pragma page_count').get() ?? {})[0])
  db.close()
  return pages
}

const opened = new Map<string, DatabaseSync>()
/** The connection that a store opens next is noted down. */
const { exec } = DatabaseSync.prototype
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
  const path = this.location()
  if (path !== null && sql.includes('journal_mode')) opened.set(path, this)
  exec.call(this, sql)
}
function limitPages(store: SqliteStore, pages: number): void {
  const db = opened.get(store.name.slice('sqlite:'.length))
  assert(db, 'the connection is not known')
  exec.call(db, `pragma max_page_count = ${pages}`)
}

/** Another process holds the lock for longer than is waited. */
async function locked(path: string, ms: number): Promise<Figures> {
  const said = new Said()
  const engine = open(path, said, { busyTimeoutMs: 100 })
  await engine.open()
  const script = `
    const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(${JSON.stringify(path)})
    db.exec('begin immediate')
    console.log('locked')
    setTimeout(() => { db.exec('commit'); db.close() }, ${ms})`
  const other = spawn(process.execPath, ['--no-warnings', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise((resolve) => other.once('exit', resolve))
  const before = await engine.start(ShopWorkflow, { amount: 0 }, { id: 'before' })
  await new Promise((resolve) => other.stdout.once('data', resolve))
  let unlocked = false
  void gone.then(() => (unlocked = true))
  const during = await press(engine, said, 'during', () => unlocked)
  await gone
  assert((said.codes.get('store-busy') ?? 0) > 0, 'nobody was told that the database is locked')
  const acked = await press(engine, said, 'after', countdown(5))
  await before.signal('approve', { by: 'ada' })
  await allComplete(engine, ['before', ...during, ...acked])
  checkOnce(said, ['before', ...during, ...acked])
  await engine.close()
  checkWhole(path)
  return { 'told that it is locked': said.codes.get('store-busy') ?? 0 }
}

function countdown(n: number): () => boolean {
  return () => n-- <= 0
}

/** A file that may only be read: said at the start, or at the first write. */
async function readOnly(path: string): Promise<Figures> {
  const writer = open(path, new Said())
  const run = await writer.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
  await writer.close()
  const said = new Said()
  const reader = open(`file:${path}?mode=ro`, said) // root may write any file, so the flag of SQLite's own
  assert.equal(await reader.start(ShopWorkflow, { amount: 2 }, { id: 's' }).catch(said.note), undefined)
  assert.deepEqual([...said.codes.keys()], ['store-unusable'])
  await reader.close()
  const again = open(path, new Said())
  await (await again.get(run.id)).signal('approve', { by: 'ada' })
  await allComplete(again, [run.id])
  await again.close()
  checkWhole(path)
  return { 'told that it is read-only': 1 }
}

/** R13 */
export const disk = trial<{ readonly times: number; readonly lockedMs: number }>({
  id: 'R13',
  title: 'a full disk, a file that may only be read, a database that another process has locked',
  sizes: { ci: { times: 2, lockedMs: 1_000 }, full: { times: 10, lockedMs: 8_000 } },
  async run({ times, lockedMs }) {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-disk-'))
    try {
      return {
        ...(await full(join(dir, 'full.db'), times)),
        ...(await locked(join(dir, 'locked.db'), lockedMs)),
        ...(await readOnly(join(dir, 'read-only.db'))),
      }
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
})
