import type { Failure } from './failure.ts'

/** Tokens of one call, as the model's server counts them. */
export interface Usage {
  readonly input: number
  readonly output: number
  /** Of the input, those that the server had from an earlier call. */
  readonly cached?: number
}

/** What model calls have cost so far. */
export interface Spent {
  readonly calls: number
  /** Input and output together. */
  readonly tokens: number
  /** In the currency of the price table; 0 where a model has no price. */
  readonly cost: number
}

/** What is wrong with an answer: it is only a part, it has not the form that was asked for, or the model would not give one. */
export type AnswerTrouble = 'not-whole' | 'wrong-form' | 'refusal'

/** Where a list of models has answered: what it hands on to the next one, and who has answered so far. */
export interface Handover {
  readonly on: readonly AnswerTrouble[]
  readonly passed: readonly string[]
}

/** A call of a language model, as the history of a run has it. */
export interface ModelCall {
  /** Which model answered; `asked` is the one that was to, where its server or a fallback chose another. */
  readonly model: string
  readonly asked?: string
  /** What it was asked for: `text`, `object`, `classify`, and so on. */
  readonly verb: string
  /** SHA-256 of the request and of the name of the model that was asked, shortened. */
  readonly hash: string
  /** The prompt it was made from, where that has a name. */
  readonly prompt?: {
    readonly name: string
    readonly version: string
    readonly hash: string
    readonly variables?: unknown
    /** What was left out of it, so that it fitted the window of the model. */
    readonly cut?: readonly { readonly name: string; readonly tokens: number }[]
  }
  /** Temperature, the most tokens of the answer, and what else was set; tools by name, with a hash of each. */
  readonly params?: Readonly<Record<string, unknown>>
  /** What was said to the model; `skipped` messages before these stand in an earlier call, whose hash is `after`, or in the session. */
  readonly messages: readonly unknown[]
  readonly skipped?: number
  readonly after?: string
  readonly answer?: string
  readonly toolCalls?: readonly unknown[]
  /** Why the model would not answer. */
  readonly refusal?: string
  /** What an embedding gave, packed. */
  readonly vectors?: readonly string[]
  readonly usage?: Usage
  readonly cost?: number
  /** Milliseconds until the answer was whole, and until its first token, where it was streamed. */
  readonly ms: number
  readonly firstTokenMs?: number
  /** 1 for the first try of this request. */
  readonly attempt: number
  /** Why the answer ended: `stop`, `length`, `tools`, `filter`. */
  readonly finish?: string
  /** It was not sent: the answer was known. */
  readonly cache?: 'hit'
  /** A list of models answered: who of it can be passed over where the answer is of no use. */
  readonly handover?: Handover
  readonly failure?: Failure
  /** Its answer was streamed, under this name. */
  readonly stream?: string
  /** The branch or item it was made in. */
  readonly part?: string
}

/** A tool that a model has called, as the history of a run has it. */
export interface ToolCalled {
  readonly tool: string
  readonly input: unknown
  /** SHA-256 of the input, shortened. */
  readonly hash: string
  /** What the model was told; nothing where the failure was the step's. */
  readonly output?: string
  readonly ms: number
  readonly failure?: Failure
  readonly part?: string
}

export const NOTHING_SPENT: Spent = { calls: 0, tokens: 0, cost: 0 }

/** What one call has cost. */
export function spentBy({ usage, cost = 0, cache }: Pick<ModelCall, 'usage' | 'cost' | 'cache'>): Spent {
  if (cache) return NOTHING_SPENT
  return { calls: 1, tokens: (usage?.input ?? 0) + (usage?.output ?? 0), cost }
}

export function plus(a: Spent, b: Spent): Spent {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, cost: a.cost + b.cost }
}
