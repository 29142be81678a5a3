import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, vi } from 'vitest'
import { fixture, test } from './command-line.ts'

const [k1, k2] = [1, 2].map((byte) => `k${byte}:${Buffer.alloc(32, byte).toString('base64')}`)
const input = JSON.stringify({ token: 'token-12345', payer: 'Ada', mode: 'good' })

afterEach(() => void vi.unstubAllEnvs())

describe('an encrypted store', () => {
  test('is begun, read and rekeyed with keys of the environment', async ({ cli }) => {
    const show = () => cli.json('show', 'c', '--unmask')
    await cli.run(['run', fixture('card.ts'), '--id', 'c', '--no-follow', '--input', input])
    expect((await cli.json('rekey', '--plain')).error?.code).toBe('invalid-options')
    vi.stubEnv('STEPWRIGHT_KEYS', k1)
    expect(await show()).toMatchObject({ code: 4, error: { code: 'corrupt-document' } })
    expect((await cli.json('rekey', '--plain')).code).toBe(0)
    expect(await show()).toMatchObject({ code: 0, result: { data: { token: 'token-12345' } } })
    vi.stubEnv('STEPWRIGHT_KEYS', '')
    const file = join(cli.folder, 'keys')
    writeFileSync(file, `${k2}\n${k1}\n`)
    vi.stubEnv('STEPWRIGHT_KEYS_FILE', file)
    expect((await cli.run(['rekey'])).out).toMatch(/^[1-9]\d* rows encrypted/)
    await cli.run(['backup', 'sealed.jsonl'])
    expect(readFileSync(join(cli.folder, 'sealed.jsonl'), 'utf8')).not.toContain('token-12345')
    writeFileSync(file, k2 ?? '')
    expect((await show()).code).toBe(0)
    writeFileSync(file, k1 ?? '')
    expect(await show()).toMatchObject({
      code: 4,
      error: { code: 'key-missing', details: { missing: 'k2' } },
    })
    vi.stubEnv('STEPWRIGHT_KEYS_FILE', join(cli.folder, 'none'))
    expect((await show()).error?.code).toBe('invalid-options')
  })
})
