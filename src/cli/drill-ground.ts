import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { timeIn } from '../testing/drill/drill.ts'
import { BEGINNING, NEXT_LIFE_MS, type Death, type Order } from '../testing/drill/life.ts'
import type { Lived } from '../testing/drill/trial.ts'
import type { Act } from '../testing/drill/witness.ts'
import { ACTS } from './drill-life.ts'
import type { LifeEnded, LifePool } from './life-pool.ts'

/** Where the effects of a workflow can be seen. */
export interface Looks {
  /** The workflow file exports `effects`. */
  readonly exported: boolean
  /** Files whose content is compared. They are put back before each run. */
  readonly files: readonly string[]
  /** A shell command whose output is compared. */
  readonly probe?: string
  /** A shell command that is called before each run. */
  readonly reset?: string
}

/** Brings runs to their ends, each in a folder of its own and in as many processes as it takes. */
export class DrillGround {
  readonly #folder: string
  readonly #pool: LifePool
  readonly #workflow: string
  readonly #order: Order
  readonly #looks: Looks
  readonly #before: ReadonlyMap<string, string | undefined>
  #runs = 0

  private constructor(
    folder: string,
    pool: LifePool,
    workflow: string,
    order: Order,
    looks: Looks,
    before: ReadonlyMap<string, string | undefined>,
  ) {
    this.#folder = folder
    this.#pool = pool
    this.#workflow = workflow
    this.#order = order
    this.#looks = looks
    this.#before = before
  }

  static async open(pool: LifePool, workflow: string, order: Order, looks: Looks): Promise<DrillGround> {
    const folder = await mkdtemp(join(tmpdir(), 'stepwright-drill-'))
    const before = await Promise.all(looks.files.map(async (file) => [file, await textOf(file)] as const))
    return new DrillGround(folder, pool, workflow, order, looks, new Map(before))
  }

  /** A run from its start to its end. */
  async live(death?: Death): Promise<Lived> {
    const folder = join(this.#folder, String(++this.#runs))
    await mkdir(folder)
    try {
      return await this.#liveIn(folder, death)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** Puts back the files and takes its folder away. */
  async close(): Promise<void> {
    await this.#putBack()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #liveIn(folder: string, death: Death | undefined): Promise<Lived> {
    const { exported, reset } = this.#looks
    await this.#putBack()
    if (reset !== undefined) await shell(reset, folder)
    const begin = (number: number, time: number, death?: Death): Promise<LifeEnded> =>
      this.#pool.live({
        ...{ workflow: this.#workflow, order: this.#order, folder, number, time, looks: exported },
        ...(death ? { death } : {}),
      })
    let end = await begin(1, BEGINNING, death)
    const died = end === 'killed'
    if (died) end = await begin(2, timeIn(await actsIn(folder)) + NEXT_LIFE_MS)
    const acts = await actsIn(folder)
    if (end === 'killed') return { outcome: { error: 'it was killed again' }, acts, writes: 0, died }
    if ('error' in end) return { outcome: end, acts, writes: 0, died }
    return { ...end.end, ...(await this.#seen(folder, end.effects)), acts, died }
  }

  async #seen(folder: string, exported: unknown): Promise<Pick<Lived, 'effects'>> {
    const { files, probe, exported: exports } = this.#looks
    if (!exports && files.length === 0 && probe === undefined) return {}
    const texts = await Promise.all(
      files.map(async (file) => [file, (await textOf(file))?.split('\n')] as const),
    )
    return {
      effects: {
        ...(exports ? { exported } : {}),
        ...Object.fromEntries(texts),
        ...(probe === undefined ? {} : { probe: (await shell(probe, folder)).split('\n') }),
      },
    }
  }

  async #putBack(): Promise<void> {
    for (const [file, text] of this.#before)
      if (text === undefined) await rm(file, { force: true })
      else await writeFile(file, text)
  }
}

async function shell(command: string, folder: string): Promise<string> {
  const env = { ...process.env, STEPWRIGHT_DRILL: folder }
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { env })
  return stdout
}

async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}

async function actsIn(folder: string): Promise<readonly Act[]> {
  const lines = ((await textOf(join(folder, ACTS))) ?? '').split('\n')
  // the last one may have been cut off
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Act)
}
