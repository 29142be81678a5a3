import { stat } from 'node:fs/promises'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'

/** A command that takes runs and then a file, as it was given. */
interface Given {
  readonly verb: 'retry' | 'resume' | 'run'
  /** What stands before the file. */
  readonly words?: readonly string[]
}

/**
 * The word in the place of the workflow file may be a run: then the file was forgotten.
 *
 * @throws StepwrightError `invalid-options`, with the command as it was meant. What is neither a file nor a run is left
 * to whoever loads it.
 */
export async function mustBeFile(path: string, given: Given, choice: StoreChoice): Promise<void> {
  if (await isFile(path)) return
  const found = await readStore(choice.url, async ({ runs, store }) => ({
    view: await runs.findAny(path),
    name: store.name,
    store: storeWord(choice, store),
  })).catch(() => undefined) // no such store, or no id: then it was meant as a file
  if (!found?.view) return
  const { name, store, view } = found
  throw new StepwrightError('invalid-options', {
    what: `${quote(path)} is a run in ${name}, where the file with its workflow is to be named`,
    remedy: await remedyFor(path, given, view.workflow, store),
    details: { run: path, workflow: view.workflow },
  })
}

async function remedyFor(
  run: string,
  { verb, words = [] }: Given,
  workflow: string,
  store: string | undefined,
): Promise<string> {
  if (verb !== 'retry') {
    const line = shellLine('resume', [], { run, store })
    return `Let it go on with ${line}; to drive it here, name the file that exports ${workflow} at the end of that`
  }
  for (const file of words)
    if (await isFile(file)) {
      const others = words.filter((word) => word !== file)
      return `The file stands last: ${shellLine(verb, [...others, run, file], { store })}`
    }
  return `Name the file that exports ${workflow} at the end of ${shellLine(verb, [...words, run], { store })}`
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}
