import type { z } from 'zod'
import { bind, type Bindable, type Scope } from '../definition/scope.ts'
import type { ModelCall } from '../model/model-call.ts'
import type { Ask, AskOptions, FormOptions } from './ask.ts'
import { runAgent, type AgentOptions, type AgentResult } from './agents/agent.ts'
import { Caller } from './caller.ts'
import type { FillRequest, Model } from './model.ts'
import type { Prices } from './prices.ts'
import { classify, classifyAll, type ClassifyOptions, type LabelOf, type Labels } from './verbs/choices.ts'
import {
  extract,
  extractMany,
  summarize,
  type DocumentOptions,
  type SummaryOptions,
} from './verbs/documents.ts'
import { askObject } from './verbs/object.ts'
import { route, type Chosen, type Moves, type Routed } from './verbs/route.ts'
import { askText, textIn } from './verbs/text.ts'
import type { Key } from '../definition/shape.ts'
import { callFn, cast, generate, type FnOptions } from './verbs/values.ts'

/** What calls are made and written down by. */
export interface LlmOptions {
  /** What models cost, for a million tokens. Without a price a call has no cost. */
  readonly prices?: Prices
  /** Changes what is written down of each call, before it is stored: to leave out what nobody may read. */
  readonly mask?: (call: ModelCall) => ModelCall
}

/**
 * The verbs of a language model. As a resource of an engine it is durable: each answer is saved before the handler gets
 * it, under the request itself, so a crash or a second attempt pays for no answer twice in a visit, and every call is
 * told in the history of the run. In a plain script it just calls.
 */
class Verbs implements Bindable<Verbs> {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  [bind](scope: Scope): Verbs {
    return new Verbs(this.#caller.in(scope))
  }

  get model(): Model {
    return this.#caller.model
  }

  /** The model's answer as text. Throws `AnswerError` where it is cut off, `RefusalError` where it is refused. */
  text(ask: Ask, options: AskOptions = {}): Promise<string> {
    return askText(this.#caller, ask, options)
  }

  /** The model's answer as a value of a schema, asked for in the strictest way that the model knows, and checked. What does not fit is shown to the model, twice at most; then `AnswerError` with what it said. */
  object<S extends z.ZodType>(schema: S, ask: Ask, options: FormOptions = {}): Promise<z.output<S>> {
    return askObject(this.#caller, schema, ask, options)
  }

  /** The fields of a schema, taken from a document. One that is longer than the model's window is read in pieces. */
  extract<S extends z.ZodType>(
    schema: S,
    document: string,
    options: DocumentOptions = {},
  ): Promise<z.output<S>> {
    return extract(this.#caller, schema, document, options)
  }

  /** Every item of a schema that a document holds, in order. */
  extractMany<S extends z.ZodType>(
    schema: S,
    document: string,
    options: DocumentOptions = {},
  ): Promise<z.output<S>[]> {
    return extractMany(this.#caller, schema, document, options)
  }

  /** Which member of an enum, or of a list, fits a text. */
  classify<const L extends Labels>(
    labels: L,
    text: string,
    options: ClassifyOptions<L> = {},
  ): Promise<LabelOf<L>> {
    return classify(this.#caller, labels, text, options)
  }

  /** All members that fit a text; none may. */
  classifyAll<const L extends Labels>(
    labels: L,
    text: string,
    options: ClassifyOptions<L> = {},
  ): Promise<LabelOf<L>[]> {
    return classifyAll(this.#caller, labels, text, options)
  }

  /** Something that was written down in another way, as a value of a schema. */
  cast<S extends z.ZodType>(schema: S, value: unknown, options: FormOptions = {}): Promise<z.output<S>> {
    return cast(this.#caller, schema, value, options)
  }

  /** A shorter text that says the same. */
  summarize(document: string, options: SummaryOptions = {}): Promise<string> {
    return summarize(this.#caller, document, options)
  }

  /** So many values of a schema, no two the same; fewer where the model finds no more. */
  generate<S extends z.ZodType>(
    schema: S,
    n: number,
    ask: Ask,
    options: FormOptions = {},
  ): Promise<z.output<S>[]> {
    return generate(this.#caller, schema, n, ask, options)
  }

  /** A function that the model carries out, by what it takes, gives and does. */
  fn<I extends z.ZodType, O extends z.ZodType>(
    options: FnOptions<I, O>,
  ): (input: z.input<I>) => Promise<z.output<O>> {
    return (input) => callFn(this.#caller, options, input)
  }

  /** A move that the model chose among states of a workflow, with data for it: `return llm.route(Flow, { [State.Refund]: 'the customer wants money back' }, text)`. It cannot answer with any other move, nor with other data. */
  route<F extends Routed<Key>, const M extends Moves<F>>(
    flow: F,
    moves: M & { readonly [K in Exclude<keyof M, keyof F['schemas']>]: never },
    ask: Ask,
    options: FormOptions = {},
  ): Promise<Chosen<F, M>> {
    return route(this.#caller, flow, moves, ask, options)
  }

  /** Does a task with tools, turn by turn, until it is done or a person has to agree to something. Each answer and each tool call is saved: a crash repeats none of them. Throws `agent-limit` where it does not come to an end. */
  agent<O extends z.ZodType = z.ZodString>(options: AgentOptions<O>): Promise<AgentResult<z.output<O>>> {
    return runAgent(this.#caller, options)
  }

  /** A vector for each text: texts that say the same are near each other. Throws where the model makes none. */
  async embed(texts: readonly string[], options: AskOptions = {}): Promise<readonly (readonly number[])[]> {
    return (await this.#caller.embed(texts, options)).vectors
  }

  /** The text that stands between a prefix and a suffix, by a completion endpoint. Throws where the model has none. */
  async fill(request: FillRequest, options: AskOptions = {}): Promise<string> {
    return textIn(await this.#caller.fill(request, options))
  }
}

/** What is called; a test may put anything in its place that has the verbs it needs. */
export type Llm = Pick<Verbs, Exclude<keyof Verbs, typeof bind>>

/**
 * Puts the verbs on a model.
 *
 * @example
 * const llm = createLlm(openAiModel({ model: 'gpt-5-mini' }), { prices: { 'gpt-5-mini': { input: 0.25, output: 2 } } })
 * const mood = await llm.classify(['glad', 'sad'], 'What a day!')
 */
export function createLlm(model: Model, { prices = {}, mask }: LlmOptions = {}): Llm {
  return new Verbs(new Caller({ model, prices, mask }))
}
