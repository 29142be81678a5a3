import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { crc32 } from 'node:zlib'
import { StepwrightError } from 'stepwright'
import { createTestEngine, TestClock, type TestEngine } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Batch, Collection } from '../../src/store/store.ts'
import { Chance } from '../simulation/chance.ts'
import { TripWorkflow, World } from '../support/trip.ts'
import { trial } from './trial.ts'

/** A row as it lay in the store at some moment. */
interface Lying {
  readonly collection: Collection
  readonly key: string
  readonly value: string
  readonly tag?: string
}

/** Keeps what lay in it after each write. */
class RecordingStore extends MemoryStore {
  readonly moments: (readonly Lying[])[] = []
  readonly #rows = new Map<string, Lying>()

  override async write(batch: Batch): Promise<boolean> {
    const written = await super.write(batch)
    if (!written) return false
    for (const { collection, key, value, tag } of batch.put ?? []) {
      const own = tag ?? this.#rows.get(`${collection} ${key}`)?.tag
      this.#rows.set(`${collection} ${key}`, {
        collection,
        key,
        value,
        ...(own === undefined ? {} : { tag: own }),
      })
    }
    for (const { collection, key } of batch.delete ?? []) this.#rows.delete(`${collection} ${key}`)
    this.moments.push([...this.#rows.values()])
    return true
  }
}

const BEGAN = Date.UTC(2026, 0, 1)
const TOLD = 'x'.repeat(3_000)

interface Life {
  readonly test: TestEngine<typeof TripWorkflow>
  readonly clock: TestClock
}

/** A process on a store; its seat and its last payment go wrong, so that it retries, and undoes everything. */
function begin(store: MemoryStore, at: number): Life {
  const world = new World()
  world.fail('seat', new Error('again'), { attempts: 1 })
  world.fail('cover', new Error('again'), { attempts: 1 })
  world.fail('pay')
  const clock = new TestClock(at, at % 1e6)
  return {
    test: createTestEngine({ workflows: [TripWorkflow], store, clock, resources: { world }, lease: '10s' }),
    clock,
  }
}

/** The story undisturbed: what lay in the store after each write, and how it ended. */
async function calm(): Promise<{ moments: RecordingStore['moments']; end: unknown; data: unknown }> {
  const store = new RecordingStore()
  const { test } = begin(store, BEGAN)
  const input = { to: TOLD, legs: 2, nights: 2 }
  await test.engine.schedule(TripWorkflow, { to: 'Rome' }, { id: 'yearly', every: '300d' })
  const run = await test.engine.start(TripWorkflow, input, { id: 'bad', session: 'ada' })
  await run.signal('confirm', {}, { id: 'yes' })
  const view = await test.finish(run)
  const end = await test.engine.session('ada').state()
  await test.close()
  return { moments: store.moments, end: { status: view.status, session: end }, data: view.data }
}

/** Another process finds the store with one row damaged. Says whether anything came of it. */
async function meet(
  rows: readonly Lying[],
  damaged: Lying,
  undisturbed: unknown,
): Promise<'harmless' | 'detected'> {
  const store = new MemoryStore()
  await store.write({
    put: rows.map((row) =>
      row.collection === damaged.collection && row.key === damaged.key ? damaged : row,
    ),
  })
  const { test, clock } = begin(store, BEGAN + 3_600_000)
  await test.engine.start(TripWorkflow, { to: 'Oslo' }, { id: 'good' })
  await test.engine.signal('good', 'confirm', {})
  await test.engine.signal('bad', 'confirm', {}, { id: 'yes' }).catch((error: unknown) => {
    if (!(error instanceof StepwrightError)) throw error
  })
  const status = async (id: string) => (await test.engine.list()).find((view) => view.id === id)
  for (let i = 0; i < 80; i++) {
    await test.settle()
    const [bad, good] = [await status('bad'), await status('good')]
    if (STILL.includes(bad?.status ?? '') && good?.status === 'compensated') break
    await clock.advance('20s')
  }
  assert.equal((await status('good'))?.status, 'compensated', 'the other run did not come to its end')
  const bad = await status('bad')
  assert(bad, 'the run is taken for absent')
  const set = SET_ASIDE.includes(bad.status)
  if (set) assert(bad.failure?.message, 'set aside without a reason')
  else {
    const session: unknown = await sessionOf(test)
    if (session === DAMAGED) return 'detected'
    const end = { status: bad.status, session }
    assert(
      isDeepStrictEqual(end, undisturbed),
      `it came to another end: ${JSON.stringify(end).slice(0, 300)}`,
    )
  }
  await test.close()
  return set ? 'detected' : 'harmless'
}

const DAMAGED = Symbol('damaged')
/** Of the session that is asked for by people, where its run has ended. */
function sessionOf({ engine }: Life['test']): Promise<unknown> {
  return engine
    .session('ada')
    .state()
    .catch((error: unknown) => {
      if (error instanceof StepwrightError && error.code === 'corrupt-document') return DAMAGED
      throw error
    })
}

const SET_ASIDE = ['corrupt', 'needs-migration', 'quarantined', 'compensation-failed']
const STILL = [...SET_ASIDE, 'compensated', 'failed', 'completed']

const cut = (text: string, at: number): string => text.slice(0, at)
function flip(text: string, bit: number): string {
  const bytes = Buffer.from(text)
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return bytes.toString()
}

