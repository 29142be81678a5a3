import { expect, test } from 'vitest'
import { addTallies, NO_RUNS, tallyJson, tallyOf, type Tally } from '../../../src/inspect/drawing/tally.ts'
import { readDefinition } from '../../../src/definition/read-definition.ts'
import { drawingOf } from '../../../src/inspect/drawing/drawing.ts'
import type { HistoryEvent } from '../../../src/model/history.ts'
import { createTestEngine } from '../../../src/testing/index.ts'
import { Journey } from './journey.ts'

const HOUR = 36e5
const definition = readDefinition(Journey)

/** Runs one to where it rests, lets some be done with it, and counts. */
async function play(
  input: object,
  then: (run: Awaited<ReturnType<typeof start>>) => Promise<unknown> = () => Promise.resolve(),
) {
  const run = await start(input)
  await run.test.finish(run.run)
  await then(run)
  const view = await run.test.finish(run.run)
  const history: HistoryEvent[] = []
  for await (const event of run.run.events({ follow: false })) history.push(event)
  const tally = tallyOf(history, run.test.clock.now())
  await run.test.close()
  // whatever happened, the engine has counted the same visits, and no time is lost or counted twice
  expect(Object.fromEntries([...tally.states].map(([name, { visits }]) => [name, visits]))).toEqual(
    view.visits,
  )
  return { view, tally }
}

async function start(input: object) {
  const test = createTestEngine({ workflows: [Journey] })
  const run = await test.engine.start(Journey, input)
  return { test, run }
}

function of({ states }: Tally, name: string) {
  return states.get(name)
}

test('visits, moves and the time spent in each state, retries and waiting included', async () => {
  const { view, tally } = await play({ retries: 2 }, async ({ test, run }) => {
    await test.clock.advance('30m')
    await run.signal('again', {})
    await test.settle()
    await test.clock.advance('1h')
    await run.signal('yes', {})
  })
  expect(view.status).toBe('completed')
  expect(of(tally, 'book')).toEqual({
    ...{ visits: 1, ms: 6e4, failures: 2, standing: 0, failed: 0, undone: 0 },
    errors: new Map([['RetryableError', 2]]),
  })
  expect(of(tally, 'ask')).toMatchObject({ visits: 2, ms: 1.5 * HOUR, failures: 0 })
  expect(of(tally, 'done')).toMatchObject({ visits: 1, standing: 0 })
  expect(tally.moves).toEqual([
    { from: 'book', to: 'each', by: 'step', count: 1 },
    { from: 'each', to: 'both', by: 'step', count: 1 },
    { from: 'both', to: 'ask', by: 'step', count: 1 },
    { from: 'ask', to: 'ask', by: 'signal:again', count: 1 },
    { from: 'ask', to: 'done', by: 'signal:yes', count: 1 },
  ])
})

test('a run that stands somewhere spends its time there until now', async () => {
  const { tally } = await play({}, ({ test }) => test.clock.advance('20m'))
  expect(of(tally, 'ask')).toMatchObject({ visits: 1, ms: HOUR / 3, standing: 1 })
})

test('a wait that expires, and an error that is caught', async () => {
  const expired = await play({}, ({ test }) => test.clock.advance('2h'))
  expect(expired.tally.moves.at(-1)).toEqual({ from: 'ask', to: 'lost', by: 'expires', count: 1 })
  expect(of(expired.tally, 'ask')).toMatchObject({ ms: 2 * HOUR, failures: 0 })
  const caught = await play({ bad: true })
  expect(caught.tally.moves).toEqual([{ from: 'book', to: 'lost', by: 'catch', count: 1 }])
  expect(of(caught.tally, 'book')).toMatchObject({
    ...{ failures: 1, failed: 0 },
    errors: new Map([['FatalError', 1]]),
  })
})

test('items that fail are counted in their state; a run that fails for good is marked where it failed', async () => {
  const some = await play({ items: 4, badItems: 1 })
  expect(of(some.tally, 'each')).toMatchObject({
    failures: 1,
    errors: new Map([['FatalError', 1]]),
    failed: 0,
  })
  const all = await play({ items: 4, badItems: 4 })
  expect(all.view.status).toBe('compensated')
  expect(of(all.tally, 'each')).toMatchObject({ failed: 1, standing: 0 })
  expect(of(all.tally, 'each')?.failures).toBeGreaterThan(1)
  const box = drawingOf(definition, { tally: all.tally }).boxes.find(({ state }) => state === 'each')
  expect(box?.mark).toMatchObject({ present: 'failed', untouched: false })
})

