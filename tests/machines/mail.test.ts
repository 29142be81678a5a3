import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { renderMail, writeMail, type MailDraft } from '../../machines/promoter/mail.ts'

const DRAFT: MailDraft = {
  from: 'Plug-in workshop <hello@workshop.example>',
  to: 'hello@kiln-and-clay.example',
  subject: 'A waiting list for your firings',
  body: 'Dear potters,\n\nsomething new.\n',
  messageId: 'run-7.mail@workshop.example',
  date: new Date('2031-05-06T07:08:09Z'),
}

interface Parsed {
  readonly headers: readonly (readonly [key: string, value: string])[]
  readonly body: string
}

/** Reads a mail as RFC 5322 and RFC 2045 have it, and fails for anything that is not in there. */
function parse(bytes: Buffer): Parsed {
  const text = bytes.toString('latin1')
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]|[^\t\x20-\x7e]/)
  for (const line of text.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
  const gap = text.indexOf('\r\n\r\n')
  const headers = text
    .slice(0, gap)
    .replaceAll(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .map((line) => {
      const [, key = '', value = ''] = /^([!-9;-~]+): ?(.*)$/.exec(line) ?? []
      expect(key, line).not.toBe('')
      return [key, decodeWords(value)] as const
    })
  return { headers, body: decodeQuoted(text.slice(gap + 4).replaceAll('=\r\n', '')) }
}

function decodeWords(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([qb])\?(.*?)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === 'q'
        ? decodeQuoted(word.replaceAll('_', ' '))
        : Buffer.from(word, 'base64').toString(),
    )
}

function decodeQuoted(text: string): string {
  const raw = text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(raw, 'latin1').toString('utf8')
}

/** The last line of a mail is a whole line, if there is any. */
function ended(body: string): string {
  return body === '' || body.endsWith('\r\n') ? body : `${body}\r\n`
}

function valuesOf({ headers }: Parsed, name: string): readonly string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
}

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mail-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

describe('a mail', () => {
  it('has the headers of its draft, and parses back', async () => {
    const mail = parse(await renderMail({ ...DRAFT, headers: { 'X-Run': 'kiln-7' } }))
    expect(valuesOf(mail, 'from')).toEqual(['"Plug-in workshop" <hello@workshop.example>'])
    expect(valuesOf(mail, 'to')).toEqual(['hello@kiln-and-clay.example'])
    expect(valuesOf(mail, 'subject')).toEqual([DRAFT.subject])
    expect(valuesOf(mail, 'message-id')).toEqual(['<run-7.mail@workshop.example>'])
    expect(valuesOf(mail, 'date')).toEqual(['Tue, 06 May 2031 07:08:09 +0000'])
    expect(valuesOf(mail, 'x-run')).toEqual(['kiln-7'])
    expect(valuesOf(mail, 'mime-version')).toEqual(['1.0'])
    expect(valuesOf(mail, 'content-type')).toEqual(['text/plain; charset=utf-8'])
    expect(valuesOf(mail, 'content-transfer-encoding')).toEqual(['quoted-printable'])
    expect(mail.body).toBe('Dear potters,\r\n\r\nsomething new.\r\n')
  })

  it('is the same for the same draft', async () => {
    expect(await renderMail(DRAFT)).toEqual(await renderMail({ ...DRAFT }))
  })

  it('keeps any subject and body', async () => {
    const unit = fc.oneof(
      fc.constantFrom('ä', '🎉', '=', '.', ' ', '_', '?', 'Grüße'),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    )
    const line = fc
      .array(unit, { maxLength: 60 })
      .map((units) => units.join('').replaceAll(/[\p{Cc}\u2028\u2029]/gu, ''))
    await fc.assert(
      fc.asyncProperty(line, fc.array(line, { maxLength: 5 }), async (subject, lines) => {
        const mail = parse(await renderMail({ ...DRAFT, subject, body: lines.join('\n') }))
        expect(valuesOf(mail, 'subject').join('')).toBe(subject.trim())
        expect(mail.body).toBe(ended(lines.join('\r\n')))
      }),
      { numRuns: 200 },
    )
  })

  it('has a long subject and body in lines of at most 78 characters', async () => {
    const body = `${'x'.repeat(3000)}\n${'Ä'.repeat(500)}`
    const bytes = await renderMail({ ...DRAFT, subject: 'Grüße aus dem Ahrwald '.repeat(20), body })
    for (const line of bytes.toString().split('\r\n')) expect(line.length).toBeLessThanOrEqual(78)
    expect(parse(bytes).body).toBe(ended(body.replace('\n', '\r\n')))
  })

  it.each(['\r\n', '\n', '\r', '\r\n ', '\u2028', '\0'])(
    'cannot get a header through a line break %j',
    async (end) => {
      const evil = `${end}Subject: evil${end}Bcc: evil@evil.example${end}${end}evil body`
      const mail = parse(
        await renderMail({
          ...DRAFT,
          subject: `Hello${evil}`,
          to: `hello@kiln-and-clay.example${evil}`,
          from: `Ann${evil.replaceAll('@', ' ')} <ann@workshop.example>`,
          messageId: `id${evil}`,
          headers: { [`X-One${evil}`]: 'one', 'X-Two': `two${evil}` },
        }),
      )
      expect(valuesOf(mail, 'subject')).toHaveLength(1)
      expect(valuesOf(mail, 'subject')[0]).toMatch(/^Hello .*Subject: evil/)
      expect(valuesOf(mail, 'bcc')).toEqual([])
      expect(valuesOf(mail, 'to')).toEqual(['hello@kiln-and-clay.example'])
      expect(valuesOf(mail, 'from')).toHaveLength(1)
      expect(valuesOf(mail, 'message-id')[0]).toMatch(/^<[^\s<>]+>$/)
      expect(mail.body).toBe('Dear potters,\r\n\r\nsomething new.\r\n')
    },
  )

  it.each<[string, string]>([
    ['Kiln, & "Clay" <hello@kiln.example>', '"Kiln, & Clay" <hello@kiln.example>'],
    ['a@kiln.example, b@evil.example', 'a@kiln.example'],
    ['a@kiln.example Bcc: <b@evil.example>', 'a@kiln.example'],
    ['group: a@kiln.example, b@evil.example;', 'a@kiln.example'],
    ['Senfmühle <post@ahrwald.example>', 'Senfmühle <post@ahrwald.example>'],
  ])('goes to one recipient: %s', async (to, found) => {
    const [value = ''] = valuesOf(parse(await renderMail({ ...DRAFT, to })), 'to')
    expect(value.replace(/^"?group:"? /, '').replace(/^<(.*)>$/, '$1')).toBe(found)
  })

  it('is refused without a recipient or a date', async () => {
    await expect(renderMail({ ...DRAFT, to: 'the potters' })).rejects.toThrow(
      'recipient of the mail, "the potters", has no',
    )
    await expect(renderMail({ ...DRAFT, date: new Date('soon') })).rejects.toThrow('not a date')
  })

  it('keeps its own headers', async () => {
    const headers = {
      Subject: 'other',
      to: 'b@evil.example',
      BCC: 'c@evil.example',
      'Content-Type': 'text/html',
      '': 'x',
    }
    const mail = parse(await renderMail({ ...DRAFT, headers }))
    expect(valuesOf(mail, 'subject')).toEqual([DRAFT.subject])
    expect(valuesOf(mail, 'content-type')).toEqual(['text/plain; charset=utf-8'])
    expect(JSON.stringify(mail)).not.toContain('evil')
  })
})

