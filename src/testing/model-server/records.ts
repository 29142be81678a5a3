import type { ChatToolCall } from './chat-message.ts'
import type { Outcome } from './exchange.ts'
import type { ModelFault } from './fault.ts'
import type { ModelAnswer } from './model-answer.ts'
import type { ChatCall } from './script.ts'

/**
 * A completion request that was well formed, and what came of it. In the order of answering.
 *
 * @example
 * server.calls.map((call) => call.idempotencyKey)
 */
export interface RecordedCall extends ChatCall {
  /** The status it was answered with; 499 if the client had gone by then, 0 if it got none. */
  readonly status: number
  /** The text of the answer, where there was one and all of it was sent. */
  readonly answer?: string
  /** The tools that the answer called, likewise. */
  readonly toolCalls?: readonly ChatToolCall[]
  /** What `fail` had in store for it. */
  readonly fault?: ModelFault
}

/**
 * A request for embeddings that was well formed. In the order of answering.
 *
 * @example
 * server.embeddings.flatMap((call) => call.inputs)
 */
export interface RecordedEmbedding {
  /** When the request came in, in milliseconds since the epoch. */
  readonly at: number
  readonly model: string
  readonly inputs: readonly string[]
  readonly dimensions: number
  /** As of a `RecordedCall`. */
  readonly status: number
}

/**
 * How many requests came; those for `/v1/stats` are left out.
 *
 * @example
 * server.counts.byStatus[429] ?? 0
 */
export interface ModelServerCounts {
  readonly requests: number
  /** Completions that were answered with 200 and sent in full. */
  readonly completions: number
  readonly byStatus: Readonly<Record<number, number>>
}

/** What a server has seen and said. */
export class Records {
  readonly calls: RecordedCall[] = []
  readonly embeddings: RecordedEmbedding[] = []
  readonly #byStatus = new Map<number, number>()
  #completions = 0

  get counts(): ModelServerCounts {
    const requests = this.#byStatus.values().reduce((sum, count) => sum + count, 0)
    return { requests, completions: this.#completions, byStatus: Object.fromEntries(this.#byStatus) }
  }

  count({ status }: Outcome): void {
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1)
  }

  /** Of an answer only what reached the client is kept. */
  call(
    call: ChatCall,
    { status, whole }: Outcome,
    answer: ModelAnswer | undefined,
    fault: ModelFault | undefined,
  ): void {
    const given = whole && answer?.error === null ? answer : undefined
    const sent = given?.empty ? undefined : given
    if (given) this.#completions++
    this.calls.push({
      ...call,
      status,
      ...(sent?.text == null ? {} : { answer: sent.text }),
      ...(sent === undefined || sent.toolCalls.length === 0 ? {} : { toolCalls: sent.toolCalls }),
      ...(fault === undefined ? {} : { fault }),
    })
  }
}
