import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { EvaluationResult } from '../eval/result.ts'
import { parseJson, writeJson } from './json-text.ts'

/** A result that was stored. */
export interface StoredResult {
  readonly id: string
  readonly result: EvaluationResult
}

/** The stored results of one evaluation: a file each, named by when it began. */
export class EvalShelf {
  readonly #folder: string

  constructor(folder: string, evaluation: string) {
    this.#folder = join(folder, evaluation)
  }

  /** Stores a result; gives the file. */
  async add(result: EvaluationResult): Promise<string> {
    const time = result.startedAt.replaceAll(':', '-')
    await mkdir(this.#folder, { recursive: true })
    const taken = await this.ids()
    let id = time
    for (let n = 2; taken.includes(id); n++) id = `${time}-${n}`
    const file = this.#file(id)
    await writeFile(`${file}.tmp`, `${writeJson(result, 2)}\n`)
    await rename(`${file}.tmp`, file)
    return file
  }

  /** The oldest first. */
  async ids(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort()
  }

  /** The newest that was not ended early; `undefined` where there is none. */
  async last(): Promise<StoredResult | undefined> {
    for (const id of (await this.ids()).toReversed()) {
      const found = await this.get(id)
      if (!found.result.stopped) return found
    }
    return undefined
  }

  /** @throws StepwrightError `invalid-options` for an id that is not there, `invalid-json` for a file that is no result. */
  async get(id: string): Promise<StoredResult> {
    const file = this.#file(id)
    const ids = await this.ids()
    if (!ids.includes(id))
      throw new StepwrightError('invalid-options', {
        what: `There is no result ${quote(id)} in ${this.#folder}`,
        remedy: ids.length === 0 ? 'None is stored there yet' : `The newest are ${ids.slice(-5).join(', ')}`,
        details: { ids },
      })
    const read = parseJson(await readFile(file, 'utf8'), file) as Partial<EvaluationResult> | null
    if (read?.version === 1 && Array.isArray(read.items) && typeof read.scores === 'object')
      return { id, result: read as EvaluationResult }
    throw new StepwrightError('invalid-json', {
      what: `${file} is no result of an evaluation that this version can read`,
      remedy: 'Delete it, or compare with another one: --compare ID',
    })
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`)
  }
}
