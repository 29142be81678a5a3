import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'

const ARTICLE = fixture('article.ts')
const INPUT = '{"topic":"cats","review":false}'

describe('stepwright schedule', () => {
  test('schedules are made, looked at, changed and removed; only checks of input need the file', async ({
    cli,
  }) => {
    const words = ['schedule', 'create', 'night', ARTICLE, '--input', INPUT]
    const when = ['--cron', '30 2 * * *', '--cron', '0 4 1 * *', '--time-zone', 'Europe/Berlin']
    const made = await cli.run([...words, ...when, '--overlap', 'buffer-one', '--note', 'for ada'])
    expect(made.out).toMatch(/^night 30 2 \* \* \* \| 0 4 1 \* \* Europe\/Berlin; next \d{4}-.*\(in .*\)\n$/)
    expect(made.err).toContain(`npx stepwright resume ${ARTICLE} --watch\n`)
    const same = await cli.json(...words, ...when, '--overlap', 'buffer-one', '--note', 'for ada')
    expect(same).toMatchObject({
      code: 0,
      result: { id: 'night', workflow: 'article', overlap: 'buffer-one' },
    })
    expect(await cli.json(...words, '--every', '1h')).toMatchObject({
      code: 2,
      error: { code: 'schedule-exists' },
    })
    const shown = await cli.run(['schedule', 'show', 'night'])
    expect(shown.out).toMatch(/^night {2}active\n/)
    expect(shown.out).toContain("input      { topic: 'cats', review: false }\n")
    expect(shown.out).toContain('catch-up   1m\n')
    const changed = await cli.run([
      ...['schedule', 'update', 'night', '--every', '90m', '--unset', 'note', 'overlap', 'time-zone'],
    ])
    expect(changed.out).toContain('night every 1h 30m; next ')
    expect((await cli.json('schedule', 'show', 'night')).result).toMatchObject({
      every: 5_400_000,
      overlap: 'skip',
      timeZone: 'UTC',
    })
    const unchecked = await cli.json('schedule', 'update', 'night', '--input', INPUT)
    expect(unchecked).toMatchObject({ code: 2, error: { code: 'invalid-options' } })
    expect(unchecked.error?.remedy).toContain('Name the file')
    const unfit = await cli.json('schedule', 'update', 'night', ARTICLE, '--input', '{"topic":3}')
    expect(unfit).toMatchObject({ code: 2, error: { code: 'invalid-input' } })
    const checked = await cli.json('schedule', 'update', 'night', ARTICLE, '--input', '{"topic":"dogs"}')
    expect(checked).toMatchObject({ code: 0, result: { input: { topic: 'dogs' } } })
    expect((await cli.run(['schedule', 'pause', 'night', '--note', 'moving'])).out).toBe(
      'night every 1h 30m; paused\n',
    )
    const listed = await cli.run(['schedule', 'list'])
    expect(listed.out).toMatch(
      /^SCHEDULE +WORKFLOW +WHEN +NEXT +GOING +STARTED +PROBLEM\nnight +article +every 1h 30m +paused +0 +0\n$/,
    )
    expect(await cli.json('schedule', 'resume', 'night')).toMatchObject({ result: { paused: false } })
    const next = await cli.json('schedule', 'next', 'night', '--limit', '2')
    const [first = '', second = ''] = (next.result as { next: string[] }).next
    expect(Date.parse(second) - Date.parse(first)).toBe(5_400_000)
    expect(await cli.json('schedule', 'delete', 'night')).toMatchObject({
      code: 0,
      result: { schedule: 'night', deleted: true },
    })
    expect((await cli.run(['schedule', 'list'])).err).toBe('No schedules\n')
  })

  test('runs are started by hand and followed, or left to workers', async ({ cli }) => {
    const made = [
      'schedule',
      'create',
      'night',
      ARTICLE,
      '--input',
      INPUT,
      '--cron',
      '30 2 * * *',
      '--paused',
    ]
    expect((await cli.run(made)).out).toBe('night 30 2 * * * UTC; paused\n')
    const followed = await cli.run(['schedule', 'run', 'night', ARTICLE])
    expect(followed).toMatchObject({ code: 0 })
    expect(followed.out).toContain("published { text: 'on cats', by: 'nobody' }\n")
    const left = await cli.json('schedule', 'run', 'night', ARTICLE, '--no-follow')
    expect(left).toMatchObject({ code: 0, result: { status: 'pending', state: 'draft' } })
    const { run } = left.result as { run: string }
    expect((await cli.run(['show', run])).out).toContain('schedule   night\n')
    const range = ['--from', '2026-05-01', '--to', '2026-05-03T00:00Z']
    const named = await cli.json('schedule', 'backfill', 'night', ARTICLE, ...range, '--no-follow')
    const runs = ['night/2026-05-01T02:30:00.000Z', 'night/2026-05-02T02:30:00.000Z']
    expect(named).toMatchObject({ code: 0, result: { schedule: 'night', runs } })
    const driven = await cli.json('schedule', 'backfill', 'night', ARTICLE, ...range)
    expect(driven).toMatchObject({
      code: 0,
      result: runs.map((id) => ({ run: id, status: 'completed' })),
    })
    expect((await cli.json('schedule', 'show', 'night')).result).toMatchObject({ counts: { started: 4 } })
  })

  test('what is due is started by whoever drives', async ({ cli }) => {
    const words = ['schedule', 'create', 'soon', ARTICLE, '--input', INPUT, '--every', '1s', '--times', '1']
    await cli.run(words)
    const going = cli.begin(['resume', ARTICLE, '--watch'])
    await going.said('completed in published')
    const over = await cli.run(['schedule', 'next', 'soon'])
    expect(over).toMatchObject({ code: 0, out: '', err: 'Nothing is due any more\n' })
  })

  test('bad input', async ({ cli }) => {
    const create = ['schedule', 'create', 'x', ARTICLE, '--input', INPUT]
    await cli.run([...create, '--every', '1h'])
    const BAD: readonly (readonly [words: readonly string[], code: string])[] = [
      [['schedule', 'show', 'none'], 'unknown-schedule'],
      [['schedule', 'pause', 'none'], 'unknown-schedule'],
      [['schedule', 'delete', '__proto__'], 'unknown-schedule'],
      [['schedule', 'run', 'none', ARTICLE], 'unknown-schedule'],
      [['schedule', 'run', 'x', fixture('pair.ts')], 'unknown-workflow'],
      [['schedule', 'create', 'y', ARTICLE, '--input', '{}', '--every', '1h'], 'invalid-input'],
      [['schedule', 'create', 'y', ARTICLE, '--input', INPUT], 'invalid-schedule'],
      [['schedule', 'create', 'y', ARTICLE, '--input', INPUT, '--cron', 'daily'], 'invalid-schedule'],
      [['schedule', 'update', 'x', '--time-zone', 'Mars'], 'invalid-schedule'],
      [
        ['schedule', 'backfill', 'x', ARTICLE, '--from', '2026-05-02', '--to', '2026-05-01'],
        'invalid-schedule',
      ],
    ]
    for (const [words, code] of BAD)
      expect([words, await cli.json(...words)]).toMatchObject([words, { code: 2, error: { code } }])
  })
})
