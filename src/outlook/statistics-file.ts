import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { MoveCause } from '../model/history.ts'
import { Sketch } from './sketch.ts'
import type { Statistics } from './statistics.ts'

/** The newest form of the file. */
const VERSION = 1

const count = z.number().int().nonnegative()
const sketch = z
  .object({ sum: z.number().nonnegative(), buckets: z.array(z.tuple([z.number().int().min(-1), count])) })
  .transform((json) => Sketch.from(json))
const cause = z.custom<MoveCause | 'end'>(
  (text) => typeof text === 'string' && /^(step|expires|visits|catch|skip|end|signal:[^]*)$/.test(text),
)
const examples = z.array(z.string())
const fileSchema = z.object({
  version: z.literal(VERSION),
  workflow: z.string(),
  runs: count,
  from: z.number(),
  until: z.number(),
  ended: z.partialRecord(z.enum(['completed', 'failed', 'compensated', 'cancelled', 'terminated']), count),
  states: z
    .array(
      z.tuple([
        z.string(),
        z.object({
          visits: count,
          ...{ work: sketch, wait: sketch, time: sketch },
          spent: z.object({ calls: count, tokens: z.number(), cost: z.number() }),
          failures: z.array(z.tuple([z.string(), count])).transform((entries) => new Map(entries)),
          completed: count,
        }),
      ]),
    )
    .transform((entries) => new Map(entries)),
  departures: z.array(
    z.object({ from: z.string(), to: z.string(), by: cause, count, time: sketch, examples }),
  ),
  paths: z.array(z.object({ path: z.array(z.string()), count, examples })),
  pathLength: count,
  pathsCut: z.boolean(),
})

/** Statistics as plain data, as their file has them. */
export function statisticsJson({ states, ...rest }: Statistics): object {
  const plain = [...states].map(([name, { failures, ...state }]) => [
    name,
    { ...state, failures: [...failures] },
  ])
  return { version: VERSION, ...rest, states: plain }
}

/** Writes statistics into a file, over one that is there: a baseline. It is there whole, or as it was. */
export async function writeStatistics(file: string, statistics: Statistics): Promise<void> {
  try {
    await writeFile(`${file}.tmp`, `${JSON.stringify(statisticsJson(statistics))}\n`)
    await rename(`${file}.tmp`, file)
  } catch (cause) {
    throw new StepwrightError('invalid-options', {
      what: `${quote(file)} cannot be written: ${(cause as Error).message}`,
      remedy: 'Name another file',
      cause,
      details: { file },
    })
  }
}

/**
 * Reads what {@link writeStatistics} wrote.
 *
 * @throws StepwrightError `invalid-statistics` for a file that is not there, is none, or is of a newer version.
 */
export async function readStatistics(file: string): Promise<Statistics> {
  const json = await readJson(file, 'Name a file that --write-baseline or writeStatistics has written')
  const read = fileSchema.safeParse(json)
  if (read.success) return read.data as Statistics
  throw new StepwrightError('invalid-statistics', {
    what: `${quote(file)} holds no statistics of runs that this version can read: ${firstOf(read.error)}`,
    remedy: 'Write it anew, with stepwright drift FILE --write-baseline',
    details: { file },
  })
}

/** The JSON in a file. Throws `invalid-statistics`. */
export async function readJson(file: string, remedy: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new StepwrightError('invalid-statistics', {
      what: `${quote(file)} cannot be read: ${(cause as Error).message}`,
      remedy,
      cause,
      details: { file },
    })
  }
}

function firstOf({ issues: [first] }: z.ZodError): string {
  return first ? `${first.path.join('.') || 'the whole'}: ${first.message}` : 'it is empty'
}
