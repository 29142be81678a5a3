import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'

const ARTICLE = fixture('article.ts')
const SLOW = '{"topic":"cats","ms":1000,"review":false}'

describe('a run that waits', () => {
  test('is signalled from a second process while `run` follows it', async ({ cli }) => {
    const going = cli.begin([
      'run',
      ARTICLE,
      '--input',
      '{"topic":"cats"}',
      '--id',
      'a 1',
      '--store',
      'sqlite:own.db',
    ])
    await going.said(`npx stepwright signal 'a 1' approve '<JSON>' --store sqlite:own.db`)
    const shown = await cli.json('show', 'a 1', '--store', 'sqlite:own.db')
    expect(shown.result).toMatchObject({
      status: 'waiting',
      state: 'review',
      awaits: ['approve', 'revise'],
      history: { length: 3 },
    })
    const unknown = await cli.json('signal', 'a 1', 'aprove', '--store', 'sqlite:own.db')
    expect(unknown).toMatchObject({
      code: 2,
      error: { code: 'unknown-signal', details: { declared: ['approve', 'revise'] } },
    })
    const sent = await cli.json(
      'signal',
      'a 1',
      'approve',
      '{"by":"ada"}',
      '--id',
      's1',
      '--store',
      'sqlite:own.db',
    )
    expect(sent).toEqual({
      code: 0,
      result: { run: 'a 1', signal: 'approve', id: 's1', duplicate: false },
      error: undefined,
    })
    const { code, out, err } = await going.ended
    expect(out).toContain("published { text: 'on cats', by: 'ada' }")
    expect(err).toContain('review -> published by signal:approve')
    expect(code).toBe(0)
    const again = await cli.json(
      'signal',
      'a 1',
      'approve',
      '{"by":"ada"}',
      '--id',
      's1',
      '--store',
      'sqlite:own.db',
    )
    expect(again).toMatchObject({ code: 0, result: { duplicate: true } })
    const late = await cli.json('signal', 'a 1', 'approve', '{"by":"ada"}', '--store', 'sqlite:own.db')
    expect(late).toMatchObject({ code: 2, error: { code: 'run-ended' } })
  })

  test('refuses forged names, and keeps what does not fit from moving the run', async ({ cli }) => {
    const going = cli.begin(['run', ARTICLE, '--input', '{"topic":"cats"}', '--id', 'r'])
    await going.said('waits in review')
    for (const name of ['xstate.stop', 'done.x', '__proto__', '']) {
      expect(await cli.json('signal', 'r', name)).toMatchObject({
        code: 2,
        error: { code: 'unknown-signal' },
      })
    }
    expect(await cli.json('signal', 'r', 'approve', '[1]')).toMatchObject({
      code: 2,
      error: { code: 'invalid-signal' },
    })
    expect(await cli.json('signal', 'r', 'approve', '{"by":7}')).toMatchObject({ code: 0 }) // only the code knows its shape
    await going.said('signal approve refused: by:')
    expect(await cli.json('list', '--status', 'waiting')).toMatchObject({
      result: [{ id: 'r', state: 'review' }],
    })
  })
})

