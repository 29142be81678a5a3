import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'

/** What a mail is made of. Line breaks in anything but the body become spaces. */
export interface MailDraft {
  /** One address, with or without a name: `Ann <ann@shop.example>`. */
  readonly from: string
  /** One address, with or without a name. Of several, only the first gets the mail. */
  readonly to: string
  readonly subject: string
  /** Plain text with any kind of line ends. The last line gets one if it has none. */
  readonly body: string
  /** With or without angle brackets. Given by the caller, so that the same mail has the same id in every attempt. */
  readonly messageId: string
  readonly date: Date
  /** Further headers. Those that the mail has anyhow cannot be replaced by them. */
  readonly headers?: Readonly<Record<string, string>>
}

const ADDRESS = /[^\s<>(),;:"@]+@[^\s<>(),;:"@]+/

const OWN_HEADER =
  /^(?:from|sender|to|cc|bcc|reply-to|subject|date|message-id|mime-version|content-.*|resent-.*)$/i

/** The longest name of a mail's file, without its ending. */
const LONGEST_KEY = 120

/** How often a file is written again after another process has cleaned up the temporary file. */
const MOST_ATTEMPTS = 5

const underway = new Set<string>()

/**
 * A mail in the form of RFC 5322, as it stands in an `.eml` file. The same draft gives the same bytes.
 *
 * @throws Error for a sender or recipient without an address, or a date that is none.
 */
export async function renderMail(draft: MailDraft): Promise<Buffer> {
  const { from, to, subject, body, messageId, date, headers = {} } = draft
  if (Number.isNaN(date.getTime())) throw new Error('The date of the mail is not a date. Give a valid Date')
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const further = Object.entries(headers).map(
    ([key, value]) => [key.replaceAll(/[^\w-]+/g, '-'), unfold(value)] as const,
  )
  const { message } = await transport.sendMail({
    from: readAddress('sender', from),
    to: readAddress('recipient', to),
    subject: unfold(subject),
    text: body.toWellFormed().replaceAll(/\r\n?/g, '\n'),
    // also for ASCII, whose long lines would be reflowed
    encoding: 'quoted-printable',
    messageId: `<${unfold(messageId).replaceAll(/[\s<>]|[^\x20-\x7e]/g, '')}>`,
    date,
    headers: Object.fromEntries(further.filter(([key]) => key && !OWN_HEADER.test(key))),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  if (!Buffer.isBuffer(message)) throw new Error('Unreachable: the transport has been told to give a buffer')
  return message
}

/**
 * Puts a mail into a folder as `<key>.eml`, whole or not at all: what is there under that name is replaced in one
 * go, so that a repeated write leaves one file. Creates the folder if need be.
 *
 * @param key Characters other than `A-Z a-z 0-9 . _ -` become `-`; a long one is cut and gets a hash at its end.
 * @returns The path of the file.
 */
export async function writeMail(folder: string, key: string, bytes: Uint8Array): Promise<string> {
  const name = fileNameOf(key)
  const path = join(folder, name)
  await mkdir(folder, { recursive: true })
  for (let attempt = 1; ; attempt++) {
    const temporary = `${name}.${randomUUID().slice(0, 8)}.tmp`
    underway.add(temporary)
    try {
      await removeLeftovers(folder, name)
      await writeDurably(join(folder, temporary), bytes)
      await rename(join(folder, temporary), path)
      await syncFolder(folder)
      return path
    } catch (error) {
      // another process that writes the same mail took the temporary file for a leftover
      const wasCleaned = (error as NodeJS.ErrnoException).code === 'ENOENT' && attempt < MOST_ATTEMPTS
      if (!wasCleaned) {
        await rm(join(folder, temporary), { force: true }).catch(() => undefined)
        throw error
      }
    } finally {
      underway.delete(temporary)
    }
  }
}

/** A line for a header: a line break in there would start a header of its own. */
function unfold(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
}

/** Reads one address, so that what follows it in the text of a stranger is no further recipient. */
function readAddress(what: string, text: string): { readonly name: string; readonly address: string } {
  const line = unfold(text)
  const found = ADDRESS.exec(line)
  if (!found)
    throw new Error(`The ${what} of the mail, ${JSON.stringify(line.slice(0, 80))}, has no mail address`)
  const name = line.slice(0, found.index).replaceAll(/["<>\\]/g, '')
  return { name: name.trim(), address: found[0] }
}

function fileNameOf(key: string): string {
  const safe = key.replaceAll(/[^A-Za-z0-9._-]/g, '-') || 'mail'
  if (safe.length <= LONGEST_KEY) return `${safe}.eml`
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 12)
  return `${safe.slice(0, LONGEST_KEY - 13)}-${hash}.eml`
}

/** Temporary files of earlier writes of the same mail that did not come to their end. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const file of await readdir(folder)) {
    const isOurs = file.startsWith(`${name}.`) && /^[0-9a-f]{8}\.tmp$/.test(file.slice(name.length + 1))
    if (isOurs && !underway.has(file)) await rm(join(folder, file), { force: true })
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the new name last as well. Some systems cannot open a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  try {
    await handle?.sync()
  } catch {
    // the file itself is on disk
  } finally {
    await handle?.close()
  }
}
