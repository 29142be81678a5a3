import assert from 'node:assert/strict'
import { StepwrightError } from 'stepwright'
import { createTestEngine, TestClock, type TestEngine } from 'stepwright/testing'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Batch, Store, StoredRow } from '../../src/store/store.ts'
import { Chance } from '../simulation/chance.ts'
import { freshName, StoreKinds, type StoreKind } from '../support/store-kind.ts'
import { TripWorkflow, World } from '../support/trip.ts'
import { trial } from './trial.ts'

type Moment = readonly StoredRow[]

/** Keeps what lay in it after each write. */
class RecordingStore extends MemoryStore {
  readonly moments: Moment[] = []

  override async write(batch: Batch): Promise<boolean> {
    const written = await super.write(batch)
    const rows: StoredRow[] = []
    if (written) for await (const page of this.rows()) rows.push(...page)
    if (rows.some(isDocument)) this.moments.push(rows)
    return written
  }
}

const BEGAN = Date.UTC(2026, 0, 1)
const isDocument = ({ collection, key }: StoredRow): boolean => collection === 'run' && key === 'bad'

/** Its second leg fails once; with `pays` false, its last payment fails and all is undone. */
function begin(store: Store, at: number, pays: boolean): TestEngine<typeof TripWorkflow> {
  const world = new World()
  world.fail('seat', new Error('again'), { attempts: 1 })
  if (!pays) world.fail('pay')
  const clock = new TestClock(at, at % 1e6)
  return createTestEngine({ workflows: [TripWorkflow], store, clock, resources: { world } })
}

interface End {
  readonly status: string
  readonly data: unknown
}

/** Sends what it waits for, and goes with it to its end. */
async function finish(test: TestEngine<typeof TripWorkflow>): Promise<End> {
  const run = await test.engine.get('bad')
  for (;;) {
    const { status, awaits, data } = await test.finish(run)
    if (awaits.length === 0) return { status, data }
    await run.signal('confirm', {})
  }
}

/** A life without trouble, moment by moment. */
async function live(pays: boolean): Promise<{ readonly moments: readonly Moment[]; readonly end: End }> {
  const store = new RecordingStore()
  const test = begin(store, BEGAN, pays)
  await test.engine.start(TripWorkflow, { to: 'Oslo' }, { id: 'other' })
  const input = { to: 'x'.repeat(2_000), legs: 40, nights: 2 }
  await test.engine.start(TripWorkflow, input, { id: 'bad', session: 'ada' })
  const end = await finish(test)
  await test.close()
  return { moments: store.moments, end }
}

/** Somebody finds the store with that document damaged, repairs it and lets it go on. Gives how many entries it had left. */
async function mend(
  moment: Moment,
  value: string,
  { end, pays, store }: { readonly end: End; readonly pays: boolean; readonly store: Store },
): Promise<number> {
  await store.open()
  await store.restore(moment.map((row) => (isDocument(row) ? { ...row, value } : row)))
  const test = begin(store, BEGAN + 3_600_000, pays)
  const { engine } = test
  await test.settle()
  const dry = await engine.repair('bad', { dryRun: true })
  await assert.rejects(engine.get('bad'), { code: 'corrupt-document' })
  const { status, state, upTo, done } = await engine.repair('bad')
  assert.deepEqual([dry.status, dry.state, dry.upTo, dry.done, done], [status, state, upTo, false, true])
  const found = await engine.verify('bad')
  assert.deepEqual(found.problems, [])
  assert.equal(found.entries, upTo + 1)
  if (status === 'paused') await engine.resume('bad')
  else assert.equal(status, end.status)
  const after = await finish(test)
  assert.deepEqual(after, end)
  assert.deepEqual((await engine.verify('bad')).problems, [])
  await assert.rejects(
    engine.repair('bad'),
    (error) => error instanceof StepwrightError && error.code === 'not-possible',
  )
  await test.close()
  return upTo
}

function damagesOf(document: string, other: string, chance: Chance, cuts: number): readonly string[] {
  const bytes = Buffer.from(document)
  const bit = chance.below(bytes.length * 8)
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  const cut = Array.from({ length: cuts }, () => document.slice(0, chance.below(document.length)))
  return [...cut, bytes.toString(), other, 'null']
}

/** R12, the previous good revision: a damaged document is made anew from the history, and its run comes to the same end. */
export const repaired = trial<{ readonly moments: number; readonly cuts: number }>({
  id: 'R12',
  title:
    'a run document that was cut, flipped or overwritten is repaired from its history, and the run goes on',
  sizes: { ci: { moments: 12, cuts: 2 }, full: { moments: 1_000, cuts: 8 } },
  async run({ moments: most, cuts }, show) {
    const chance = new Chance(12)
    const kinds = new StoreKinds(['memory', 'sqlite', 'redis'])
    await kinds.start()
    const figures: Record<string, number> = {}
    try {
      for (const pays of [true, false]) {
        const { moments, end } = await live(pays)
        const step = Math.max(1, Math.floor(moments.length / most))
        for (const [i, { kind, make }] of kinds.all.entries())
          for (let at = i % step; at < moments.length; at += kind === 'memory' ? step : step * 4) {
            const moment = moments[at] ?? []
            const document = moment.find(isDocument)?.value ?? ''
            const other = moment.find(({ collection }) => collection === 'run')?.value ?? ''
            for (const value of damagesOf(document, other, chance, cuts)) {
              if (value === document) continue
              await tried(kind, at, value, () => mend(moment, value, { end, pays, store: make(freshName()) }))
              figures[kind] = (figures[kind] ?? 0) + 1
            }
          }
        show(`${pays ? 'completed' : 'undone'}: ${JSON.stringify(figures)}`)
      }
    } finally {
      await kinds.stop()
    }
    return figures
  },
})

async function tried(
  kind: StoreKind['kind'],
  at: number,
  value: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work()
  } catch (cause) {
    throw new Error(
      `on ${kind}, after write ${at + 1}, the document was ${value.length} characters: ${value.slice(0, 60)}`,
      { cause },
    )
  }
}
