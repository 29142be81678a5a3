import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forecastFrom, outlookOf, statisticsOf, type Forecast, type Statistics } from 'stepwright/outlook'
import { readDefinition } from '../../src/index.ts'
import { ClaimWorkflow } from './claim.ts'
import { named, office, USUAL } from './office.ts'

const HOUR = 36e5
const definition = readDefinition(ClaimWorkflow)

describe('from 400 real runs', () => {
  const test400 = office()
  let past: Statistics
  beforeAll(async () => {
    await test400.work(USUAL, named('a', 400))
    past = await statisticsOf(test400.engine, ClaimWorkflow, { now: test400.clock.now() })
  })
  afterAll(() => test400.close())

  function told(state: string, ms: number, left?: { ms: number; exact: boolean }): Forecast {
    const found = forecastFrom(past, { state, ms, ...(left ? { left } : {}) }, definition)
    if ('refused' in found) throw new Error(found.refused)
    return found
  }
  const chanceOf = ({ ends }: Forecast, state: string): number =>
    ends.find((end) => end.state === state)?.chance ?? 0

  test('the chances of each end are those by which the runs were made', () => {
    // from review: approved 0.5; again 0.3, then 0.3 paid at once; else left lying
    const paid = (0.5 + 0.3 * 0.3) / (1 - 0.3 * 0.7)
    const review = told('review', 0)
    expect(chanceOf(review, 'paid')).toBeCloseTo(paid, 1)
    expect(chanceOf(review, 'refused')).toBeCloseTo(1 - paid, 1)
    expect(chanceOf(told('filed', 0), 'paid')).toBeCloseTo(0.3 + 0.7 * paid, 1)
    expect(chanceOf(told('cooling', 0), 'paid')).toBeCloseTo(1, 1)
    expect(review.ends.reduce((sum, { chance }) => sum + chance, 0)).toBeCloseTo(1, 9)
    expect(review).toMatchObject({ runs: 400, late: false, calls: 0, cost: 0 })
    expect(review.visits).toBeGreaterThan(200)
  })

  test('the time until the end is the mean of what the runs took', async () => {
    const lasted: number[] = []
    for await (const id of test400.engine.ids()) {
      const view = await (await test400.engine.get(id)).view()
      lasted.push(view.updatedAt - view.createdAt)
    }
    const mean = lasted.reduce((a, b) => a + b, 0) / lasted.length
    expect(Math.abs(told('filed', 0).ms / mean - 1)).toBeLessThan(0.03)
  })

  test('a claim that has waited longer than anybody takes will be refused, when its wait ends', () => {
    const late = told('review', 12 * HOUR, { ms: 36 * HOUR, exact: false })
    expect(chanceOf(late, 'refused')).toBeGreaterThan(0.95)
    expect(late.ms / HOUR).toBeCloseTo(36, 0)
    const soon = told('review', HOUR, { ms: 47 * HOUR, exact: false })
    expect(chanceOf(soon, 'refused')).toBeLessThan(0.4)
    const beyond = told('review', 50 * HOUR)
    expect(beyond).toMatchObject({ late: true })
  })

  test('a run that stands there is told the same, and a timer is believed', async () => {
    const run = await test400.engine.start(ClaimWorkflow, {}, { id: 'now' })
    await test400.settle()
    await test400.clock.advance('1h')
    const options = { statistics: past, now: test400.clock.now() }
    const outlook = await outlookOf(test400.engine, ClaimWorkflow, 'now', options)
    expect(outlook).toMatchObject({ verdict: 'moves', ends: ['paid', 'refused'], ms: HOUR })
    expect(outlook.forecast).toEqual(told('review', HOUR, { ms: 47 * HOUR, exact: false }))
    await run.signal('approve', {}, { as: { id: 'ada', roles: ['clerk'] } })
    await test400.settle()
    await test400.clock.advance('2h')
    const cooling = await outlookOf(test400.engine, ClaimWorkflow, 'now', {
      statistics: past,
      now: test400.clock.now(),
    })
    expect(cooling).toMatchObject({ verdict: 'moves', forecast: { ms: 4 * HOUR } })
    await test400.clock.advance('4h')
    const ended = await outlookOf(test400.engine, ClaimWorkflow, 'now', options)
    expect(ended).toMatchObject({ verdict: 'ended', ends: ['paid'], needs: [] })
    expect(ended).not.toHaveProperty('forecast')
  })
})

test('too few past visits, and nothing is foretold', async () => {
  const few = office()
  await few.work(USUAL, named('b', 19))
  const past = await statisticsOf(few.engine, ClaimWorkflow)
  await few.close()
  expect(forecastFrom(past, { state: 'cooling', ms: 0 })).toEqual({
    refused: expect.stringMatching(/^only \d+ past visits of cooling are over, and 20 are needed$/) as string,
  })
  expect(forecastFrom(past, { state: 'nowhere', ms: 0 })).toEqual({
    refused: 'no past visits of nowhere are over, and 20 are needed',
  })
  expect(forecastFrom(past, { state: 'filed', ms: 0 }, definition, { least: 5 })).toMatchObject({ runs: 19 })
})

test('what was never seen is not impossible by the chart, and unknown where it leads on from nobody knows', async () => {
  const straight = office()
  await straight.work({ ...USUAL, small: 1 }, named('c', 30))
  const past = await statisticsOf(straight.engine, ClaimWorkflow)
  await straight.close()
  expect(forecastFrom(past, { state: 'filed', ms: 0 })).toMatchObject({
    ends: [{ status: 'completed', state: 'paid', chance: 1 }],
  })
  // 30 paid, and half a time for each of the two exits: 30.5 and 0.5 of 31
  const { ends } = forecastFrom(past, { state: 'filed', ms: 0 }, definition) as Forecast
  expect(ends).toEqual([
    { status: 'completed', state: 'paid', chance: expect.closeTo(30.5 / 31, 9) as number },
    { status: 'unknown', chance: expect.closeTo(0.5 / 31, 9) as number },
  ])
})

test('runs that fail are an end of their own, and what they cost until then counts', async () => {
  const broken = office()
  for (const id of named('d', 25)) {
    const run = await broken.engine.start(ClaimWorkflow, { broken: id.endsWith('5') }, { id })
    await broken.finish(run)
    if ((await run.view()).status === 'waiting') await run.terminate()
  }
  await broken.settle()
  const past = await statisticsOf(broken.engine, ClaimWorkflow)
  await broken.close()
  expect(past.ended).toEqual({ failed: 3, terminated: 22 })
  expect(past.states.get('filed')?.failures).toEqual(new Map([['RangeError', 3]]))
  const { ends } = forecastFrom(past, { state: 'filed', ms: 0 }) as Forecast
  expect(ends).toEqual([
    { status: 'terminated', chance: expect.closeTo(22 / 25, 9) as number },
    { status: 'failed', chance: expect.closeTo(3 / 25, 9) as number },
  ])
})
