import type { Failure } from '../model/failure.ts'
import type { Family } from '../definition/scope.ts'
import type { Handover, Spent, Usage } from '../model/model-call.ts'

/** A language model as it is called: messages in, an answer out. All that wraps a model is a model again. */
export interface Model {
  /** What it is, for people and prices: `gpt-5-mini`, `offline-model`. */
  readonly name: string
  /** Whose it is, for traces: `openai`. */
  readonly provider?: string
  /** Of a list of models: the names of those that it may ask. */
  readonly models?: readonly string[]
  readonly abilities: Abilities
  /** One answer. Throws where there is none, or only a part of one. */
  complete(request: ModelRequest, how?: CallOptions): Promise<Completion>
  /** Vectors for texts, in their order. */
  embed?(texts: readonly string[], how?: CallOptions): Promise<Embeddings>
  /** The text between a prefix and a suffix, by a completion endpoint. */
  fill?(request: FillRequest, how?: CallOptions): Promise<Completion>
  /** Stands between an agent and its tools: what a tool comes to, by `run` or otherwise. A tape knows it. */
  callTool?(name: string, input: unknown, run: () => Promise<ToolResult>): Promise<ToolResult>
}

/** What a model is declared to be able to do. */
export interface Abilities {
  /** Answers by a JSON schema, strictly. */
  readonly schema: boolean
  /** Calls tools, and can be forced to. */
  readonly tools: boolean
  /** Answers in pieces as they come. */
  readonly stream: boolean
  /** Reads images. */
  readonly images: boolean
  /** Tokens of question and answer together. */
  readonly window: number
}

/** What a model is asked. It is plain data: it can be stored, hashed and compared. */
export interface ModelRequest {
  readonly messages: readonly Message[]
  readonly format?: Format
  readonly tools?: readonly ToolSpec[]
  /** Default: `auto` where there are tools. */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string }
  /** `false`: one tool call at a time. */
  readonly parallelTools?: boolean
  /** The most tokens of the answer. */
  readonly maxTokens?: number
  readonly temperature?: number
  readonly seed?: number
  readonly stop?: readonly string[]
  /** Passed to the model's server as it is: `{ reasoning_effort: 'low' }`. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** One turn of a conversation. */
export type Message =
  | { readonly role: 'system'; readonly text: string }
  /** `images`: addresses, or `data:` URLs. */
  | { readonly role: 'user'; readonly text: string; readonly images?: readonly string[] }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls?: readonly ToolCall[] }
  /** What a tool has come to; `call` is the id of its call. */
  | { readonly role: 'tool'; readonly call: string; readonly text: string }

/** The form that an answer must have. */
export type Format =
  { readonly type: 'json' } | { readonly type: 'schema'; readonly name: string; readonly schema: JsonSchema }

/** A JSON schema, as models are given it. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A tool as a model sees it. */
export interface ToolSpec {
  readonly name: string
  readonly description: string
  readonly input: JsonSchema
}

/** A tool that a model wants called. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  /** As the model wrote it: JSON, most of the time. */
  readonly input: string
}

/** What a tool has come to, for the model. */
export interface ToolResult {
  readonly text: string
  /** It failed, and the model is told so. */
  readonly failure?: Failure
}

/** An answer, whole. It is plain data. */
export interface Completion {
  readonly text: string
  readonly toolCalls: readonly ToolCall[]
  /** `tools`: it waits for what its tool calls come to. */
  readonly finish: 'stop' | 'tools' | 'length' | 'filter'
  /** Why the model would not answer. */
  readonly refusal?: string
  readonly usage: Usage
  /** Which model answered, as its server calls it. */
  readonly model: string
  /** Of a list of models: the name of the one that was asked. */
  readonly asked?: string
  /** Milliseconds until the first piece, where it was streamed. */
  readonly firstTokenMs?: number
  /** It was not sent: the answer was known. */
  readonly cache?: 'hit'
  /** A list of models answered, and others of it can be asked where the answer is of no use. */
  readonly handover?: Handover
}

/** What an embedding call gives. */
export interface Embeddings {
  readonly vectors: readonly (readonly number[])[]
  readonly usage: Usage
  readonly model: string
  /** Of a list of models: the name of the one that was asked. */
  readonly asked?: string
}

/** What stands before and after the text that is wanted. */
export interface FillRequest {
  readonly prefix: string
  readonly suffix?: string
  readonly maxTokens?: number
  readonly temperature?: number
  readonly stop?: readonly string[]
}

/** How one call is made. Nothing here but `passed` changes the answer. */
export interface CallOptions {
  /** Ends the call early. */
  readonly signal?: AbortSignal
  /** Sent as the header `Idempotency-Key`. */
  readonly idempotencyKey?: string
  /** Called with each piece of the text as it comes; the model then streams, where it can. */
  readonly onText?: (piece: string) => void
  /** Who calls: limits and budgets count by these. */
  readonly for?: CalledFor
  /** Models of a list that have answered this already, and were of no use: the others are asked. See `Completion.handover`. */
  readonly passed?: readonly string[]
}

/** Who a call is made for. */
export interface CalledFor {
  readonly workflow?: string | undefined
  readonly run?: string | undefined
  readonly session?: string | undefined
  readonly tenant?: string | undefined
  /** What the run has spent when this is read: a budget of the run goes by it. */
  readonly spent?: Spent | undefined
  /** The run, those that wait for it, and its child runs: a budget of the run bounds them all. */
  readonly family?: Family | undefined
}
