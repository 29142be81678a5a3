import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { states, type Input, type OutcomeOf, type ShapeOf, type Signal } from '../../src/index.ts'
import { outlookOf, statisticsOf, stuckRuns } from 'stepwright/outlook'
import { createTestEngine, type TestEngine } from 'stepwright/testing'
import { ClaimWorkflow } from './claim.ts'
import { named, office, USUAL } from './office.ts'

const HOUR = 36e5
const plan = z.object({ way: z.enum(['sign', 'ask', 'round', 'fail']) })
const Case = states(
  { Open: 'open', Sign: 'sign', Ask: 'ask', Round: 'round', Over: 'over', Closed: 'closed', Gone: 'gone' },
  { open: plan, sign: plan, ask: plan, round: plan, over: plan, closed: z.object({}), gone: z.object({}) },
  {
    initial: 'open',
    final: ['closed', 'gone'],
    signals: { sign: z.object({}), drop: z.object({}), turn: z.object({}) },
    config: z.object({}),
  },
)
type D = ShapeOf<typeof Case>

/** Waits for two signatures, for a claim that is its child, or goes round until its limit closes the way out. */
@Case.workflow({ name: 'case' })
class CaseWorkflow {
  @Case.step('open', {
    to: ['sign', 'ask', 'round'],
    retry: { maxAttempts: 3, initialInterval: '30s', jitter: 'none' },
  })
  open({ way }: Input<D, 'open'>) {
    if (way === 'fail') throw new Error('not now')
    return way === 'sign'
      ? Case.go('sign', { way })
      : way === 'ask'
        ? Case.go('ask', { way })
        : Case.go('round', { way })
  }
  @Case.wait('sign', { on: { sign: { to: 'closed', count: 2, roles: ['boss', 'board'] }, drop: 'gone' } })
  signed(e: Signal<D, 'sign' | 'drop'>, _: Input<D, 'sign'>) {
    if (e.type === 'drop') return Case.go('gone', {})
    return Case.go('closed', {})
  }
  @Case.child('ask', { workflow: ClaimWorkflow, input: () => ({}), to: 'closed' })
  asked(_: OutcomeOf<ShapeOf<typeof ClaimWorkflow>>, __: Input<D, 'ask'>) {
    return Case.go('closed', {})
  }
  @Case.wait('round', {
    on: { turn: 'over', drop: 'gone' },
    maxVisits: { times: 2, to: 'over', with: (input) => input },
  })
  round(e: Signal<D, 'turn' | 'drop'>, input: Input<D, 'round'>) {
    if (e.type === 'drop') return Case.go('gone', {})
    return Case.go('over', input)
  }
  @Case.wait('over', { on: { turn: 'round' } })
  over(_: Signal<D, 'turn'>, input: Input<D, 'over'>) {
    return Case.go('round', input)
  }
}

let kit: TestEngine<typeof CaseWorkflow | typeof ClaimWorkflow> | undefined
afterEach(() => kit?.close())

async function opened(way: 'sign' | 'ask' | 'round' | 'fail') {
  kit = createTestEngine({ workflows: [CaseWorkflow, ClaimWorkflow] })
  const { engine, clock, settle } = kit
  const run = await engine.start(CaseWorkflow, { way }, { id: way })
  await settle()
  const outlook = () => outlookOf(engine, CaseWorkflow, way, { now: clock.now() })
  const stuck = () => stuckRuns(engine, [CaseWorkflow], { now: clock.now() })
  return { kit, run, outlook, stuck }
}

test('the signal that is missing: how many more of it, from whom, and who was counted', async () => {
  const { kit, run, outlook, stuck } = await opened('sign')
  await run.signal('sign', {}, { as: { id: 'mia', roles: ['board'] } })
  await kit.settle()
  expect(await outlook()).toMatchObject({
    verdict: 'waits',
    ends: ['closed', 'gone'],
    needs: [
      {
        kind: 'signal',
        signal: 'sign',
        count: 2,
        more: 1,
        roles: ['boss', 'board'],
        from: ['mia'],
        to: ['closed'],
      },
      { kind: 'signal', signal: 'drop', count: 1, more: 1, roles: [], from: [], to: ['gone'] },
    ],
  })
  expect(await stuck()).toEqual([])
  await kit.clock.advance('25h')
  expect(await stuck()).toMatchObject([{ reasons: ['unanswered'], outlook: { run: 'sign', ms: 25 * HOUR } }])
})