/** Reads a run whose document was exchanged. `undefined`: nobody noticed, and it reads as before. */
async function read(rows: readonly Lying[], value: string): Promise<string | undefined> {
  const store = new MemoryStore()
  await store.write({ put: rows.map((row) => (row.collection === 'run' ? { ...row, value } : row)) })
  const { test } = begin(store, BEGAN)
  try {
    await test.engine.get('bad')
    return undefined
  } catch (error) {
    if (error instanceof StepwrightError) return error.code
    throw error
  } finally {
    await test.close()
  }
}

const documentOf = (rows: readonly Lying[]): Lying =>
  rows.find(({ collection }) => collection === 'run') as Lying
function sealed(body: string): string {
  return `{"crc":${crc32(body)},${body}`
}

/** R12, the run document. */
export const documents = trial<{ readonly cuts: number; readonly flips: number; readonly met: number }>({
  id: 'R12',
  title: 'a run document that was cut off, flipped, exchanged, of another time or another maker',
  sizes: { ci: { cuts: 5, flips: 300, met: 40 }, full: { cuts: 1, flips: 1_000, met: 1_000 } },
  async run({ cuts, flips, met }, show) {
    const { moments, end } = await calm()
    const chance = new Chance(12)
    const rows = moments[Math.floor(moments.length / 2)] as readonly Lying[]
    const document = documentOf(rows)
    const damages: string[] = []
    for (let at = 0; at < document.value.length; at += cuts) damages.push(cut(document.value, at))
    for (let i = 0; i < flips; i++)
      damages.push(flip(document.value, chance.below(document.value.length * 8)))
    for (const value of damages) assert.equal(await read(rows, value), 'corrupt-document', value.slice(0, 80))
    const body = document.value.slice(document.value.indexOf(',') + 1)
    const exchanged: readonly (readonly [string, string])[] = [
      ['of another run', sealed(body.replace('"id":"bad"', '"id":"other"'))],
      ['of an unknown state', sealed(body.replace(/"state":"\w+"/, '"state":"nowhere"'))],
      ['of an unknown status', sealed(body.replace(/"status":"\w+"/, '"status":"asleep"'))],
      ['of a newer format', sealed(body.replace('"format":1', '"format":2'))],
      ['with __proto__', sealed(body.replace('"format":1', '"format":1,"__proto__":{"polluted":true}'))],
      ...['', 'null', '[]', '7', '{}', '"text"'].map((text) => [`that is ${text || 'empty'}`, text] as const),
    ]
    for (const [what, value] of exchanged) {
      assert.notEqual(value, document.value, what)
      await meet(rows, { ...document, value }, end).catch((error: unknown) => {
        throw new Error(`a document ${what}`, { cause: error })
      })
      assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    }
    const aside = { harmless: 0, detected: 0 }
    for (let i = 0; i < met; i++) {
      const at = chance.pick(
        moments.filter((moment) => moment.some(({ collection }) => collection === 'run')),
      )
      const row = documentOf(at)
      const value = chance.hits(0.5)
        ? cut(row.value, chance.below(row.value.length))
        : flip(row.value, chance.below(row.value.length * 8))
      aside[await meet(at, { ...row, value }, end)]++
    }
    show(`${damages.length} read, ${met} met by a worker`)
    return {
      read: damages.length,
      exchanged: exchanged.length,
      'met by a worker': met,
      'set aside': aside.detected,
    }
  },
})

/** What has a checksum of its own. */
const SEALED: readonly Collection[] = [
  'piece',
  'inbox',
  'memo',
  'part',
  'undo',
  'session',
  'schedule',
  'due',
  'worker',
  'definition',
  'seen',
  'started',
  'member',
]

/** R12, everything else that is stored of a run. */
export const rowDamage = trial<{ readonly every: number; readonly each: number }>({
  id: 'R12',
  title:
    'pieces, and rows of inbox, memos, parts, undo list, session, due list, leases and schedules, cut off or flipped',
  sizes: { ci: { every: 5, each: 1 }, full: { every: 1, each: 6 } },
  run: ({ every, each }) => damageRows(SEALED, every, each),
})

export async function damageRows(collections: readonly Collection[], every: number, each: number) {
  const { moments, end } = await calm()
  const chance = new Chance(7)
  const met: Record<string, number> = {}
  let worlds = 0
  for (const [i, rows] of moments.entries()) {
    if (!rows.some(({ collection }) => collection === 'run')) continue
    for (const [j, row] of rows.entries()) {
      if (!collections.includes(row.collection) || (i + j) % every !== 0) continue
      for (let n = 0; n < each; n++) {
        const { length } = row.value
        const value =
          n % 2 === (i + j) % 2
            ? cut(row.value, chance.below(length))
            : flip(row.value, chance.below(length * 8))
        const what = await meet(rows, { ...row, value }, end).catch((error: unknown) => {
          throw new Error(
            `after write ${i + 1}: ${row.collection} ${row.key} was ${row.value.slice(0, 60)}, and is ${value.slice(0, 60)}`,
            { cause: error },
          )
        })
        met[`${row.collection}, ${what}`] = (met[`${row.collection}, ${what}`] ?? 0) + 1
        worlds++
      }
    }
  }
  return { worlds, ...met }
}
