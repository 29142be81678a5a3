import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { OrderWorkflow } from './fixtures/order.ts'

const ORDER = fixture('order.ts')

describe('stepwright retry', () => {
  test('tries the failed step again in the same run, with other data, and follows it', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: -1 })
    const failed = await cli.run(['show', 'one'])
    expect(failed.out).toContain('may        retry, skip\n')
    expect(failed.out).toContain(
      `npx stepwright retry one\n             with the file that exports order at its end\n`,
    )
    const same = await cli.run(['retry', 'one', ORDER])
    expect(same).toMatchObject({ code: 1, out: '' })
    expect(same.err).not.toContain('started in charge')
    expect(same.err).toContain('charge is tried again\n')
    const words = ['--data', '{"cents":4,"next":"ship"}', '--as', 'ada:chief']
    const mended = await cli.run(['retry', 'one', ORDER, ...words])
    expect(mended).toMatchObject({ code: 0, out: 'sent { cents: 4 }\n' })
    expect(mended.err).toContain('charge is tried again with other data by ada (chief)\n')
    const ended = await cli.json('retry', 'one', ORDER)
    expect(ended).toMatchObject({ code: 2, error: { code: 'not-possible' } })
  })

  test('of many runs: named, or chosen by a filter, driven side by side or left to workers', async ({
    cli,
  }) => {
    for (const id of ['a', 'b']) await cli.settled(OrderWorkflow, id, { cents: -1 })
    await cli.settled(OrderWorkflow, 'c', { cents: 1, next: 'ship' })
    const plan = await cli.json('retry', ORDER, '--state', 'charge', '--dry-run')
    expect(plan).toMatchObject({
      code: 0,
      result: {
        verb: 'retry',
        dryRun: true,
        runs: [
          { run: 'b', possible: true },
          { run: 'a', done: false },
        ],
      },
    })
    const asked = await cli.json('retry', ORDER, '--all')
    expect(asked).toMatchObject({ code: 2, error: { code: 'invalid-options', details: { runs: 2 } } })
    const driven = await cli.json('retry', ORDER, '--all', '--yes')
    expect(driven).toMatchObject({
      code: 1,
      result: [
        { run: 'b', status: 'failed', failure: { message: 'cannot charge -1' } },
        { run: 'a', status: 'failed' },
      ],
    })
    const left = await cli.run(['retry', 'a', 'b', ORDER, '--no-follow'])
    expect(left).toMatchObject({ code: 0, out: 'a is tried again in charge\nb is tried again in charge\n' })
    expect(await cli.json('list', '--status', 'pending')).toMatchObject({
      result: [{ id: 'b' }, { id: 'a' }],
    })
    const mixed = await cli.json('retry', 'a', 'c', ORDER)
    expect(mixed).toMatchObject({ code: 2 })
    const data = await cli.json('retry', 'a', 'b', ORDER, '--data', '{}')
    expect(data).toMatchObject({ code: 2, error: { code: 'invalid-options' } })
  })
})

