import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createEngine, type WatchdogOptions } from 'stepwright'
import { paid, ShopWorkflow } from '../support/shop.ts'

const block = fileURLToPath(new URL('fixtures/block.ts', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

/** A process whose event loop is blocked for 700 ms. */
function run(watchdog: false | WatchdogOptions, where: 'handler' | 'outside', node: readonly string[] = []) {
  return new Promise<End>((resolve) => {
    const args = ['--import', 'tsx', ...node, block, JSON.stringify(watchdog), where]
    const child = execFile(process.execPath, args, { cwd: root, timeout: 20_000 }, (_, out, err) =>
      resolve({ code: child.exitCode, signal: child.signalCode, out, err }),
    )
  })
}

const said = /^stepwright: a handler has blocked the event loop for 200 ms.*$/gm

describe.concurrent('the watchdog', () => {
  it('says once which runs were at work while the loop was blocked, and the process goes on', async () => {
    const { code, out, err } = await run({ after: 200 }, 'handler')
    expect({ code, out }).toEqual({ code: 0, out: 'went on\n' })
    expect(err.match(said)).toEqual([
      'stepwright: a handler has blocked the event loop for 200 ms. At work: "the \\"first\\""',
    ])
  })

  it('ends the process where it is told to', async () => {
    const { signal, out, err } = await run({ after: '200ms', then: 'kill' }, 'handler')
    expect({ signal, out }).toEqual({ signal: 'SIGKILL', out: '' })
    expect(err.match(said)).toEqual([
      'stepwright: a handler has blocked the event loop for 200 ms; this process is ended. At work: "the \\"first\\""',
    ])
  })

  it.each([
    ['blocked for less than it allows', { after: '2s', then: 'kill' } as const, 'handler' as const, []],
    ['switched off', false as const, 'handler' as const, []],
    ['no run at work', { after: '200ms', then: 'kill' } as const, 'outside' as const, []],
    ['a debugger', { after: '200ms', then: 'kill' } as const, 'handler' as const, ['--inspect=0']],
  ])('leaves alone: %s', async (_what, watchdog, where, node) => {
    const { code, signal, out, err } = await run(watchdog, where, node)
    expect({ code, signal, out }).toEqual({ code: 0, signal: null, out: 'went on\n' })
    expect(err.match(said)).toBeNull()
  })
})

it('an unknown reaction of the watchdog is refused', () => {
  const make = (then: string) => () =>
    createEngine({
      workflows: [ShopWorkflow],
      resources: { hands: paid },
      watchdog: { then: then as 'warn' },
    })
  expect(make('bark')).toThrow('watchdog.then is "bark"')
})
