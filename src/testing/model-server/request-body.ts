import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { HttpError } from './http-reply.ts'

/** The longest request body, in bytes. */
const MOST_BYTES = 5_000_000

/** Reads a request's body as JSON; throws an `HttpError` of 400 or 413. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request)
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError(400, 'the body is not valid JSON')
  }
}

/** The value in a schema's form; throws an `HttpError` of 400 that names the place. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new HttpError(400, issue?.message ?? 'the request is not valid', issue?.path.join('.') || null)
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  // Read to the end even when it is too much: a client that is still sending would not see the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MOST_BYTES) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > MOST_BYTES) throw new HttpError(413, `the body is over ${MOST_BYTES} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}