describe('the file of a mail', () => {
  it('is one file however often it is written, with the last content', async () => {
    const folder = join(await scratch(), 'outbox', 'new')
    const first = await writeMail(folder, 'kiln-7', Buffer.from('one'))
    const second = await writeMail(folder, 'kiln-7', Buffer.from('two'))
    expect(second).toBe(first)
    expect(await readdir(folder)).toEqual(['kiln-7.eml'])
    expect(await readFile(second, 'utf8')).toBe('two')
  })

  it('is whole after many writes at the same time', async () => {
    const folder = await scratch()
    const contents = Array.from({ length: 20 }, (_, i) => String(i % 10).repeat(200_000))
    await Promise.all(contents.map((content) => writeMail(folder, 'same', Buffer.from(content))))
    expect(await readdir(folder)).toEqual(['same.eml'])
    expect(contents).toContain(await readFile(join(folder, 'same.eml'), 'utf8'))
  })

  it('cleans up what a crash has left, but not what belongs to another mail', async () => {
    const folder = await scratch()
    const foreign = ['kiln-70.eml.0a1b2c3d.tmp', 'kiln-7.eml.note.tmp', 'kiln-7.txt']
    for (const name of ['kiln-7.eml.0a1b2c3d.tmp', ...foreign]) await writeFile(join(folder, name), 'half')
    await writeMail(folder, 'kiln-7', Buffer.from('whole'))
    expect((await readdir(folder)).sort()).toEqual(['kiln-7.eml', ...foreign].sort())
  })

  it('is not left behind half when it cannot be put in place', async () => {
    const folder = await scratch()
    await writeMail(join(folder, 'taken.eml'), 'inner', Buffer.from('x'))
    await expect(writeMail(folder, 'taken', Buffer.from('x'))).rejects.toThrow()
    expect(await readdir(folder)).toEqual(['taken.eml'])
  })

  it.each<[string, string]>([
    ['../../x', '..-..-x.eml'],
    ['/etc/x', '-etc-x.eml'],
    ['..', '...eml'],
    ['.', '..eml'],
    ['', 'mail.eml'],
    ['a\\b:c\0d', 'a-b-c-d.eml'],
    ['Grüße 1', 'Gr--e-1.eml'],
  ])('stays in its folder: key %j', async (key, name) => {
    const folder = await scratch()
    const path = await writeMail(folder, key, Buffer.from('x'))
    expect(dirname(path)).toBe(folder)
    expect(basename(path)).toBe(name)
    expect(await readdir(folder)).toEqual([name])
  })

  it('has a short name for a long key, another one for another key', async () => {
    const folder = await scratch()
    const one = await writeMail(folder, `${'k'.repeat(5000)}1`, Buffer.from('x'))
    const two = await writeMail(folder, `${'k'.repeat(5000)}2`, Buffer.from('x'))
    expect(one).not.toBe(two)
    expect(basename(one)).toMatch(/^k+-[0-9a-f]{12}\.eml$/)
    expect(basename(one).length).toBeLessThan(130)
  })
})
