/**
 * A store as one file of JSON lines: a header, one row per line, and a last line with their number and the SHA-256 of
 * all that stands before it, so that a file that was cut off or changed is told before anything is written.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { collections, type StoredRow } from './store.ts'

const FORMAT = 1
/** Characters written at once. */
const CHUNK = 1 << 16

const headerSchema = z.object({
  backup: z.literal('stepwright'),
  format: z.number(),
  date: z.iso.datetime(),
  store: z.string(),
})
/** What a backup says of itself. */
export type BackupHeader = z.infer<typeof headerSchema>

const rowSchema = z.object({
  collection: z.enum(collections),
  key: z.string(),
  revision: z.int().min(1),
  tag: z.string().optional(),
  value: z.string(),
})
const footerSchema = z.object({ end: z.literal(true), rows: z.int(), sha256: z.string() })

/** Writes a backup; the file is there once it is whole and on the disk, and only its owner can read it. */
export async function writeBackup(
  file: string,
  from: { readonly date: Date; readonly store: string },
  rows: AsyncIterable<StoredRow>,
): Promise<void> {
  const partial = `${file}.${process.pid}.partial`
  const to = createWriteStream(partial, { mode: 0o600, flush: true })
  try {
    const lines = linesOf({ date: from.date.toISOString(), store: from.store }, rows)
    if (file.endsWith('.gz')) await pipeline(lines, createGzip(), to)
    else if (file.endsWith('.zst')) await pipeline(lines, createZstdCompress(), to)
    else await pipeline(lines, to)
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw fileError(error, file, 'written')
  }
}

/** The lines of a backup, many at a time: packing each on its own would take its turn in another thread. */
async function* linesOf(
  header: Pick<BackupHeader, 'date' | 'store'>,
  rows: AsyncIterable<StoredRow>,
): AsyncGenerator<string> {
  const sha = createHash('sha256')
  let count = 0
  let text = `${JSON.stringify({ backup: 'stepwright', format: FORMAT, ...header })}\n`
  for await (const row of rows) {
    count += 1
    text += `${JSON.stringify(row)}\n`
    if (text.length < CHUNK) continue
    sha.update(text)
    yield text
    text = ''
  }
  const sha256 = sha.update(text).digest('hex')
  yield `${text}${JSON.stringify({ end: true, rows: count, sha256 })}\n`
}

/**
 * Reads a backup: the rows of it, and in the end its header. Rows come before it is known whether the file is whole;
 * whoever acts on them reads it once before.
 *
 * @throws StepwrightError `invalid-backup`
 */
export async function* readBackup(file: string): AsyncGenerator<StoredRow, BackupHeader> {
  const sha = createHash('sha256')
  let header: BackupHeader | undefined
  let count = 0
  let before: string | undefined
  for await (const line of readLines(file)) {
    if (before !== undefined) sha.update(`${before}\n`)
    if (before !== undefined && header === undefined) header = readHeader(before, file)
    else if (before !== undefined) {
      count += 1
      yield readRow(before, file, count)
    }
    before = line
  }
  const footer = footerSchema.safeParse(parse(before ?? ''))
  if (header === undefined) throw invalid(file, 'is not a backup of Stepwright')
  if (!footer.success) throw invalid(file, 'was cut off: its last line is missing')
  if (footer.data.rows !== count || footer.data.sha256 !== sha.digest('hex'))
    throw invalid(file, 'was changed: its SHA-256 does not fit')
  return header
}

function readHeader(line: string, file: string): BackupHeader {
  const parsed = headerSchema.safeParse(parse(line))
  if (!parsed.success) throw invalid(file, 'is not a backup of Stepwright')
  if (parsed.data.format <= FORMAT) return parsed.data
  throw invalid(
    file,
    `has format ${parsed.data.format}; this version knows ${FORMAT}`,
    'Install the newer stepwright',
  )
}

function readRow(line: string, file: string, number: number): StoredRow {
  const parsed = rowSchema.safeParse(parse(line))
  if (!parsed.success) throw invalid(file, `is damaged or newer: row ${number} is not one that is known`)
  const { tag, ...row } = parsed.data
  return { ...row, ...(tag === undefined ? {} : { tag }) }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Lines between newlines alone: other ends of lines may stand in values. */
async function* readLines(file: string): AsyncGenerator<string> {
  const rest: Buffer[] = []
  try {
    for await (const chunk of opened(file)) {
      let from = 0
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest.splice(0), chunk.subarray(from, at)]).toString()
        from = at + 1
      }
      if (from < chunk.length) rest.push(chunk.subarray(from))
    }
  } catch (error) {
    throw fileError(error, file, 'read')
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString()
}

function opened(file: string): AsyncIterable<Buffer> {
  const from = createReadStream(file)
  const unzip = file.endsWith('.gz')
    ? createGunzip()
    : file.endsWith('.zst')
      ? createZstdDecompress()
      : undefined
  if (!unzip) return from as AsyncIterable<Buffer>
  from.on('error', (error) => unzip.destroy(error))
  return from.pipe(unzip) as AsyncIterable<Buffer>
}

/** Trouble with a file, with a code; other errors as they are. */
function fileError(error: unknown, file: string, verb: 'read' | 'written'): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (error instanceof StepwrightError || typeof code !== 'string' || /^ERR_(?!ZSTD)/.test(code)) return error
  if (/^Z_|^ERR_ZSTD|^ZSTD/.test(code)) return invalid(file, `was cut off or changed (${String(message)})`)
  return new StepwrightError('invalid-options', {
    what: `The file ${quote(file)} cannot be ${verb} (${String(message)})`,
    remedy: 'Name a file in a folder that exists and can be used',
    cause: error,
    details: { file },
  })
}

function invalid(
  file: string,
  why: string,
  remedy = 'Take another backup; nothing was written',
): StepwrightError {
  return new StepwrightError('invalid-backup', {
    what: `The file ${quote(file)} ${why}`,
    remedy,
    details: { file },
  })
}
