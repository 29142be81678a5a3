import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  driftOf,
  hasDrifted,
  readCoverage,
  readStatistics,
  statisticsJson,
  statisticsOf,
  writeStatistics,
  type Statistics,
} from 'stepwright/outlook'
import { ClaimWorkflow } from './claim.ts'
import { named, office, USUAL } from './office.ts'

let folder: string
let usual: Statistics
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepwright-outlook-'))
  usual = await countedOf(USUAL, 'a', 300)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function countedOf(ways: typeof USUAL, letter: string, count: number): Promise<Statistics> {
  const test = office()
  await test.work(ways, named(letter, count))
  const statistics = await statisticsOf(test.engine, ClaimWorkflow)
  await test.close()
  return statistics
}

function countOf({ departures }: Statistics, to: string): number | undefined {
  return departures.find((departure) => departure.to === to)?.count
}

test('a baseline is read as it was written', async () => {
  const file = join(folder, 'baseline.json')
  await writeStatistics(file, usual)
  const read = await readStatistics(file)
  expect(statisticsJson(read)).toEqual(statisticsJson(usual))
  expect(read.states.get('review')?.wait.quantile(0.9)).toBe(usual.states.get('review')?.wait.quantile(0.9))
  expect(hasDrifted(driftOf(usual, { baseline: read }))).toBe(false)
})

test('other runs of the same ways have not drifted', async () => {
  const others = await countedOf(USUAL, 'b', 200)
  const drift = driftOf(others, { baseline: usual })
  expect(drift).toMatchObject({ runs: 200, baselineRuns: 300, shares: [], times: [], departures: [] })
  expect(drift.compared).toBeGreaterThan(5)
})

test('a share that changed is told, with its figures, runs to look at, and nothing else', async () => {
  const others = await countedOf({ ...USUAL, approved: 0.2, again: 0.3 }, 'b', 150)
  const { shares, times, departures } = driftOf(others, { baseline: usual })
  expect(shares.map(({ from, to, by }) => `${from} ${to} ${by}`).sort()).toEqual([
    'review cooling signal:approve',
    'review refused expires',
  ])
  const [share] = shares.filter(({ to }) => to === 'cooling')
  expect(share?.before).toEqual({ count: countOf(usual, 'cooling'), of: usual.states.get('review')?.visits })
  expect(share?.now).toEqual({ count: countOf(others, 'cooling'), of: others.states.get('review')?.visits })
  expect(share?.examples[0]).toMatch(/^b\d+$/)
  expect(departures).toEqual([])
  expect(times.every(({ state }) => state === 'review')).toBe(true) // who is left lying waits two days
})

test('people who take longer are told as time', async () => {
  const others = await countedOf({ ...USUAL, hours: 24 }, 'b', 150)
  const { shares, times } = driftOf(others, { baseline: usual })
  expect(shares).toEqual([])
  expect(times).toMatchObject([{ state: 'review', kind: 'wait' }])
  const [time] = times
  expect(time && time.now.median > time.before.median * 1.5).toBe(true)
})

test('what never happened before is told from the first time on', async () => {
  const test = office()
  await test.work(USUAL, named('c', 3))
  const run = await test.engine.start(ClaimWorkflow, { broken: true }, { id: 'broken' })
  expect(await test.finish(run)).toMatchObject({ status: 'failed' })
  const now = await statisticsOf(test.engine, ClaimWorkflow)
  await test.close()
  const drift = driftOf(now, { baseline: usual })
  expect(drift.departures).toEqual([
    { from: 'filed', to: 'failed', by: 'end', count: 1, examples: ['broken'], unseenBy: ['baseline'] },
  ])
  expect(drift).toMatchObject({ shares: [], times: [], compared: 0 }) // four runs say nothing of shares
  expect(drift.tooFew).toBeGreaterThan(0)
})

test('a way that was never gone is told by its shortest part', async () => {
  const test = office()
  const straight = await test.engine.start(ClaimWorkflow, { small: true }, { id: 'straight' })
  await test.finish(straight)
  const back = async (id: string, times: number): Promise<void> => {
    const run = await test.engine.start(ClaimWorkflow, {}, { id })
    for (let i = 0; i < times; i++) {
      await test.finish(run)
      await run.signal('again', { small: false })
    }
    await test.finish(run)
    await test.clock.advance('3d')
    expect((await run.view()).state).toBe('refused')
  }
  await back('once', 1)
  const before = await statisticsOf(test.engine, ClaimWorkflow)
  await back('twice', 2)
  const drift = driftOf(
    await statisticsOf(test.engine, ClaimWorkflow, { since: test.clock.now() - 4 * 864e5 }),
    {
      baseline: before,
    },
  )
  await test.close()
  expect(drift.departures).toEqual([])
  expect(drift.paths).toEqual([
    { path: ['review', 'filed', 'review', 'filed'], count: 1, examples: ['twice'] },
  ])
})

test('what tests have not taken, by the file of their coverage', async () => {
  const file = join(folder, 'coverage.json')
  const transitions = {
    'filed -> review by step': 4,
    'filed -> paid by step': 0,
    'review -> cooling by signal:approve': 1,
    'review -> filed by signal:again': 2,
    'review -> refused by expires': 1,
    'cooling -> paid by step': 1,
  }
  await writeFile(file, JSON.stringify([{ workflow: 'claim', states: { filed: 4 }, transitions }]))
  const coverage = await readCoverage(file, 'claim')
  const drift = driftOf(usual, { coverage })
  expect(drift.departures).toMatchObject([{ from: 'filed', to: 'paid', by: 'step', unseenBy: ['tests'] }])
  expect(drift.departures[0]?.count).toBe(
    usual.departures.find(({ to, from }) => from === 'filed' && to === 'paid')?.count,
  )
  expect(drift.paths).toEqual([])
  expect(driftOf(usual, { coverage, baseline: usual }).departures).toEqual([]) // the baseline has seen it
  await expect(readCoverage(file, 'other')).rejects.toThrow('invalid-statistics')
  await expect(readStatistics(file)).rejects.toThrow('invalid-statistics')
  await expect(readStatistics(join(folder, 'none.json'))).rejects.toThrow('invalid-statistics')
})
