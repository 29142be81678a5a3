import type ts from 'typescript'
import { StepwrightError } from '../../errors/stepwright-error.ts'

/** The compiler's API. */
export type Compiler = typeof ts

/**
 * The package typescript, which is an optional peer.
 *
 * @throws StepwrightError `module-missing`
 */
export async function loadCompiler(): Promise<Compiler> {
  try {
    return (await import('typescript')).default
  } catch (cause) {
    throw new StepwrightError('module-missing', {
      what: 'The package typescript, which finds the lines of a workflow in its source, is not installed',
      remedy: 'Run npm install -D typescript',
      cause,
    })
  }
}
