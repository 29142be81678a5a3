import { toFailure } from '../../model/failure.ts'
import type { ModelCall, ToolCalled } from '../../model/model-call.ts'
import type {
  CallOptions,
  Completion,
  Embeddings,
  FillRequest,
  Model,
  ModelRequest,
  ToolResult,
} from '../model.ts'
import { hashOf, requestHash } from '../request-hash.ts'
import { paramsOf, Told } from '../told.ts'
import type { Tape } from './tape.ts'
import { packVector } from './vectors.ts'

/**
 * A model that writes down on a tape what it is asked and what it answers; and of agents, what their tools came to. For
 * plain scripts: of a run, its history is the tape.
 *
 * @example
 * const tape = new Tape()
 * const llm = createLlm(taped(openAiModel({ model: 'gpt-5-mini' }), tape))
 * await llm.text('Why is the sky blue?')
 * await tape.save('sky.tape.json')
 */
export function taped(model: Model, tape: Tape): Model {
  return new TapedModel(model, tape)
}

type Asked = Pick<ModelCall, 'hash' | 'verb' | 'messages' | 'params' | 'skipped' | 'after'>
type Came = Partial<
  Pick<ModelCall, 'answer' | 'toolCalls' | 'finish' | 'refusal' | 'firstTokenMs' | 'cache' | 'vectors'>
>

class TapedModel implements Model {
  readonly #model: Model
  readonly #tape: Tape
  readonly #told = new Told()
  declare readonly embed?: NonNullable<Model['embed']>
  declare readonly fill?: NonNullable<Model['fill']>

  constructor(model: Model, tape: Tape) {
    this.#model = model
    this.#tape = tape
    tape.knows(model.name, model.abilities)
    if (model.embed) this.embed = (texts, how) => this.#embed(texts, how)
    if (model.fill) this.fill = (request, how) => this.#fill(request, how)
  }

  get name(): string {
    return this.#model.name
  }

  get abilities(): Model['abilities'] {
    return this.#model.abilities
  }

  complete(request: ModelRequest, how?: CallOptions): Promise<Completion> {
    const hash = this.#hashOf(request)
    const params = paramsOf(request)
    const told = { ...this.#told.of(request.messages, hash), ...(params ? { params } : {}) }
    return this.#note({ hash, verb: 'complete', ...told }, answered, () => this.#model.complete(request, how))
  }

  async callTool(tool: string, input: unknown, run: () => Promise<ToolResult>): Promise<ToolResult> {
    const note = (came: Pick<ToolCalled, 'output' | 'failure'>): void =>
      this.#tape.add({ type: 'tool-called', tool, input, hash: hashOf(input), ms: 0, ...came })
    try {
      const model = this.#model
      const result = await (model.callTool ? model.callTool(tool, input, run) : run())
      note({ output: result.text, ...(result.failure ? { failure: result.failure } : {}) })
      return result
    } catch (error) {
      note({ failure: toFailure(error) })
      throw error
    }
  }

  #embed(texts: readonly string[], how?: CallOptions): Promise<Embeddings> {
    const asked = { hash: this.#hashOf({ embed: texts }), verb: 'embed', messages: texts }
    const packed = ({ vectors }: Embeddings): Came => ({ vectors: vectors.map(packVector) })
    return this.#note(asked, packed, () => (this.#model.embed as NonNullable<Model['embed']>)(texts, how))
  }

  #fill(request: FillRequest, how?: CallOptions): Promise<Completion> {
    const { prefix, suffix, ...params } = request
    const asked = {
      hash: this.#hashOf({ fill: request }),
      verb: 'fill',
      messages: [{ prefix, suffix }],
      params,
    }
    return this.#note(asked, answered, () => (this.#model.fill as NonNullable<Model['fill']>)(request, how))
  }

  #hashOf(request: object): string {
    return requestHash(this.name, request)
  }

  async #note<T extends Completion | Embeddings>(
    asked: Asked,
    came: (value: T) => Came,
    call: () => Promise<T>,
  ): Promise<T> {
    const note = (rest: Came & Partial<ModelCall>): void =>
      this.#tape.add({ type: 'model-called', model: this.name, ...asked, ms: 0, attempt: 1, ...rest })
    try {
      const value = await call()
      const { model, usage } = value
      note({ model, ...(model === this.name ? {} : { asked: this.name }), usage, ...came(value) })
      return value
    } catch (error) {
      note({ failure: toFailure(error) })
      throw error
    }
  }
}

function answered({ text, usage: _u, model: _m, ...rest }: Completion): Came {
  return { answer: text, ...rest }
}
