import { describe, expect, it } from 'vitest'
import type { Problem } from 'stepwright'
import { createTestEngine, type TestEngine } from 'stepwright/testing'
import { Documents } from '../../src/store/documents.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { keyedSeal, plainSeal, type Seal } from '../../src/store/seal.ts'
import type { Store, StoredRow } from '../../src/store/store.ts'
import { verifyRun } from '../../src/control/verifying.ts'
import { Chance } from '../simulation/chance.ts'
import { resealed } from '../support/resealed.ts'
import { freshName, storeKinds } from '../support/stores.ts'
import { TripWorkflow, World } from '../support/trip.ts'

const KEY = 'a key for tests'
const kinds = storeKinds(['memory', 'sqlite', 'redis'])
const newId = (): string => 'none'

/** Two runs that have gone through much: large values, sealed history, undoing; and one that has just begun. */
async function live(store: Store, historyKey?: string): Promise<readonly StoredRow[]> {
  const world = new World()
  world.fail('pay')
  const test: TestEngine<typeof TripWorkflow> = createTestEngine({
    workflows: [TripWorkflow],
    store,
    resources: { world },
    ...(historyKey === undefined ? {} : { historyKey }),
  })
  for (const id of ['a', 'b']) {
    const input = { to: id + 'x'.repeat(2_000), legs: id === 'a' ? 60 : 50, nights: 2 }
    const run = await test.engine.start(TripWorkflow, input, { id })
    await run.signal('confirm', {})
    await test.finish(run)
  }
  expect(await test.engine.verify('a')).toMatchObject({
    ok: true,
    signed: historyKey !== undefined,
    problems: [],
  })
  const rows: StoredRow[] = []
  for await (const page of store.rows()) rows.push(...page)
  await test.close()
  return rows.filter(({ collection }) => collection === 'run' || collection === 'piece')
}

/** What is found in run `a` of a store that holds these rows. */
async function problemsIn(store: Store, rows: readonly StoredRow[], seal: Seal): Promise<readonly Problem[]> {
  await store.restore(rows)
  return (await verifyRun('a', { documents: new Documents(store, newId, seal) })).problems
}

const isOf = (run: string, { collection, key, value }: StoredRow): boolean =>
  collection === 'run' ? key === run : value.includes(`"run":"${run}"`)

/** Changes one value somewhere inside: a number, a text, a flag; an entry of a list or object goes, or two change places. */
function edited(text: string, chance: Chance): string {
  const spots: { readonly of: Record<string, unknown>; readonly key: string }[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      spots.push({ of: value as Record<string, unknown>, key })
      walk((value as Record<string, unknown>)[key])
    }
  }
  const root = { root: JSON.parse(text) as unknown }
  walk(root)
  const { of, key } = chance.pick(spots)
  const value = of[key]
  if (Array.isArray(of) && chance.hits(0.5)) {
    const i = Number(key)
    if (chance.hits(0.5)) of.splice(i, 1)
    else [of[i], of[0]] = [of[0], of[i]]
  } else if (of !== root && chance.hits(0.2)) delete of[key]
  else if (typeof value === 'number') of[key] = value + 1
  else if (typeof value === 'string') of[key] = `${value}.`
  else of[key] = value === null ? 1 : null
  return JSON.stringify(root.root)
}

