import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
import { ArticleWorkflow } from './fixtures/article.ts'
import { OrderWorkflow } from './fixtures/order.ts'

const ORDER = fixture('order.ts')

describe('a file that was forgotten', () => {
  test('retry says so of one run and of several, and that the file stands last', async ({ cli }) => {
    for (const id of ['a', 'b']) await cli.settled(OrderWorkflow, id, { cents: -1 })
    const one = await cli.json('retry', 'a')
    expect(one).toMatchObject({
      code: 2,
      error: {
        code: 'invalid-options',
        message: '"a" is a run in sqlite:stepwright.db, where the file with its workflow is to be named',
        remedy: 'Name the file that exports order at the end of npx stepwright retry a',
      },
    })
    const two = await cli.json('retry', 'a', 'b', '--no-follow')
    expect(two.error?.remedy).toBe('Name the file that exports order at the end of npx stepwright retry a b')
    const turned = await cli.json('retry', ORDER, 'a')
    expect(turned.error?.remedy).toBe(`The file stands last: npx stepwright retry a ${ORDER}`)
    const neither = await cli.json('retry', 'nobody')
    expect(neither).toMatchObject({
      code: 2,
      error: { message: expect.stringContaining('nobody') as string },
    })
  })

  test('resume and run say how the run goes on that was named in its place', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'a b', { cents: 1 })
    for (const verb of ['resume', 'run'])
      expect(await cli.json(verb, 'a b', '--store', 'sqlite:stepwright.db')).toMatchObject({
        code: 2,
        error: {
          code: 'invalid-options',
          remedy: expect.stringContaining(
            `npx stepwright resume --run 'a b' --store sqlite:stepwright.db; to drive it here, name the file that exports order`,
          ) as string,
        },
      })
  })
})

describe('hints', () => {
  test('name the file that the command was given, and are otherwise complete but for it', async ({ cli }) => {
    await cli.settled(OrderWorkflow, 'a', { cents: -1 })
    expect((await cli.run(['show', 'a', ORDER])).out).toContain(`  npx stepwright retry a ${ORDER}\n`)
    const bare = await cli.run(['show', 'a'])
    expect(bare.out).toContain(`  npx stepwright retry a\n`)
    expect(bare.out).toContain(`  with the file that exports order at its end\n`)
    expect(await cli.run(['retry', 'a', ORDER])).toMatchObject({ code: 1 })
  })
})

describe('a filter by a name that is misspelt', () => {
  test('finds nothing, and says which names there are, close ones first', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'a', { topic: 'cats' })
    await cli.settled(OrderWorkflow, 'o', { cents: 1 })
    const listed = await cli.run(['list', '--workflow', 'artcle'])
    expect(listed).toEqual({
      code: 0,
      out: '',
      err: 'No runs\nthere is no workflow "artcle" in sqlite:stepwright.db; there is "article", "order", "second-opinion"\n',
    })
    const { code, out, err } = await cli.run(['list', '--workflow', 'oder', '--json'])
    expect({ code, out }).toEqual({ code: 0, out: '[]\n' })
    expect(JSON.parse(err)).toEqual({
      warning: expect.stringMatching(/^there is no workflow "oder" .*; there is "order", /) as string,
    })
    const state = await cli.run(['list', '--state', 'reviw', '--workflow', 'article'])
    expect(state.err).toContain('there is no state "reviw" in sqlite:stepwright.db; there is "review", ')
    expect(state.err).not.toContain('"ship"')
    expect((await cli.run(['count', '--session', 'oo'])).err).toContain('there is "o", "a"\n')
    const cancelled = await cli.run(['cancel', '--workflow', 'Order', '--yes'])
    expect(cancelled).toMatchObject({ code: 0, out: '' })
    expect(cancelled.err).toContain('there is "order", ')
    const retried = await cli.run(['retry', ORDER, '--state', 'chrge', '--yes'])
    expect(retried.err).toContain('there is no state "chrge"')
  })

  test('says nothing of names that are right, and of a store without runs', async ({ cli }) => {
    await cli.settled(ArticleWorkflow, 'a', { topic: 'cats' })
    for (const words of [
      ['--state', 'published'],
      ['--workflow', 'article', '--status', 'failed'],
    ])
      expect((await cli.run(['list', ...words])).err).toBe('No runs\n')
  })
})
