import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { ChartCoverage } from '../testing/coverage/coverage.ts'
import { readJson } from './statistics-file.ts'

const counts = z.record(z.string(), z.number().nonnegative())
const fileSchema = z.array(z.object({ workflow: z.string(), states: counts, transitions: counts }))

/**
 * What tests have taken, from the file that the coverage reporter of `stepwright/testing` writes.
 *
 * @throws StepwrightError `invalid-statistics` for a file that is none, or has nothing of that workflow.
 */
export async function readCoverage(file: string, workflow: string): Promise<ChartCoverage> {
  const remedy = 'Name the file that coverageReporter({ file }) writes, and run the tests first'
  const read = fileSchema.safeParse(await readJson(file, remedy))
  const chart = read.data?.find((each) => each.workflow === workflow)
  if (chart) return chart
  throw new StepwrightError('invalid-statistics', {
    what: read.success
      ? `${quote(file)} has no coverage of ${quote(workflow)}, only of ${read.data.map((each) => quote(each.workflow)).join(', ') || 'nothing'}`
      : `${quote(file)} holds no coverage of tests`,
    remedy,
    details: { file, workflow },
  })
}
