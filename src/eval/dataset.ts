import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Item } from './item.ts'

/** Where items come from: a file of JSON lines, a list, or whatever can be gone through. */
export type Data<I = unknown, E = unknown> =
  string | URL | Iterable<Item<I, E>> | AsyncIterable<Item<I, E>> | (() => Data<I, E>)

const names = z.array(z.string()).optional()
const itemSchema = z.strictObject({
  input: z.unknown().refine((input) => input !== undefined, 'it is missing'),
  expected: z.unknown().optional(),
  name: z.string().min(1).optional(),
  path: names,
  tools: names,
  recorded: z
    .strictObject({
      output: z.unknown(),
      path: names,
      tools: names,
      spent: z.strictObject({ calls: z.number(), tokens: z.number(), cost: z.number() }).optional(),
    })
    .optional(),
})

/**
 * The items of a dataset, in their order, `limit` at most. Relative file names begin at `folder`.
 *
 * @throws StepwrightError `invalid-json` with the line; `invalid-options` for a file that cannot be read, an item of
 *   another form, or no items.
 */
export async function readItems(data: Data, folder: string, limit = Infinity): Promise<readonly Item[]> {
  const items: Item[] = []
  const source = typeof data === 'function' ? data() : data
  const name = typeof source === 'string' || source instanceof URL ? pathOf(source, folder) : undefined
  for await (const { value, where } of name === undefined
    ? given(source as Iterable<unknown>)
    : lines(name)) {
    if (items.length >= limit) break
    items.push(checked(value, where))
  }
  if (items.length > 0) return items
  throw new StepwrightError('invalid-options', {
    what: `There are no items in ${name === undefined ? 'the data' : quote(name)}`,
    remedy: 'Give data with one item or more, such as {"input":"cats","expected":"animals"}',
  })
}

function pathOf(source: string | URL, folder: string): string {
  return typeof source === 'string' ? resolve(folder, source) : fileURLToPath(source)
}

interface Found {
  readonly value: unknown
  readonly where: string
}

async function* given(source: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Found> {
  let number = 0
  for await (const value of source) yield { value, where: `Item ${++number} of the data` }
}

async function* lines(path: string): AsyncGenerator<Found> {
  const stream = createReadStream(path, 'utf8')
  let number = 0
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      const text = number++ === 0 ? line.replace(/^\u{feff}/u, '') : line
      if (text.trim() === '') continue
      yield { value: parsed(text, path, number), where: `Line ${number} of ${path}` }
    }
  } catch (cause) {
    if (cause instanceof StepwrightError) throw cause
    throw new StepwrightError('invalid-options', {
      what: `The data ${quote(path)} cannot be read: ${(cause as Error).message}`,
      remedy: 'Name a file with one JSON object a line',
      cause,
    })
  } finally {
    stream.destroy()
  }
}

function parsed(text: string, path: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new StepwrightError('invalid-json', {
      what: `Line ${line} of ${path} is not JSON: ${(cause as Error).message}`,
      remedy: 'Mend it; each line is one object such as {"input":"cats","expected":"animals"}',
      cause,
      details: { file: path, line },
    })
  }
}

function checked(value: unknown, where: string): Item {
  const read = itemSchema.safeParse(value)
  if (read.success) return value as Item
  const issues = read.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`)
  throw new StepwrightError('invalid-options', {
    what: `${where} is no item: ${issues.join('; ')}`,
    remedy: 'An item is { input, expected?, name?, path?, tools?, recorded? }',
    details: { item: quote(value) },
  })
}
