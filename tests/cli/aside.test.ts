import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { ArticleWorkflow } from './fixtures/article.ts'
import { OrderWorkflow } from './fixtures/order.ts'
import { VigilWorkflow } from './fixtures/vigil.ts'

const ARTICLE = fixture('article.ts')
const ORDER = fixture('order.ts')
const VIGIL = fixture('vigil.ts')

describe('a command that follows runs is never silent about one that stands still', () => {
  test('a child run that another process has paused is told of, with what lets it go on', async ({ cli }) => {
    const going = cli.begin(['run', ORDER, '--id', 'one', '--input', '{"cents":1,"next":"opinion"}'])
    await going.said(`npx stepwright signal one/opinion/1 tell`)
    await cli.run(['pause', 'one/opinion/1', '--as', 'bo'])
    await going.said(`one/opinion/1 paused in ask\n  npx stepwright resume ${ORDER} --run one/opinion/1\n`)
    await cli.run(['pause', 'one'])
    await going.said(`npx stepwright resume ${ORDER} --run one\n`)
    await cli.run(['resume', '--run', 'one', '--run', 'one/opinion/1'])
    await cli.run(['signal', 'one/opinion/1', 'tell', '{"by":"eve"}'])
    const { code, out, err } = await going.ended
    expect({ code, out }).toEqual({ code: 0, out: 'sent { cents: 1 }\n' })
    expect(err.match(/one\/opinion\/1 paused in ask/g)).toHaveLength(1)
  })

  test('a pause that waits for the handler at work is told of; Ctrl-C leaves the run resumable', async ({
    cli,
  }) => {
    const words = ['--input', '{"topic":"cats","ms":60000}', '--id', 'a']
    const going = cli.begin(['run', ARTICLE, ...words])
    await going.said('started in draft')
    const asked = await cli.run(['pause', 'a', '--as', 'bo', '--reason', 'lunch'])
    expect(asked.out).toBe('a is asked to pause; it is running in draft\n')
    await going.said('by bo: lunch; what is at work in draft may end first\n')
    going.child.kill('SIGINT')
    const { code, err } = await going.ended
    expect(code).toBe(130)
    expect(err).toContain(`Run a can be resumed:\n  npx stepwright resume ${ARTICLE} --run a\n`)
  })

  test('resume says where its runs stand that time will move, and how those go on that stand still', async ({
    cli,
  }) => {
    await cli.settled(VigilWorkflow, 'v', { next: 'nap' })
    const going = cli.begin(['resume', VIGIL])
    await going.said('v waits in nap until ')
    await cli.run(['pause', 'v'])
    const { code, out, err } = await going.ended
    expect({ code, out }).toEqual({ code: 3, out: 'v paused in nap\n' })
    expect(err).toContain(`v paused in nap\n  npx stepwright resume ${VIGIL} --run v\n`)
  })

  test('resume --watch tells of what others pause, and not of what stood still before', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'old', { topic: 'cats' })
    await cli.settled(ArticleWorkflow, 'new', { topic: 'cats' })
    await cli.run(['pause', 'old'])
    const going = cli.begin(['resume', ARTICLE, '--watch'])
    await going.said('until Ctrl-C')
    await cli.run(['pause', 'new'])
    await going.said(`new paused in review\n  npx stepwright resume ${ARTICLE} --run new\n`)
    await cli.run(['resume', '--run', 'new'])
    going.child.kill('SIGINT')
    expect((await going.ended).err).not.toContain('old paused')
  })
})

describe('what was asked of a run and not yet taken', () => {
  test('stands in show and list, until a worker has done it', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'one', { cents: 1 })
    await cli.settled(OrderWorkflow, 'two', { cents: 1 })
    await cli.run(['cancel', 'one', '--as', 'bo:chief', '--reason', 'too late'])
    const shown = await cli.run(['show', 'one'])
    expect(shown.out).toMatch(/\n {2}asked {6}cancel asked for (now|.* ago) by bo \(chief\): too late\n/)
    expect((await cli.json('show', 'one')).result).toMatchObject({
      status: 'waiting',
      asked: [{ verb: 'cancel', by: { id: 'bo', roles: ['chief'] }, reason: 'too late' }],
    })
    const { out } = await cli.run(['list'])
    expect(out).toMatch(/one +order@1 +waiting .*, cancel asked for (now|[\d.]+m?s ago) by bo \(chief\)/)
    expect(out).not.toMatch(/two .*cancel/)
    const listed = (await cli.json('list')).result as readonly { id: string; asked?: unknown }[]
    expect(listed.map(({ id, asked }) => [id, asked !== undefined])).toEqual([
      ['two', false],
      ['one', true],
    ])
    await cli.run(['resume', ORDER, '--run', 'one'])
    expect((await cli.json('show', 'one')).result).not.toHaveProperty('asked')
  })
})
