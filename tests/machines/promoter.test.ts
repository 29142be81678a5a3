import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createModelServer, type ModelServer } from 'stepwright/testing'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'stepwright-promoter-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Four pages at once, six questions each. */
const MOST_IN_FLIGHT = 24

/** `npm start` as it is, with the model on a server whose calls the test counts. */
function start(name: string, url: string, args: readonly string[] = []) {
  const child = spawn(
    join(root, 'node_modules/.bin/node'),
    [
      '--import',
      'tsx',
      'machines/promoter/main.ts',
      '--store',
      `sqlite:${join(dir, name)}.db`,
      '--outbox',
      join(dir, name),
      '--quiet',
      ...args,
    ],
    {
      cwd: root,
      env: { ...process.env, OPENAI_API_KEY: 'offline', OPENAI_BASE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let out = ''
  child.stdout.on('data', (part: Buffer) => (out += part.toString()))
  child.stderr.on('data', (part: Buffer) => (out += part.toString()))
  const ended = new Promise<{ code: number | null; out: string }>((resolve) =>
    child.once('exit', (code) => resolve({ code, out })),
  )
  return { child, ended }
}

const mails = (name: string): string[] => readdirSync(join(dir, name)).sort()

describe('the plug-in promoter', () => {
  let undisturbed = 0

  it('writes one mail for every shop it can summarize, and says why for the other', async () => {
    await using server = await createModelServer()
    const { code, out } = await start('calm', server.url).ended
    expect(out).toContain('7 of 8 mails sent')
    expect(out).toMatch(/tidewick-telescopes +skipped +the page has only 5 words/)
    expect(code).toBe(0)
    expect(mails('calm')).toHaveLength(7)
    for (const name of mails('calm')) {
      const text = readFileSync(join(dir, 'calm', name), 'utf8')
      expect(text).toMatch(/^From: .+\r$/m)
      expect(text).toMatch(/^Subject: .+/m)
      expect(text).toMatch(/^Message-ID: <.+>/m)
    }
    undisturbed = server.counts.completions
    const again = await start('calm', server.url).ended
    expect(again.out).toContain('7 of 8 mails sent')
    expect(server.counts.completions).toBe(undisturbed)
  })

  it('asks a person with --approve, and takes no for an answer', async () => {
    await using server = await createModelServer()
    const child = spawn(
      join(root, 'node_modules/.bin/node'),
      [
        '--import',
        'tsx',
        'machines/promoter/main.ts',
        '--approve',
        '--store',
        `sqlite:${join(dir, 'ask')}.db`,
        '--outbox',
        join(dir, 'ask'),
      ],
      { cwd: root, env: { ...process.env, OPENAI_API_KEY: 'offline', OPENAI_BASE_URL: server.url } },
    )
    let out = ''
    let asked = 0
    child.stderr.on('data', (part: Buffer) => {
      const questions = part.toString().split('Send it?').length - 1
      for (let i = 0; i < questions; i++) child.stdin.write(asked++ === 0 ? 'too loud\n' : 'y\n')
    })
    child.stdout.on('data', (part: Buffer) => (out += part.toString()))
    await new Promise((resolve) => child.once('exit', resolve))
    expect(asked).toBe(7)
    expect(out).toContain('6 of 8 mails sent')
    expect(out).toMatch(/rejected +terminal: too loud/)
    expect(mails('ask')).toHaveLength(6)
  })

  it(
    'I3 I4 killed 20 times: every page ends with one mail, and no saved call is paid twice',
    { timeout: 180_000 },
    async () => {
      // a server for each life, so that it is known which of them paid for a call
      await using servers = new AsyncDisposableStack()
      const lives: ModelServer[] = []
      const live = async () => {
        const server = servers.use(await createModelServer({ latencyMs: 60 }))
        lives.push(server)
        return { server, ...start('killed', server.url) }
      }
      let kills = 0
      let seed = 42
      const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647
      while (kills < 20) {
        const { server, child, ended } = await live()
        while (server.counts.requests === 0 && child.exitCode === null) await sleep(2)
        await sleep(random() * 250)
        if (child.exitCode !== null) break
        child.kill('SIGKILL')
        kills += 1
        await ended
      }
      expect(kills).toBeGreaterThanOrEqual(15) // it may be done before the last kill
      const { out } = await (await live()).ended
      expect(out).toContain('7 of 8 mails sent')
      expect(mails('killed')).toEqual(mails('calm'))
      for (const name of mails('calm')) {
        expect(readFileSync(join(dir, 'killed', name), 'utf8')).toBe(
          readFileSync(join(dir, 'calm', name), 'utf8'),
        )
      }
      // paid twice is only what was in flight at a kill: of a page, nothing had gone on from it in that life
      const paid = lives.map(({ calls }) =>
        calls.filter(({ status }) => status === 200).map(({ idempotencyKey = '' }) => idempotencyKey),
      )
      const keys = paid.flat()
      expect(new Set(keys).size).toBe(undisturbed)
      const visitOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))
      const runOf = (key: string): string => key.slice(0, key.indexOf('/'))
      const wrong = paid.flatMap((own, life) =>
        own.filter((key, i) => {
          const again = [own.slice(i + 1), ...paid.slice(life + 1)].flat().includes(key)
          const on = own
            .slice(i + 1)
            .some((next) => runOf(next) === runOf(key) && visitOf(next) !== visitOf(key))
          return again && on
        }),
      )
      expect(wrong).toEqual([])
      expect(keys.length - undisturbed).toBeLessThanOrEqual(kills * MOST_IN_FLIGHT)
    },
  )
})