describe.each(kinds)('verify: $kind', ({ make }) => {
  it('finds every edit of every row of a run, and says where', async () => {
    const name = freshName()
    const rows = await live(make(name))
    const store = make(name)
    await store.open()
    const mine = rows.filter((row) => isOf('a', row))
    expect(mine.length).toBeGreaterThan(6)
    const large = rows.filter(({ collection, value }) => collection === 'piece' && value.startsWith('"axx'))
    expect(large).toHaveLength(1)
    const chance = new Chance(4)
    const missed: string[] = []
    for (const row of [...mine, ...large])
      for (let n = 0; n < 40; n++) {
        const value = edited(row.value, chance)
        if (value === row.value) continue
        const [problem] = await problemsIn(store, [{ ...row, value }], plainSeal)
        if (!problem) missed.push(`${row.collection} ${row.key}: ${value.slice(0, 200)}`)
        else if (row.collection === 'piece') expect(problem.piece).toBe(row.key)
        await store.restore([row])
      }
    expect(missed).toEqual([])
    expect(await problemsIn(store, rows, plainSeal)).toEqual([])
    await store.close()
  })

  it('finds pieces that were swapped, exchanged with those of another run, rolled back, or deleted', async () => {
    const name = freshName()
    const rows = await live(make(name))
    const store = make(name)
    await store.open()
    const [a, b] = ['a', 'b'].map((run) =>
      rows.filter((row) => row.collection === 'piece' && isOf(run, row)),
    ) as [StoredRow[], StoredRow[]]
    const renamed = (text: string): string => resealed(text.replace('"run":"b"', '"run":"a"'))
    for (const [i, row] of a.entries()) {
      const others = [
        a[(i + 1) % a.length]?.value,
        b[i % b.length]?.value,
        renamed(b[i % b.length]?.value ?? ''),
        a[0]?.value,
      ].filter((value) => value !== undefined && value !== row.value) as string[]
      for (const value of others)
        expect(await problemsIn(store, [{ ...row, value }], plainSeal), value.slice(0, 80)).not.toEqual([])
      await store.write({ delete: [row] })
      expect((await problemsIn(store, [], plainSeal)).some(({ piece }) => piece === row.key)).toBe(true)
      await store.restore([row])
    }
    expect(await problemsIn(store, rows, plainSeal)).toEqual([])
    await store.close()
  })
})

describe('verify with a key', () => {
  it('finds also the edits of somebody who makes all hashes anew without it', async () => {
    const store = new MemoryStore()
    const rows = await live(store, KEY)
    const seal = keyedSeal(KEY)
    expect(await problemsIn(store, rows, seal)).toEqual([])
    const chance = new Chance(7)
    for (const row of rows.filter((each) => isOf('a', each)))
      for (let n = 0; n < 40; n++) {
        const value = resealed(edited(row.value, chance))
        expect(await problemsIn(store, [{ ...row, value }], seal), value.slice(0, 200)).not.toEqual([])
        await store.restore([row])
      }
    const forged = new MemoryStore()
    const others = await live(forged, 'another key')
    expect(await problemsIn(store, others, seal)).not.toEqual([])
    const plain = await live(new MemoryStore())
    expect(await problemsIn(store, plain, seal)).not.toEqual([])
    await expect(problemsIn(store, rows, plainSeal)).rejects.toMatchObject({ code: 'key-missing' })
  })
})

describe('verify without a key', () => {
  it('finds an edit of the document whose checksum was made anew, where the history says otherwise', async () => {
    const store = new MemoryStore()
    const rows = await live(store)
    const document = rows.find((row) => row.collection === 'run' && row.key === 'a') as StoredRow
    const edits = [
      [/"status":"\w+"/, '"status":"completed"'],
      [/"state":"\w+"/, '"state":"done"'],
      [/"visits":\{"flight":60/, '"visits":{"flight":59'],
      [/"version":1/, '"version":2'],
      [/"session":"a"/, '"session":"b"'],
      [/"createdAt":\d/, '"createdAt":9'],
      [/"inputHash":"./, '"inputHash":"_'],
    ] as const
    for (const [found, put] of edits) {
      const value = resealed(document.value.replace(found, put))
      expect(value).not.toBe(document.value)
      const [problem] = await problemsIn(store, [{ ...document, value }], plainSeal)
      expect(problem?.what).toMatch(/^Its document says .* and its history leads to/)
    }
  })

  it('a run that is not there is an error', async () => {
    const documents = new Documents(new MemoryStore(), newId)
    await expect(verifyRun('none', { documents })).rejects.toMatchObject({ code: 'unknown-run' })
  })
})