describe('stepwright skip and skip-compensation', () => {
  test('skip moves to a declared target with data that fits', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: -1 })
    const undeclared = await cli.json('skip', 'one', 'sent', ORDER, '--data', '{"cents":1}')
    expect(undeclared).toMatchObject({
      code: 2,
      error: { code: 'illegal-move', remedy: 'Skip to one of "review", "pack", "opinion", "ship"' },
    })
    const unfit = await cli.json('skip', 'one', 'ship', ORDER, '--data', '{"cents":"1"}')
    expect(unfit).toMatchObject({ code: 2, error: { code: 'invalid-data' } })
    const left = await cli.run([
      ...['skip', 'one', 'ship', ORDER, '--data', '{"cents":1}'],
      ...['--no-follow', '--reason', 'paid in cash', '--as', 'ada'],
    ])
    expect(left).toMatchObject({ code: 0, out: 'one pending in ship\n' })
    expect(left.err).toContain(`npx stepwright resume ${ORDER} --run one\n`)
    const { result } = await cli.json('show', 'one')
    expect(result).toMatchObject({
      status: 'pending',
      history: expect.arrayContaining([
        expect.objectContaining({ type: 'moved', to: 'ship', by: 'skip' }),
      ]) as unknown,
    })
    expect(JSON.stringify(result)).toContain('paid in cash')
    const gone = await cli.json('resume', ORDER)
    expect(gone).toMatchObject({
      code: 0,
      result: [{ run: 'one', status: 'completed', output: { cents: 1 } }],
    })
  })

  test('a compensation that fails is shown, and left out with or without the file', async ({ cli }) => {
    await writeFile(join(cli.folder, 'no-refund'), '')
    for (const id of ['a', 'b']) await cli.settled(OrderWorkflow, id, { cents: 1 })
    await cli.run(['cancel', 'a', 'b'])
    expect(await cli.json('resume', ORDER)).toMatchObject({
      code: 3,
      result: [{ status: 'compensation-failed' }, { status: 'compensation-failed' }],
    })
    const shown = await cli.run(['show', 'a'])
    expect(shown.out).toContain('to undo    charge\n')
    expect(shown.out).toContain('skip-compensation\n')
    const followed = await cli.run(['skip-compensation', 'a', ORDER, '--reason', 'refunded by hand'])
    expect(followed.err).toContain('compensation left out: refunded by hand')
    expect(followed.err).toContain('error: Run "a" is cancelled in "review"')
    expect(followed.code).toBe(1)
    const left = await cli.json('skip-compensation', 'b')
    expect(left).toMatchObject({ code: 0, result: { run: 'b', status: 'compensating' } })
    expect(await cli.json('resume', ORDER)).toMatchObject({ code: 1, result: [{ status: 'cancelled' }] })
    expect(await cli.json('skip-compensation', 'b')).toMatchObject({
      code: 2,
      error: { code: 'not-possible' },
    })
  })

  test('a compensation that was mended is done again by resume', async ({ cli }) => {
    await writeFile(join(cli.folder, 'no-refund'), '')
    await cli.run(['run', ORDER, '--id', 'a', '--input', '{"cents":13,"next":"ship"}'])
    expect((await cli.json('show', 'a')).result).toMatchObject({
      status: 'compensation-failed',
      undo: [{ state: 'charge', visit: 1 }],
    })
    await rm(join(cli.folder, 'no-refund'))
    expect(await cli.json('resume', ORDER, '--run', 'a')).toMatchObject({
      code: 1,
      result: [{ run: 'a', status: 'compensated', failure: { message: 'nobody ships 13' } }],
    })
  })
})

describe('stepwright fork', () => {
  test('begins a new run at a checkpoint of another one', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 13, next: 'ship' })
    const unknown = await cli.json('fork', 'one', ORDER, '--from', '999')
    expect(unknown).toMatchObject({ code: 2, error: { code: 'unknown-checkpoint' } })
    const words = ['--from', '1', '--data', '{"cents":5,"next":"ship"}', '--id', 'two', '--as', 'ada']
    const forked = await cli.run(['fork', 'one', ORDER, ...words])
    expect(forked).toMatchObject({ code: 0, out: 'sent { cents: 5 }\n' })
    expect(forked.err).toContain('two is a fork of one from its entry 1\n')
    expect(forked.err).toContain('started in charge, a fork of one from its entry 1 by ada\n')
    const shown = await cli.run(['show', 'two'])
    expect(shown.out).toContain('fork of    one, from its entry 1\n')
    expect(await cli.json('show', 'one')).toMatchObject({ result: { status: 'compensated' } })
    const left = await cli.json('fork', 'one', ORDER, '--no-follow', '--id', 'three')
    expect(left).toMatchObject({ code: 0, result: { run: 'three', status: 'pending', state: 'ship' } })
    const taken = await cli.json('fork', 'one', ORDER, '--id', 'two', '--no-follow')
    expect(taken).toMatchObject({ code: 2, error: { code: 'run-exists' } })
  })

  test('after Ctrl-C the new run can be resumed, with the line that is said', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 1, next: 'ship' })
    const words = ['--from', '1', '--data', '{"cents":1000,"next":"ship"}', '--id', 'two']
    const going = cli.begin(['fork', 'one', ORDER, ...words])
    await going.said('charge -> ship')
    going.child.kill('SIGINT')
    const { code, out, err } = await going.ended
    expect(err).toContain(`Run two can be resumed:\n  npx stepwright resume ${ORDER} --run two\n`)
    expect({ code, out }).toEqual({ code: 130, out: '' })
    expect(await cli.json('list', '--state', 'ship')).toMatchObject({
      result: [{ id: 'two', status: 'pending' }],
    })
  })
})
