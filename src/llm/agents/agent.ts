/**
 * The loop of an agent: the model is asked, the tools that it wants are called, and it is asked again with what they
 * came to, until it answers.
 *
 * I4 Every answer and every tool call is a record of the visit: a crash in the fifth tool call repeats none of the
 *    first four.
 */
import { z } from 'zod'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { FatalError, RetryableError, toFailure } from '../../model/failure.ts'
import { messagesOf, settingsOf, type Ask, type AskOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import type { Completion, Message, ModelRequest, ToolCall, ToolSpec } from '../model.ts'
import { readInput, specOf, type Tool } from './tool.ts'
import { answering, troubleOf } from '../verbs/answering.ts'

/** The tool by which a model gives its result, where that has a schema. */
const FINISH = 'finish'

/** What an agent is to do, and how far it may go. */
export interface AgentOptions<O extends z.ZodType = z.ZodType> extends Omit<AskOptions, 'key'> {
  /** What is to be done; or where an agent stopped, its messages, with what people said in `approvals`. */
  readonly ask: Ask
  readonly tools: readonly Tool[]
  /** What the result has to be. Default: the text of the answer. */
  readonly finish?: O
  /** Before each turn in which it may act, one in which it may only think. */
  readonly think?: boolean
  /** The most turns in which it may act. Default 20. */
  readonly maxSteps?: number
  /** The most tokens, of all turns together. */
  readonly maxTotalTokens?: number
  /** `false`: one tool at a time. Default `true`. */
  readonly parallel?: boolean
  /** What people said of the tool calls that wait for them at the end of `ask`, by the id of the call; of no later ones. */
  readonly approvals?: Readonly<Record<string, Approval>>
}

/** What a person says of a tool call. */
export type Approval = { readonly approved: true } | { readonly approved: false; readonly reason?: string }

/** How an agent came out. */
export type AgentResult<T> =
  | { readonly done: true; readonly output: T; readonly messages: readonly Message[]; readonly steps: number }
  /** It wants to call tools that a person has to agree to; `messages` is where it goes on. */
  | {
      readonly done: false
      readonly waits: readonly ToolCall[]
      readonly messages: readonly Message[]
      readonly steps: number
    }

/** Runs the loop. Throws `agent-limit` where it does not come to an end in time. */
export async function runAgent<O extends z.ZodType>(
  caller: Caller,
  options: AgentOptions<O>,
): Promise<AgentResult<z.output<O>>> {
  return new Agent(caller, options).run()
}

class Agent<O extends z.ZodType> {
  readonly #caller: Caller
  readonly #options: AgentOptions<O>
  readonly #tools: ReadonlyMap<string, Tool>
  readonly #specs: readonly ToolSpec[]
  /** What people said of the calls that waited for them. A later call may bear the id of one of those: models choose ids. */
  readonly #approvals: Map<string, Approval>
  #messages: readonly Message[]
  #steps = 0
  #tokens = 0

  constructor(caller: Caller, options: AgentOptions<O>) {
    const { ask, tools, finish, approvals = {} } = options
    if (tools.length > 0 && !caller.model.abilities.tools)
      throw new FatalError(`${caller.model.name} calls no tools`)
    this.#caller = caller
    this.#options = options
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]))
    if (this.#tools.size < tools.length || (finish && this.#tools.has(FINISH)))
      throw new FatalError(`two tools have the same name: ${tools.map(({ name }) => name).join(', ')}`)
    const specs = tools.map((tool) => specOf(tool, false))
    this.#specs = finish ? [...specs, finishSpec(finish)] : specs
    this.#messages = messagesOf(ask, options)
    const waiting = new Set(openCalls(this.#messages).map(({ id }) => id))
    this.#approvals = new Map(Object.entries(approvals).filter(([id]) => waiting.has(id)))
  }

  async run(): Promise<AgentResult<z.output<O>>> {
    for (;;) {
      const open = openCalls(this.#messages)
      if (open.length > 0) {
        const ended = await this.#act(open)
        if (ended) return ended
        continue
      }
      this.#checkLimits()
      this.#steps += 1
      if (this.#options.think) await this.#think()
      const answer = await this.#turn()
      if (answer.toolCalls.length === 0) {
        const ended = this.#answered(answer.text)
        if (ended) return ended
      } else this.#say({ role: 'assistant', text: answer.text, toolCalls: answer.toolCalls })
    }
  }

  /** Calls what the model wants called; all at once, in the order in which it asked where it may do only one. */
  async #act(calls: readonly ToolCall[]): Promise<AgentResult<z.output<O>> | undefined> {
    const { finish } = this.#options
    const last = calls.find(({ name }) => finish && name === FINISH)
    if (last && finish) {
      const read = await readInput(finishTool(finish), last.input)
      if ('input' in read) return this.#done((read.input as { readonly result: z.output<O> }).result)
      this.#answerCalls(calls, () => read.wrong)
      return undefined
    }
    const waits = calls.filter(({ id, name }) => this.#tools.get(name)?.approval && !this.#approvals.has(id))
    if (waits.length > 0) return { done: false, waits, messages: this.#messages, steps: this.#steps }
    const results = await Promise.all(calls.map((call, i) => this.#call(call, i)))
    this.#answerCalls(calls, (i) => results[i] ?? '')
    return undefined
  }

  async #call(call: ToolCall, i: number): Promise<string> {
    const tool = this.#tools.get(call.name)
    if (!tool) {
      const names = [...this.#tools.keys()].map(quote).join(', ')
      return `There is no tool ${quote(call.name)}. There are ${names || 'none'}.`
    }
    const said = this.#approvals.get(call.id)
    if (tool.approval && said?.approved !== true)
      return `A person did not agree to this call${said?.reason === undefined ? '' : `: ${said.reason}`}.`
    const read = await readInput(tool, call.input)
    if ('wrong' in read) return read.wrong
    return this.#caller.callTool(tool.name, `${this.#messages.length} ${i}`, read.input, async () => {
      try {
        return { text: shown(await tool.run(read.input)) }
      } catch (error) {
        if (isForTheStep(error)) throw error
        const failure = toFailure(error)
        return { text: `It failed: ${failure.name}: ${failure.message}`, failure }
      }
    })
  }

  /** A text without a tool call is the result, unless that has a schema. */
  #answered(text: string): AgentResult<z.output<O>> | undefined {
    this.#say({ role: 'assistant', text })
    if (!this.#options.finish) return this.#done(text as z.output<O>)
    this.#say({ role: 'user', text: `Give your result by calling the tool ${FINISH}.` })
    return undefined
  }

  #done(output: z.output<O>): AgentResult<z.output<O>> {
    return { done: true, output, messages: this.#messages, steps: this.#steps }
  }

  async #think(): Promise<void> {
    const answer = await this.#ask({ toolChoice: 'none' }, 'think')
    this.#say({ role: 'assistant', text: answer.text })
    this.#say({ role: 'user', text: 'Go on.' })
  }

  #turn(): Promise<Completion> {
    const { parallel = true } = this.#options
    return this.#ask(parallel || this.#specs.length === 0 ? {} : { parallelTools: false }, 'agent')
  }

  #ask(more: Partial<ModelRequest>, verb: string): Promise<Completion> {
    const options = this.#options
    const tools = this.#specs.length > 0 ? { tools: this.#specs, ...more } : {}
    const request = { ...settingsOf(options), messages: this.#messages, ...tools }
    return answering(async (passed) => {
      const last = await this.#caller.complete({ verb, request, ask: options.ask, options, passed })
      this.#tokens += last.answer.usage.input + last.answer.usage.output
      const error = troubleOf(last.answer)
      return error ? { error, last } : { value: last.answer }
    })
  }

  #checkLimits(): void {
    const { maxSteps = 20, maxTotalTokens = Infinity } = this.#options
    const over =
      this.#steps >= maxSteps
        ? `${maxSteps} turns`
        : this.#tokens >= maxTotalTokens
          ? `${this.#tokens} tokens`
          : undefined
    if (over === undefined) return
    throw new StepwrightError('agent-limit', {
      what: `The agent took ${over} and did not come to an end`,
      remedy: 'Allow it more, give it a smaller task, or look at its calls in the history of the run',
      details: { steps: this.#steps, tokens: this.#tokens },
    })
  }

  #answerCalls(calls: readonly ToolCall[], textOf: (i: number) => string): void {
    for (const [i, { id }] of calls.entries()) this.#say({ role: 'tool', call: id, text: textOf(i) })
    this.#approvals.clear()
  }

  #say(message: Message): void {
    this.#messages = [...this.#messages, message]
  }
}

/** The tool calls at the end of a conversation that nobody has answered. */
function openCalls(messages: readonly Message[]): readonly ToolCall[] {
  const at = messages.findLastIndex(({ role }) => role !== 'tool')
  const asked = messages[at]
  if (asked?.role !== 'assistant') return []
  const answered = new Set(
    messages.slice(at).flatMap((message) => (message.role === 'tool' ? [message.call] : [])),
  )
  return (asked.toolCalls ?? []).filter(({ id }) => !answered.has(id))
}

function finishTool(schema: z.ZodType): Tool {
  const input = z.object({ result: schema })
  return { name: FINISH, description: 'Gives the result. Ends the task.', input, run: () => undefined }
}

function finishSpec(schema: z.ZodType): ToolSpec {
  return specOf(finishTool(schema), false)
}

/** What a tool has returned, as the model reads it. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'done')
}

/** Errors that are not for the model to mend. */
function isForTheStep(error: unknown): boolean {
  return (
    error instanceof FatalError ||
    error instanceof RetryableError ||
    error instanceof StepwrightError ||
    (error instanceof Error && error.name === 'AbortError')
  )
}
