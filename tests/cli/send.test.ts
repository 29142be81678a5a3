import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { OrderWorkflow } from './fixtures/order.ts'

const ORDER = fixture('order.ts')

describe('what is sent to runs', () => {
  test('votes are counted from different callers who may vote', async ({ cli }) => {
    const going = cli.begin(['run', ORDER, '--id', 'one', '--input', '{"cents":1}', '--as', 'eve'])
    await going.said('waits in review')
    await cli.run(['signal', 'one', 'approve', '--as', 'ada:editor'])
    await going.said('signal approve counted, 1 of 2 from ada (editor)')
    await cli.run(['signal', 'one', 'approve', '--as', 'ada:editor'])
    await going.said('signal approve refused: "ada" has been counted already')
    await cli.run(['signal', 'one', 'approve', '--as', 'bo:cook,driver'])
    await going.said('none of the roles "editor", "chief"')
    const plain = await cli.run(['show', 'one'])
    expect(plain.out).toContain('votes      approve: 1, from ada (editor)\n')
    expect(plain.out).toMatch(/started {4}.* by eve\n/)
    expect(plain.out).toMatch(/deadline {3}.*\(in 29d 23h\)\n/)
    expect(plain.out).toContain('undoable   charge\n')
    const full = await cli.run(['show', 'one', ORDER])
    expect(full.out).toContain(
      'votes      approve: 1 of 2, from ada (editor); may be sent by editor or chief\n',
    )
    expect(full.out).toContain("signal one approve '<JSON>' --as '<WHO>:editor'")
    expect(full.out).toContain("signal one add '<JSON>'\n")
    expect((await cli.json('show', 'one', ORDER)).result).toMatchObject({
      may: ['pause', 'resume', 'cancel', 'terminate', 'skip'],
      takes: { approve: { count: 2, roles: ['editor', 'chief'] }, add: { count: 1, roles: [] } },
      undo: [{ state: 'charge', visit: 1 }],
    })
    await cli.run(['signal', 'one', 'approve', '--as', 'bo:chief'])
    expect(await going.ended).toMatchObject({ code: 0, out: 'sent { cents: 1 }\n' })
  })

  test('an update is answered, and the same id gives the same answer', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 1 })
    const nobody = await cli.json(
      'update',
      'one',
      'add',
      '{"item":"pen"}',
      '--id',
      'u1',
      '--timeout',
      '200ms',
    )
    expect(nobody).toMatchObject({
      code: 3,
      result: { run: 'one', update: 'add', id: 'u1', answered: false },
    })
    const said = await cli.run(['update', 'one', 'add', '{"item":"pen"}', '--id', 'u1', '--timeout', '200ms'])
    expect(said.err).toContain(`npx stepwright update one add '{"item":"pen"}' --id u1\n`)
    expect(said.err).toContain('no worker is there now')
    const going = cli.begin(['resume', ORDER, '--watch'])
    await going.said('signal:add')
    const answer = await cli.json('update', 'one', 'add', '{"item":"pen"}', '--id', 'u1')
    expect(answer).toMatchObject({ code: 0, result: { answered: true, answer: { items: 1 } } })
    const second = await cli.run(['update', 'one', 'add', '{"item":"ink"}', '-q'])
    expect(second).toEqual({ code: 0, out: '{ items: 2 }\n', err: '' })
    const wrong = await cli.json('update', 'one', 'add', '{"item":7}')
    expect(wrong).toMatchObject({ code: 2, error: { code: 'signal-refused' } })
    expect(wrong.error?.message).toContain('item: ')
    const unanswered = await cli.run(['update', 'one', 'approve', '--as', 'ada:chief'])
    expect(unanswered).toMatchObject({ code: 0, err: 'approve was counted, 1 of 2; it gives no answer\n' })
    const last = await cli.json('update', 'one', 'refuse', '{"reason":"no"}')
    expect(last).toMatchObject({ code: 0, result: { answered: false, taken: true } })
    const late = await cli.json('update', 'one', 'add', '{"item":"pen"}')
    expect(late).toMatchObject({ code: 2, error: { code: 'run-ended' } })
  })

  test('a query is answered from where the run stands, without driving it', async ({ cli }) => {
    await cli.pending(OrderWorkflow, 'one', { cents: 1 })
    const { code, out, err } = await cli.run(['query', 'one', 'standing', ORDER])
    expect({ code, out, err }).toEqual({ code: 0, out: "{ state: 'charge', charges: 1 }\n", err: '' })
    expect(await cli.json('query', 'one', 'standing', ORDER)).toMatchObject({
      result: { run: 'one', query: 'standing', answer: { state: 'charge' } },
    })
    const unknown = await cli.json('query', 'one', '__proto__', ORDER)
    expect(unknown).toMatchObject({ code: 2, error: { code: 'unknown-query' } })
  })

  test('a callback token sends its one signal, once', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 1 })
    const { out } = await cli.run(['show', 'one'])
    const token = /token (\S{43})\n/.exec(out)?.[1] ?? ''
    const sent = await cli.json('callback', '--', token, '{"reason":"the bank says no"}', '--json')
    expect(sent.code).toBe(2) // after -- all are arguments
    const used = await cli.run(['callback', '--json', '--', token, '{"reason":"the bank says no"}'])
    expect(JSON.parse(used.out)).toEqual({ run: 'one', id: expect.any(String) as string })
    expect((await cli.run(['callback', '--', token, '{"reason":"again"}'])).err).toContain('[unknown-token]')
    expect(await cli.json('resume', ORDER)).toMatchObject({
      code: 0,
      result: [{ state: 'refused', output: { reason: 'the bank says no' } }],
    })
  })
})

