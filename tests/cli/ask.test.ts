import { PassThrough } from 'node:stream'
import { describe, expect, test as plainTest } from 'vitest'
import { confirm } from '../../src/cli/confirmation.ts'
import { fixture, test } from './command-line.ts'
import { ArticleWorkflow } from './fixtures/article.ts'
import { OrderWorkflow } from './fixtures/order.ts'

const ORDER = fixture('order.ts')
const ARTICLE = fixture('article.ts')

describe('stepwright pause, resume, cancel and terminate', () => {
  test('a run is paused, left alone, and let go on without its file', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 1 })
    const paused = await cli.run(['pause', 'one', '--reason', 'lunch', '--as', 'bo:chief'])
    expect(paused).toEqual({ code: 0, out: 'one is paused in review\n', err: '' })
    const left = await cli.run(['resume', ORDER])
    expect(left).toMatchObject({ code: 0, out: '' })
    expect(left.err).toContain('one is paused and left alone; resume it with --run')
    const shown = await cli.run(['show', 'one'])
    expect(shown.out).toContain('paused     it was waiting')
    expect(shown.out).toContain(`npx stepwright resume --run one`)
    const again = await cli.json('resume', '--run', 'one', '--as', 'bo')
    expect(again).toMatchObject({
      code: 0,
      result: { verb: 'resume', runs: [{ run: 'one', status: 'paused', done: true, now: 'waiting' }] },
    })
    expect((await cli.json('show', 'one')).result).toMatchObject({
      status: 'waiting',
      history: expect.arrayContaining([
        expect.objectContaining({ type: 'paused', reason: 'lunch', by: { id: 'bo', roles: ['chief'] } }),
        expect.objectContaining({ type: 'unpaused', by: { id: 'bo' } }),
      ]) as unknown,
    })
    const active = await cli.json('resume', '--run', 'one')
    expect(active).toMatchObject({ code: 2, error: { code: 'not-possible' } })
    expect(active.error?.remedy).toContain(`npx stepwright resume --run one`)
  })

  test('a paused run that is named goes on with its file; while it is followed, how is said', async ({
    cli,
  }) => {
    const going = cli.begin(['run', ARTICLE, '--input', '{"topic":"cats"}', '--id', 'a'])
    await going.said('waits in review')
    await cli.run(['pause', 'a'])
    await going.said(`npx stepwright resume ${ARTICLE} --run a\n`)
    await cli.run(['signal', 'a', 'approve', '{"by":"ada"}'])
    expect(await cli.json('list', '--status', 'paused')).toMatchObject({ result: [{ id: 'a' }] })
    const resumed = await cli.json('resume', ARTICLE, '--run', 'a')
    expect(resumed).toMatchObject({ code: 0, result: [{ run: 'a', status: 'completed' }] })
    expect(await going.ended).toMatchObject({ code: 0 })
  })

  test('cancel asks the worker that will be there, which undoes what was done', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 1 })
    const asked = await cli.run(['cancel', 'one', '--reason', 'too late'])
    expect(asked).toMatchObject({ code: 0, out: 'one is asked to cancel; it is waiting in review\n' })
    expect(asked.err).toBe(
      `no worker is there now; it is done when one drives the run:\n  npx stepwright resume --run one\n  with the file that exports its workflow at its end\n`,
    )
    const { code, out, err } = await cli.run(['resume', ORDER])
    expect(err).toContain('cancelled: too late')
    expect(err).toContain('charge undone')
    expect(out).toBe('one cancelled in review\n')
    expect(code).toBe(1)
    const again = await cli.json('cancel', 'one')
    expect(again).toMatchObject({ code: 2, error: { code: 'not-possible' } })
  })

  test('what is at work is aborted where it is followed', async ({ cli }) => {
    const going = cli.begin(['run', ORDER, '--input', '{"cents":1000,"next":"ship"}', '--id', 'one'])
    await going.said('charge -> ship')
    const asked = await cli.run(['terminate', 'one'])
    expect(asked).toMatchObject({ code: 0, err: '' })
    expect(asked.out).toMatch(/^one is (asked to terminate; it is running|terminated) in ship\n$/)
    const { code, err } = await going.ended
    expect(err).toContain(
      'error: Run "one" is terminated in "ship"\n  See its history: npx stepwright show one',
    )
    expect(code).toBe(1)
  })

  test('many are chosen by a filter, shown by a dry run, and done with --yes', async ({ cli }) => {
    for (const id of ['a', 'b']) await cli.pending(OrderWorkflow, id, { cents: 1 }, { session: 's' })
    await cli.pending(ArticleWorkflow, 'c', { topic: 'x' })
    const plan = await cli.run(['terminate', '--workflow', 'order', '--dry-run'])
    expect(plan.out).toBe(
      [
        'RUN  WORKFLOW  STATUS   STATE   POSSIBLE',
        'b    order@1   pending  charge  yes',
        'a    order@1   pending  charge  yes\n',
      ].join('\n'),
    )
    expect(plan).toMatchObject({ code: 0, err: 'nothing was done: a dry run\n' })
    const unasked = await cli.json('terminate', '--all')
    expect(unasked).toMatchObject({ code: 2, result: undefined, error: { code: 'invalid-options' } })
    expect(unasked.error?.message).toBe('3 runs fit, and nobody can be asked whether to terminate them all')
    expect(await cli.json('count', '--status', 'pending')).toMatchObject({
      result: { total: 3, by: 'status', counts: { pending: 3 } },
    })
    const done = await cli.json('terminate', '--session', 's', '--yes')
    const deed = { status: 'pending', state: 'charge', possible: true, done: true, now: 'terminated' }
    expect(done).toEqual({
      code: 0,
      result: {
        verb: 'terminate',
        dryRun: false,
        runs: [
          { run: 'b', workflow: 'order@1', ...deed },
          { run: 'a', workflow: 'order@1', ...deed },
        ],
        others: {},
      },
      error: undefined,
    })
    const rest = await cli.run(['pause', '--all']) // one alone needs nobody's consent
    expect(rest).toMatchObject({ code: 0, out: 'c is paused in draft\n' })
    expect(rest.err).toContain('where it is not possible: 2 terminated')
    const counted = await cli.run(['count', '--by', 'workflow'])
    expect(counted.out).toBe('WORKFLOW  RUNS\norder     2\narticle   1\nall       3\n')
  })

  test('one of several that cannot be done stops no other; one that is not there stops all', async ({
    cli,
  }) => {
    for (const id of ['a', 'b']) await cli.pending(OrderWorkflow, id, { cents: 1 })
    await cli.run(['terminate', 'a'])
    const none = await cli.json('pause', 'b', 'nobody')
    expect(none).toMatchObject({ code: 2, result: undefined, error: { code: 'unknown-run' } })
    const both = await cli.json('pause', 'a', 'b', 'b')
    expect(both).toMatchObject({
      code: 2,
      result: {
        runs: [
          { run: 'a', possible: false, done: false, error: { code: 'not-possible' } },
          { run: 'b', possible: true, done: true, now: 'paused' },
        ],
      },
    })
  })
})

describe('a question on the terminal', () => {
  plainTest.each([
    ['y\n', true],
    ['Yes\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('%j means %j', async (typed, meant) => {
    const input = new PassThrough()
    const output = new PassThrough()
    const answer = confirm('cancel these 3 runs? [y/N] ', input, output)
    input.end(typed)
    expect(await answer).toBe(meant)
    expect(String(output.read())).toBe('cancel these 3 runs? [y/N] ')
  })
})
