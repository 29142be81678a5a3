import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { parseJson } from './json-text.ts'

/**
 * A value given on the command line: JSON as it stands, `@file` for the JSON in a file, `-` for that on stdin. Without
 * one: an empty object. `where` names it in errors.
 *
 * @throws StepwrightError `invalid-json`; `invalid-options` for a file that cannot be read.
 */
export async function readJsonArgument(given: string | undefined, where: string): Promise<unknown> {
  if (given === undefined) return {}
  if (given === '-') return parseJson(await text(process.stdin), `${where} from stdin`)
  if (!given.startsWith('@')) return parseJson(given, where)
  const file = given.slice(1)
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new StepwrightError('invalid-options', {
      what: `${where} is ${quote(given)}, and ${missing ? 'there is no such file' : `that file cannot be read: ${(cause as Error).message}`}`,
      remedy: 'Name a file with JSON after the @, or give the JSON itself',
      cause,
      details: { where, file },
    })
  }
  return parseJson(content, `${where} from ${file}`)
}
