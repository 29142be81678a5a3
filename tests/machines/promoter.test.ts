import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createModelServer } from 'stepwright/testing'

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
      await using server = await createModelServer({ latencyMs: 60 })
      const kills: number[] = []
      let seed = 42
      const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647
      while (kills.length < 20) {
        const { child, ended } = start('killed', server.url)
        const after = server.counts.requests
        while (server.counts.requests === after && child.exitCode === null) await sleep(2)
        await sleep(random() * 250)
        if (child.exitCode !== null) break
        child.kill('SIGKILL')
        kills.push(Date.now())
        await ended
      }
      expect(kills.length).toBeGreaterThanOrEqual(15) // it may be done before the last kill
      const { out } = await start('killed', server.url).ended
      expect(out).toContain('7 of 8 mails sent')
      expect(mails('killed')).toEqual(mails('calm'))
      for (const name of mails('calm')) {
        expect(readFileSync(join(dir, 'killed', name), 'utf8')).toBe(
          readFileSync(join(dir, 'calm', name), 'utf8'),
        )
      }
      // paid twice is only what was in flight at a kill: of a page, nothing had gone on from it in that life
      const paid = server.calls.filter(({ status }) => status === 200)
      const keys = paid.map(({ idempotencyKey = '' }) => idempotencyKey)
      expect(new Set(keys).size).toBe(undisturbed)
      const visitOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))
      const runOf = (key: string): string => key.slice(0, key.indexOf('/'))
      const wrong = keys.filter((key, i) => {
        if (keys.indexOf(key, i + 1) < 0) return false
        const death = kills.find((kill) => kill >= (paid[i]?.at ?? 0) - 50) ?? Infinity // no process starts within 50 ms
        return keys.some(
          (other, j) =>
            j > i &&
            (paid[j]?.at ?? 0) < death &&
            runOf(other) === runOf(key) &&
            visitOf(other) !== visitOf(key),
        )
      })
      expect(wrong).toEqual([])
      expect(keys.length - undisturbed).toBeLessThanOrEqual(kills.length * MOST_IN_FLIGHT)
      expect(server.counts.completions).toBeGreaterThanOrEqual(undisturbed)
    },
  )
})
