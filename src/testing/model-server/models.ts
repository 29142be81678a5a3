import type { ChatRequest } from './chat-request.ts'
import { HttpError, unsupported } from './http-reply.ts'

/** The name in answers where the server takes any. */
const ANY = 'offline-model'

/**
 * What a model can do and may be made to refuse.
 *
 * @example
 * const lacking: readonly ModelAbility[] = ['json_schema', 'tools']
 */
export type ModelAbility = 'json_object' | 'json_schema' | 'stream' | 'tools'

/**
 * A model that the server has, and what it cannot do.
 *
 * @example
 * const small: OfflineModel = { id: 'small', without: ['tools'] }
 */
export interface OfflineModel {
  readonly id: string
  readonly without?: readonly ModelAbility[]
}

/** The models of a server. */
export class Models {
  readonly #known: ReadonlyMap<string, OfflineModel> | undefined
  readonly #without: readonly ModelAbility[]

  constructor(models: readonly (string | OfflineModel)[] | undefined, without: readonly ModelAbility[] = []) {
    const entries = models?.map((model) => (typeof model === 'string' ? { id: model } : model))
    this.#known = entries && new Map(entries.map((model) => [model.id, model]))
    this.#without = without
  }

  /** The model's name in answers; throws a 404 if there is no such model. */
  find(id: string): string {
    if (this.#known === undefined) return ANY
    if (this.#known.has(id)) return id
    const message = `The model '${id}' does not exist or you do not have access to it.`
    throw new HttpError(404, message, null, 'model_not_found')
  }

  /** Throws a 404 if there is no such model, and a 400 if it cannot do what the request needs. */
  check({ model, responseFormat, stream, tools }: ChatRequest): void {
    this.find(model)
    const lacking = [...this.#without, ...(this.#known?.get(model)?.without ?? [])]
    const refuse = (ability: ModelAbility, param: string, what: string): void => {
      if (lacking.includes(ability)) throw unsupported(param, `${what} is not supported with this model.`)
    }
    if (stream) refuse('stream', 'stream', "Unsupported parameter: 'stream'")
    if (tools) refuse('tools', 'tools', "Unsupported parameter: 'tools'")
    const form = responseFormat?.type
    if (form === 'json_object' || form === 'json_schema')
      refuse(form, 'response_format', `Invalid parameter: 'response_format' of type '${form}'`)
  }

  /** The body of `GET /v1/models/{id}`; throws a 404 if there is no such model. */
  get(id: string) {
    return { id: this.find(id), object: 'model', created: 0, owned_by: 'stepwright' }
  }

  /** The body of `GET /v1/models`. */
  list() {
    const ids = [...(this.#known?.keys() ?? [ANY])]
    return { object: 'list', data: ids.map((id) => this.get(id)) }
  }
}