describe('parts of a state', () => {
  test('are counted, listed by status, and bounded', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 1, next: 'pack', items: ['a', 'b', 'broken', 'c'] })
    const { code, out } = await cli.run(['parts', 'one', '--status', 'failed'])
    const [head, titles, first, ...rest] = out.split('\n')
    expect(head).toBe('one in pack: 2 done, 1 failed')
    expect(titles).toMatch(/^PART +STATUS +ATTEMPTS +CHANGED +MORE$/)
    expect(first).toMatch(/^item 3 +failed +1 .* FatalError: it is broken$/)
    expect(rest).toEqual([''])
    expect(code).toBe(0)
    const limited = await cli.json('parts', 'one', '--limit', '1')
    expect(limited.result).toMatchObject({
      ...{ run: 'one', state: 'pack', visit: 1, counts: { done: 2, failed: 1 }, more: 2 },
      parts: [{ name: '0000000', status: 'done', attempts: 1, result: { packed: 'a' } }],
    })
    const whole = await cli.run(['parts', 'one', ORDER])
    expect(whole.out).toContain('one in pack: 4 in all, 2 done, 1 failed, 1 at work or not begun\n')
    expect(whole.err).toBe('')
    expect((await cli.json('parts', 'one', ORDER)).result).toMatchObject({ total: 4 })
    expect((await cli.run(['parts', 'one'])).err).toContain('  npx stepwright parts one\n')
    const shown = await cli.run(['show', 'one'])
    expect(shown.out).toContain('parts      2 done, 1 failed\n')
    expect((await cli.json('show', 'one')).result).toMatchObject({ parts: { done: 2, failed: 1 } })
  })

  test('child runs, also of a workflow that the file does not export', async ({ cli }) => {
    await cli.pending(OrderWorkflow, 'one', { cents: 1, next: 'opinion' })
    const settled = await cli.json('resume', ORDER)
    expect(settled).toMatchObject({ code: 3, result: [{ run: 'one', status: 'waiting' }] })
    const parts = await cli.run(['parts', 'one'])
    expect(parts.out).toContain('one in opinion: 1 in all, 1 with a child run\n')
    expect(parts.out).toMatch(/child +child +- .* one\/opinion\/1\n/)
    expect((await cli.run(['show', 'one/opinion/1'])).out).toContain('child of   one, opinion\n')
    const listed = await cli.run(['list'])
    expect(listed.out).toMatch(/one +order@1 +waiting +opinion +its parts /)
    const going = cli.begin(['resume', ORDER, '--watch'])
    await cli.run(['signal', 'one/opinion/1', 'tell', '{"by":"eve"}'])
    await going.said('completed in sent')
  })

  test('a followed run tells of a child that waits for somebody', async ({ cli }) => {
    const going = cli.begin(['run', ORDER, '--id', 'one', '--input', '{"cents":1,"next":"opinion"}'])
    await going.said(`npx stepwright signal one/opinion/1 tell '<JSON>'\n`)
    await cli.run(['signal', 'one/opinion/1', 'tell', '{"by":"eve"}'])
    expect(await going.ended).toMatchObject({ code: 0, out: 'sent { cents: 1 }\n' })
  })
})
