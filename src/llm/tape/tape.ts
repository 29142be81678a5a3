/**
 * A tape: the calls of models and tools, each with what it was asked and what it came to.
 *
 * The history of a run is one, since it tells of each call; in a plain script `taped` makes one.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import type { Failure } from '../../model/failure.ts'
import type { Happening, Note } from '../../model/history.ts'
import type { ModelCall, ToolCalled } from '../../model/model-call.ts'
import type { Abilities, Completion, Embeddings } from '../model.ts'

/** A call of a model. One that was masked whole has neither an answer nor a failure. */
export interface TapedCall extends Pick<
  ModelCall,
  'hash' | 'verb' | 'prompt' | 'params' | 'messages' | 'skipped' | 'after'
> {
  /** The model that was asked. */
  readonly model: string
  readonly answer?: Completion
  /** Of an embedding; its vectors are packed. */
  readonly embeddings?: Omit<Embeddings, 'vectors'> & { readonly vectors: readonly string[] }
  readonly failure?: Failure
}

/** A call of a tool. */
export type TapedTool = Pick<ToolCalled, 'tool' | 'input' | 'hash' | 'output' | 'failure'>

const FORMAT = 'stepwright-tape'
const fileSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  models: z.record(
    z.string(),
    z.object({
      schema: z.boolean(),
      tools: z.boolean(),
      stream: z.boolean(),
      images: z.boolean(),
      window: z.number(),
    }),
  ),
  calls: z.array(
    z.looseObject({ hash: z.string(), verb: z.string(), model: z.string(), messages: z.array(z.unknown()) }),
  ),
  tools: z.array(z.looseObject({ hash: z.string(), tool: z.string(), input: z.unknown() })),
})

/**
 * What models and tools were asked and have answered, in order. As JSON it is a file that people can read, in which
 * each message of a conversation stands once.
 *
 * @example
 * const tape = await Tape.of(run.events({ follow: false }))
 * await tape.save('article.tape.json')
 */
export class Tape {
  readonly #calls: TapedCall[] = []
  readonly #tools: TapedTool[] = []
  readonly #models = new Map<string, Abilities>()

  /** The tape that the history of a run is. `models`: what those can do, by name; it decides how they are asked. */
  static async of(
    history: Iterable<Happening> | AsyncIterable<Happening>,
    models: Readonly<Record<string, Abilities>> = {},
  ): Promise<Tape> {
    const tape = new Tape()
    for (const [name, abilities] of Object.entries(models)) tape.knows(name, abilities)
    await tape.addAll(history)
    return tape
  }

  /** Reads a file that `save` has written. Throws `invalid-tape`. */
  static async load(file: string | URL): Promise<Tape> {
    let given: unknown
    try {
      given = JSON.parse(await readFile(file, 'utf8'))
    } catch (cause) {
      throw noTape(file, (cause as Error).message, cause)
    }
    const read = fileSchema.safeParse(given)
    if (!read.success) {
      const [issue] = read.error.issues
      throw noTape(file, `${issue?.path.join('.') || 'it'}: ${issue?.message ?? ''}`, read.error)
    }
    const tape = new Tape()
    for (const [name, abilities] of Object.entries(read.data.models)) tape.knows(name, abilities)
    tape.#calls.push(...(read.data.calls as unknown as TapedCall[]))
    tape.#tools.push(...(read.data.tools as unknown as TapedTool[]))
    return tape
  }

  /** Calls of models, in the order in which they were made. */
  get calls(): readonly TapedCall[] {
    return this.#calls
  }

  /** Calls of tools. */
  get tools(): readonly TapedTool[] {
    return this.#tools
  }

  /** What the models on it can do, by name, as far as that is known. */
  get models(): Readonly<Record<string, Abilities>> {
    return Object.fromEntries(this.#models)
  }

  /** Adds a call, as a history tells it. */
  add(note: Note): void {
    if (note.type === 'model-called') this.#calls.push(callOf(note))
    else this.#tools.push(toolOf(note))
  }

  /** Adds the calls that a history tells of, or what a branch or item told. */
  async addAll(history: Iterable<Happening> | AsyncIterable<Happening>): Promise<void> {
    let together: Note[] = []
    const told = (): void => {
      for (const note of inOrder(together)) this.add(note)
      together = []
    }
    for await (const happening of history) {
      if (happening.type === 'model-called' || happening.type === 'tool-called') together.push(happening)
      else told()
    }
    told()
  }

  /** Notes what a model can do. */
  knows(model: string, abilities: Abilities): void {
    const { schema, tools, stream, images, window } = abilities
    this.#models.set(model, {
      schema,
      tools,
      stream,
      images,
      window: Math.min(window, Number.MAX_SAFE_INTEGER),
    }) // JSON has no Infinity
  }

  /** Writes it to a file, as JSON. */
  async save(file: string | URL): Promise<void> {
    await writeFile(file, `${JSON.stringify(this, undefined, 2)}\n`)
  }

  toJSON(): object {
    return { format: FORMAT, version: 1, models: this.models, calls: this.#calls, tools: this.#tools }
  }
}

/** Of equal calls in one commit those that failed are told last; here they stand in the order of their tries. */
function inOrder(notes: readonly Note[]): readonly Note[] {
  const ordered = [...notes]
  const places = Map.groupBy(notes.keys(), (i) => notes[i]?.hash)
  for (const equal of places.values()) {
    const tries = equal.map((i) => notes[i] as Note).toSorted((a, b) => tryOf(a) - tryOf(b))
    for (const [i, place] of equal.entries()) ordered[place] = tries[i] as Note
  }
  return ordered
}

function tryOf(note: Note): number {
  return note.type === 'model-called' ? note.attempt : 1
}

function callOf(call: ModelCall): TapedCall {
  const { hash, verb, model, asked = model, prompt, params, messages, skipped, after, failure } = call
  const {
    answer: text,
    toolCalls = [],
    finish,
    refusal,
    firstTokenMs,
    cache,
    handover,
    usage,
    vectors,
  } = call
  const given = { usage: usage ?? { input: 0, output: 0 }, model }
  const answer = {
    ...{ text: text ?? '', toolCalls, finish },
    ...(refusal === undefined ? {} : { refusal }),
    ...given,
    ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
    ...(cache ? { cache } : {}),
    ...(handover ? { handover } : {}),
  } as Completion
  return {
    ...{ hash, verb, model: asked },
    ...(prompt ? { prompt } : {}),
    ...(params ? { params } : {}),
    ...(skipped === undefined || after === undefined ? {} : { after, skipped }),
    messages,
    ...(failure ? { failure: plain(failure) } : {}),
    ...(text === undefined || finish === undefined ? {} : { answer }),
    ...(vectors ? { embeddings: { vectors, ...given } } : {}),
  }
}

function toolOf({ tool, input, hash, output, failure }: ToolCalled): TapedTool {
  return {
    ...{ tool, input, hash },
    ...(output === undefined ? {} : { output }),
    ...(failure ? { failure: plain(failure) } : {}),
  }
}

/** Without its stack, which names places of the machine it was recorded on. */
function plain({ stack: _, ...failure }: Failure): Failure {
  return failure
}

function noTape(file: string | URL, why: string, cause: unknown): StepwrightError {
  return new StepwrightError('invalid-tape', {
    what: `${quote(String(file))} is not a tape: ${why}`,
    remedy: 'Write it anew, with `stepwright export RUN --test` or tape.save()',
    cause,
    details: { file: String(file), reason: why },
  })
}
