import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'
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