test('many runs are counted as the sum of each', async () => {
  const { tally: a } = await play({ bad: true })
  const { tally: b } = await play({ retries: 1 })
  const sum = [a, b, b].reduce(addTallies, NO_RUNS)
  expect(sum.runs).toBe(3)
  expect(of(sum, 'book')).toMatchObject({
    visits: 3,
    ms: 4e4,
    failures: 3,
    errors: new Map([
      ['FatalError', 1],
      ['RetryableError', 2],
    ]),
  })
  expect(sum.moves.find(({ to }) => to === 'each')).toMatchObject({ count: 2 })
  expect(of(a, 'book')).toMatchObject({ visits: 1 }) // what was added is as it was
  expect(JSON.parse(JSON.stringify(tallyJson(sum)))).toMatchObject({
    states: { book: { errors: { RetryableError: 2 } }, ask: { standing: 2 } },
  })
})

test('heat: the state with most of it is hottest, one with some is not cold', async () => {
  const { tally } = await play({}, ({ test }) => test.clock.advance('1h'))
  const heat = (what: 'time' | 'visits' | 'failures') =>
    drawingOf(definition, { tally, heat: what }).boxes.map(({ state, mark }) => [state, mark?.heat])
  expect(heat('time')).toEqual([
    ...[
      ['book', 0],
      ['each', 0],
      ['both', 0],
    ],
    ...[
      ['ask', 5],
      ['lost', 0],
      ['done', 0],
    ],
  ])
  expect(Object.fromEntries(heat('visits'))).toMatchObject({ book: 5, ask: 5, done: 0 })
  expect(heat('failures').map(([, level]) => level)).toEqual([0, 0, 0, 0, 0, 0])
})

test('the arrows that were taken are marked, each with how often', async () => {
  const { tally } = await play({}, async ({ test, run }) => {
    for (let i = 0; i < 3; i++) {
      await run.signal('again', {})
      await test.settle()
    }
  })
  const { arrows, boxes } = drawingOf(definition, { tally })
  const name = (id: string) => boxes.find((box) => box.id === id)?.state
  const taken = arrows.flatMap(({ from, to, by, mark }) =>
    mark?.count ? [[name(from), name(to), by, mark.count]] : [],
  )
  expect(taken).toEqual([
    ['book', 'each', 'step', 1],
    ['each', 'both', 'step', 1],
    ['both', 'ask', 'step', 1],
    ['ask', 'ask', 'signal', 3],
  ])
})

test('a run that is retried by hand has not failed for good, and its time goes on', () => {
  const failure = { name: 'Error', message: 'no' } as never
  const history = [
    { seq: 1, at: 0, type: 'started', workflow: 'w', version: 1, to: 'a', data: {}, vars: {}, session: 's' },
    { seq: 2, at: 100, type: 'attempt-failed', state: 'a', attempt: 1, failure },
    { seq: 3, at: 100, type: 'failed', state: 'a', failure },
    { seq: 4, at: 5_000, type: 'retried-by-hand', state: 'a' },
    { seq: 5, at: 5_050, type: 'moved', from: 'a', to: 'b', by: 'step', visit: 1, data: {} },
    { seq: 6, at: 5_050, type: 'completed', state: 'b' },
  ] as const satisfies readonly HistoryEvent[]
  const tally = tallyOf(history, 9_000)
  expect(of(tally, 'a')).toMatchObject({ visits: 1, ms: 150, failures: 1, failed: 0 })
  expect(of(tally, 'b')).toMatchObject({ visits: 1, ms: 0, standing: 0 })
})

test('what was undone is counted by the visit, and what was left as it is is not', () => {
  const at = (seq: number) => ({ seq, at: seq })
  const undone = (seq: number, visit: number, more: object = {}) => ({
    ...at(seq),
    ...{ type: 'undone' as const, state: 'a', visit, ...more },
  })
  const moved = (seq: number, visit: number) => ({
    ...at(seq),
    ...{ type: 'moved' as const, from: 'a', to: 'a', by: 'step' as const, visit, data: {} },
  })
  const started = {
    type: 'started',
    workflow: 'w',
    version: 1,
    to: 'a',
    data: {},
    vars: {},
    session: 'r',
  } as const
  const history = [
    { ...at(1), ...started },
    ...[moved(2, 2), moved(3, 3), moved(4, 4)],
    ...[
      undone(5, 3),
      undone(6, 2, { skipped: true }),
      undone(7, 1, { part: 'x' }),
      undone(8, 1, { part: 'y' }),
    ],
  ]
  expect(tallyOf(history, 9).states.get('a')).toMatchObject({ visits: 4, undone: 2 })
})