test('a run that tries again, is paused, has failed', async () => {
  const { kit, run, outlook, stuck } = await opened('fail')
  const at = kit.clock.now() + 3e4
  expect(await outlook()).toMatchObject({ verdict: 'moves', needs: [{ kind: 'time', why: 'retry', at }] })
  await run.pause()
  await kit.settle()
  expect(await outlook()).toMatchObject({
    verdict: 'operator',
    needs: [{ kind: 'person', may: expect.arrayContaining(['resume']) as string[] }],
    why: 'it was paused by a person while waiting',
  })
  await kit.clock.advance('30d')
  expect(await stuck()).toEqual([])
  await run.resume()
  await kit.finish(run)
  expect(await outlook()).toMatchObject({
    ...{ verdict: 'ended', status: 'failed', ends: [], why: 'failed: not now' },
    needs: [{ kind: 'person', may: ['retry', 'skip'] }],
  })
})

test('a child run that waits: what that one needs; one that is paused', async () => {
  const { kit, outlook, stuck } = await opened('ask')
  const { needs, verdict } = await outlook()
  expect(verdict).toBe('moves') // the child's wait ends by itself
  expect(needs).toMatchObject([
    {
      kind: 'child',
      status: 'waiting',
      state: 'review',
      needs: [
        { kind: 'signal', signal: 'approve', roles: ['clerk'], to: ['cooling'] },
        { kind: 'signal', signal: 'again' },
        { kind: 'time', why: 'expires', at: kit.clock.now() + 48 * HOUR },
      ],
    },
  ])
  const [child] = needs
  const id = child?.kind === 'child' ? child.run : ''
  await (await kit.engine.get(id)).pause()
  await kit.settle()
  expect(await outlook()).toMatchObject({ verdict: 'operator' })
  expect(await stuck()).toMatchObject([{ reasons: ['no-way'], outlook: { run: 'ask' } }])
})

test('what was counted for maxVisits can close every way to an end', async () => {
  const { kit, run, outlook, stuck } = await opened('round')
  expect(await outlook()).toMatchObject({ verdict: 'waits', ends: ['gone'] })
  for (let i = 0; i < 3; i++) {
    await run.signal('turn', {})
    await kit.settle()
  }
  // it stands in `over` after two visits of `round`: the third leads back to `over` at once
  expect(await outlook()).toMatchObject({
    ...{ state: 'over', verdict: 'stuck', ends: [] },
    why: 'by what it has counted for maxVisits, no way leads from "over" to a final state',
  })
  expect(await stuck()).toMatchObject([{ reasons: ['no-way'] }])
})

test('there is no such run', async () => {
  const { kit } = await opened('sign')
  await expect(outlookOf(kit.engine, CaseWorkflow, 'none')).rejects.toThrow('unknown-run')
})

test('a run that waits longer than nearly all is named with the signal it lacks; one that nobody takes up too', async () => {
  const { work, engine, clock, settle, close } = office()
  await work(USUAL, named('a', 100))
  await engine.start(ClaimWorkflow, {}, { id: 'late' })
  await settle()
  const find = () => stuckRuns(engine, [ClaimWorkflow], { now: clock.now() })
  await clock.advance('20h')
  expect(await find()).toEqual([]) // some were left lying for two days
  const now = clock.now() + 32 * HOUR // as if no worker had been there
  const statistics = await statisticsOf(engine, ClaimWorkflow)
  const found = await stuckRuns(engine, [ClaimWorkflow], { now })
  expect(found).toMatchObject([
    { reasons: ['overdue', 'longer-than-usual'], outlook: { run: 'late', state: 'review' } },
  ])
  expect(found[0]?.outlook.needs[0]).toMatchObject({ signal: 'approve', more: 1, roles: ['clerk'] })
  expect(found[0]?.outlook.usual?.p99).toBe(statistics.states.get('review')?.time.quantile(0.99))
  await close()
})
