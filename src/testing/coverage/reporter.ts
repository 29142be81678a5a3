import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CoverageThreshold } from './coverage.ts'
import { COVERAGE_FOLDER, coverageIn } from './collected.ts'

/** Options of {@link coverageReporter}. */
export interface CoverageReporterOptions {
  /** The test run fails below these shares. Default: it does not fail. */
  readonly threshold?: CoverageThreshold
  /** A file that the counts are written to, as JSON. */
  readonly file?: string
}

/** The part of a Vitest reporter that is used; typed here so that vitest itself need not be installed. */
export interface CoverageReporter {
  onInit(): void
  onTestRunEnd(): void
}

/**
 * A reporter for Vitest: when all tests are done, which states and transitions of the workflows in test engines they have
 * seen, over all workers, as a table.
 *
 * @example
 * // vitest.config.ts
 * import { coverageReporter } from 'stepwright/testing'
 * export default { test: { reporters: ['default', coverageReporter({ threshold: { transitions: 0.9 } })] } }
 */
export function coverageReporter({ threshold, file }: CoverageReporterOptions = {}): CoverageReporter {
  let folder: string | undefined
  return {
    onInit() {
      folder = mkdtempSync(join(tmpdir(), 'stepwright-coverage-'))
      process.env[COVERAGE_FOLDER] = folder // workers inherit it
    },
    onTestRunEnd() {
      if (folder === undefined) return
      const coverage = coverageIn(folder)
      rmSync(folder, { recursive: true, force: true })
      if (file !== undefined) writeFileSync(file, `${JSON.stringify(coverage, null, 2)}\n`)
      if (coverage.charts.length > 0) process.stdout.write(`\nWorkflow coverage\n${coverage.table()}\n`)
      if (!threshold) return
      try {
        coverage.check(threshold)
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
        process.exitCode = 1
      }
    },
  }
}
