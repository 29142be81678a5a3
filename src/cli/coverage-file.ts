import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { Coverage } from '../testing/coverage/coverage.ts'

const counts = z.record(z.string(), z.int().nonnegative())
const fileSchema = z.array(z.object({ workflow: z.string(), states: counts, transitions: counts }))

/** What the tests of a file have seen, as `coverageReporter({ file })` writes it. */
export async function readCoverage(path: string): Promise<Coverage> {
  try {
    return new Coverage(fileSchema.parse(JSON.parse(await readFile(path, 'utf8'))))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message
    throw new StepwrightError('invalid-options', {
      what: `${quote(path)} is not what tests have covered: ${why.replaceAll(/\s*\n\s*/g, ' ')}`,
      remedy: 'Have it written by coverageReporter({ file }) of stepwright/testing',
      cause,
      details: { file: path },
    })
  }
}