describe('an interrupted run', () => {
  test.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s it is finished by `resume`', async ([signal, code], { cli }) => {
    const going = cli.begin(['run', ARTICLE, '--input', SLOW, '--id', 'slow'])
    await going.said('started in draft')
    going.child.kill(signal)
    const interrupted = await going.ended
    expect(interrupted.code).toBe(code)
    expect(interrupted.out).toBe('')
    expect(interrupted.err).toContain(`stepwright resume ${ARTICLE} --run slow\n`)
    const resumed = await cli.json('resume', ARTICLE, '--run', 'slow')
    expect(resumed).toMatchObject({
      code: 0,
      result: [{ run: 'slow', status: 'completed', output: { text: 'on cats' } }],
    })
  })

  test.for(['SIGINT', 'SIGKILL'] as const)(
    'after %s it is finished by `run` with the same id and input',
    async (signal, { cli }) => {
      const words = ['run', ARTICLE, '--input', SLOW, '--id', 'slow']
      const going = cli.begin(words)
      await going.said('started in draft')
      going.child.kill(signal)
      await going.ended
      const { code, out, err } = await cli.run(words)
      expect(err).toContain('slow was started before; it goes on')
      expect(err).not.toContain('started in draft')
      expect(out).toContain('on cats')
      expect(code).toBe(0)
    },
  )

  test('after SIGKILL it is finished by `resume`', async ({ cli }) => {
    const going = cli.begin(['run', ARTICLE, '--input', SLOW, '--id', 'slow'])
    await going.said('started in draft')
    going.child.kill('SIGKILL')
    await going.ended
    const { code, out, err } = await cli.run(['resume', ARTICLE])
    expect(err.match(/taken over from a worker that died/g)).toHaveLength(1)
    expect(out).toContain('slow completed in published\n')
    expect(code).toBe(0)
  })
})

describe('stepwright resume', () => {
  test('says what each run of a session does, and ends with 3 where one waits', async ({ cli }) => {
    const going = cli.begin([
      'run',
      ARTICLE,
      '--input',
      '{"topic":"cats"}',
      '--id',
      'one',
      '--session',
      'ada',
    ])
    await going.said('waits in review')
    going.child.kill('SIGKILL')
    await going.ended
    await cli.run([
      'run',
      ARTICLE,
      '--input',
      '{"topic":"dogs","review":false}',
      '--id',
      'two',
      '--session',
      'ada',
    ])
    const { code, out } = await cli.run(['resume', ARTICLE, '--session', 'ada', '-q'])
    expect(out).toBe('two completed in published\none waits in review for approve or revise\n')
    expect(code).toBe(3)
    expect(await cli.json('signal', 'one', 'approve', '{"by":"ada"}')).toMatchObject({ code: 0 })
    const after = await cli.json('resume', ARTICLE)
    expect(after).toMatchObject({
      code: 0,
      result: [{ run: 'one', status: 'completed', output: { by: 'ada' } }],
    })
    expect(await cli.json('resume', ARTICLE)).toMatchObject({ code: 0, result: [] })
    expect(await cli.json('resume', ARTICLE, '--session', 'bob')).toMatchObject({
      code: 2,
      error: { code: 'unknown-run' },
    })
    expect(await cli.json('resume', fixture('pair.ts'), '--run', 'one')).toMatchObject({
      code: 2,
      error: { code: 'unknown-workflow' },
    })
  })

  test('--watch drives what is started and signalled elsewhere, until it is interrupted', async ({ cli }) => {
    const going = cli.begin(['run', ARTICLE, '--input', '{"topic":"cats"}', '--id', 'one'])
    await going.said('waits in review')
    going.child.kill('SIGINT')
    await going.ended
    const watching = cli.begin(['resume', ARTICLE, '--watch'])
    await watching.said('driving article in sqlite:stepwright.db until Ctrl-C')
    await cli.run(['signal', 'one', 'approve', '{"by":"bob"}'])
    await watching.said('completed in published')
    watching.child.kill('SIGTERM')
    expect(await watching.ended).toMatchObject({ code: 143, out: '' })
  })
})

test('resume ends where a run stands in a state that the file does not have', async ({ cli }) => {
  const [OLD, CUT] = [fixture('memo.ts'), fixture('memo-cut.ts')]
  await cli.run(['run', OLD, '--id', 'm', '--input', '{"text":"hello"}', '--no-follow'])
  await cli.run(['signal', 'm', 'send'])
  await cli.run(['resume', OLD])
  const { code, out, err } = await cli.run(['resume', CUT])
  expect({ code, out }).toEqual({ code: 3, out: 'm waits in review\n' })
  expect(err).toContain(`m stands in "review", which memo in ${CUT} does not have`)
})
