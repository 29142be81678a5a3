import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/** Forms that a result can be written in, by the endings of file names, the longest first. */
export type Endings<Format extends string> = readonly (readonly [ending: string, format: Format])[]

/** Of what can be drawn. */
export const PICTURE_ENDINGS: Endings<'mermaid' | 'json' | 'svg' | 'dot' | 'text'> = [
  ['.mermaid', 'mermaid'],
  ['.json', 'json'],
  ['.mmd', 'mermaid'],
  ['.svg', 'svg'],
  ['.dot', 'dot'],
  ['.txt', 'text'],
  ['.gv', 'dot'],
]

/** The form that was asked for, or the one that the name of the file says. Throws `invalid-options` where neither does. */
export function formatFor<Format extends string>(
  given: Format | undefined,
  out: string | undefined,
  endings: Endings<Format>,
  usual: Format,
): Format {
  if (given !== undefined) return given
  if (out === undefined) return usual
  const [, format] = endings.find(([ending]) => basename(out).toLowerCase().endsWith(ending)) ?? []
  if (format) return format
  throw new StepwrightError('invalid-options', {
    what: `The name ${quote(out)} does not say what is to be written`,
    remedy: `Give --format, or a name that ends in ${endings.map(([ending]) => ending).join(', ')}`,
  })
}

/** Writes a result to the file of `--out`, over one that is there. */
export async function writeOut(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw new StepwrightError('invalid-options', {
      what: `${quote(file)} cannot be written: ${(cause as Error).message}`,
      remedy: 'Name another file with --out',
      cause,
      details: { file },
    })
  }
}
