import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Coverage, type ChartCoverage } from './coverage.ts'

/** Names the folder in which the processes of one test run leave what they have seen. */
export const COVERAGE_FOLDER = 'STEPWRIGHT_COVERAGE'

const collected = new Coverage()
// of this module, not of the process: a test runner may load it anew for each file, and each has its own share
const id = randomUUID()

/**
 * What the test engines of this process have seen so far; where `STEPWRIGHT_COVERAGE` names a folder, what all processes
 * have left there.
 *
 * @example
 * afterAll(() => coverage().check({ transitions: 0.9 }))
 */
export function coverage(): Coverage {
  const folder = process.env[COVERAGE_FOLDER]
  if (folder === undefined || folder === '') return new Coverage(collected.charts)
  leaveCoverage()
  return coverageIn(folder)
}

/** The coverage to which test engines of this process add. */
export function collectedHere(): Coverage {
  return collected
}

/** Leaves what was seen for whoever reports it. */
export function leaveCoverage(): void {
  const folder = process.env[COVERAGE_FOLDER]
  if (folder === undefined || folder === '') return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${id}.json`), JSON.stringify(collected))
}

/** What processes have left in a folder, added up. */
export function coverageIn(folder: string): Coverage {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return new Coverage(
    files.flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as readonly ChartCoverage[]),
  )
}
