import { describe, expect } from 'vitest'
import { fixture, test } from './command-line.ts'

const BLOCKED = fixture('blocked.ts')

describe('a handler that blocks the event loop', () => {
  test('ends the process where --kill-after says so, and the run is left as it was', async ({ cli }) => {
    await cli.run(['run', BLOCKED, '--id', 'spin', '--no-follow'])
    const worker = cli.begin(['resume', BLOCKED, '--watch', '--kill-after', '200ms'])
    const { code, err } = await worker.ended
    expect({ code, signal: worker.child.signalCode }).toEqual({ code: null, signal: 'SIGKILL' })
    expect(err).toContain('has blocked the event loop for 200 ms; this process is ended. At work: "spin"\n')
    const shown = await cli.json('show', 'spin')
    expect(shown.result).toMatchObject({ status: 'running', state: 'spin' })
  })

  test('--kill-after needs the code to drive', async ({ cli }) => {
    expect(await cli.json('resume', '--kill-after', '1s')).toMatchObject({
      code: 2,
      error: { message: expect.stringContaining('--kill-after is given, and no file') as string },
    })
  })
})
