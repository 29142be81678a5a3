import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { hashedIn, send, tellingOf, type Answer, type Asked } from '../asked.ts'
import type {
  Abilities,
  CallOptions,
  Completion,
  Embeddings,
  FillRequest,
  Model,
  ModelRequest,
  ToolResult,
} from '../model.ts'
import { hashOf, requestHash } from '../request-hash.ts'
import { diffLines, type LineDiff } from './line-diff.ts'
import { requestLines, type Said } from './request-text.ts'
import type { Tape, TapedCall, TapedTool } from './tape.ts'
import { failed } from './taped-failure.ts'
import { unpackVector } from './vectors.ts'

/** How a tape is played. */
export interface ReplayOptions {
  /** What becomes of a request that is not on the tape: it fails, or another model answers it. Default `'fail'`. */
  readonly onMiss?: 'fail' | Model
  /** Which model it stands for, where several are on the tape. */
  readonly model?: string
}

/** A model that answers from a tape. */
export interface ReplayedModel extends Model {
  /** Throws what the first request that was not on the tape failed with, also where the workflow has caught it. */
  check(): void
}

/**
 * A model that answers as it did when the tape was made, without a network: each request by its hash, equal ones in
 * their order. Calls that failed fail again, and tools of agents are not called: what they came to is on the tape too. A
 * request that is not on it fails with `not-on-tape`, which shows how it differs from the one that is.
 *
 * @example
 * const model = replayed(await Tape.load('article.tape.json'))
 * const llm = createLlm(model)
 */
export function replayed(tape: Tape, options: ReplayOptions = {}): ReplayedModel {
  return new Replay(tape, options)
}

const ALL: Abilities = { schema: true, tools: true, stream: true, images: true, window: 128_000 }
/** The most recorded calls that one is compared with. */
const COMPARED = 50
/** The most lines of a difference that are shown. */
const SHOWN = 100

class Replay implements ReplayedModel {
  readonly name: string
  readonly abilities: Abilities
  readonly #calls: readonly TapedCall[]
  readonly #open: Map<string, TapedCall[]>
  readonly #tools: readonly TapedTool[]
  readonly #openTools: Map<string, TapedTool[]>
  readonly #else: Model | undefined
  readonly #tellers: ReadonlyMap<string, TapedCall>
  #missed: StepwrightError | undefined

  constructor(tape: Tape, { onMiss = 'fail', model }: ReplayOptions) {
    this.name = model ?? nameOn(tape)
    this.#else = onMiss === 'fail' ? undefined : onMiss
    this.abilities = tape.models[this.name] ?? this.#else?.abilities ?? ALL
    this.#calls = tape.calls.filter((call) => call.model === this.name)
    this.#open = Map.groupBy(this.#calls, ({ hash }) => hash)
    this.#tools = tape.tools
    this.#openTools = Map.groupBy(this.#tools, ({ tool, hash }) => `${tool} ${hash}`)
    this.#tellers = tellersAmong(this.#calls)
  }

  check(): void {
    if (this.#missed) throw this.#missed
  }

  complete(request: ModelRequest, how?: CallOptions): Promise<Completion> {
    return this.#answer({ verb: 'complete', request }, how) as Promise<Completion>
  }

  embed(texts: readonly string[], how?: CallOptions): Promise<Embeddings> {
    return this.#answer({ verb: 'embed', texts }, how) as Promise<Embeddings>
  }

  fill(request: FillRequest, how?: CallOptions): Promise<Completion> {
    return this.#answer({ verb: 'fill', request }, how) as Promise<Completion>
  }

  async callTool(name: string, input: unknown, run: () => Promise<ToolResult>): Promise<ToolResult> {
    const call = this.#openTools.get(`${name} ${hashOf(input)}`)?.shift()
    if (call?.output !== undefined)
      return { text: call.output, ...(call.failure ? { failure: call.failure } : {}) }
    if (call?.failure) throw failed(call.failure)
    if (this.#else) return this.#else.callTool ? this.#else.callTool(name, input, run) : run()
    const same = this.#tools.filter(({ tool }) => tool === name)
    const asked = { messages: [input] }
    throw this.#keep(
      unknownTo(
        `The tool ${quote(name)} was called with an input`,
        nearest(
          asked,
          same.map((each) => ({ messages: [each.input] })),
        ),
      ),
    )
  }

  /** The next answer to that call, or the failure it had. */
  async #answer(asked: Asked, how: CallOptions = {}): Promise<Answer> {
    const call = this.#open.get(requestHash(this.name, hashedIn(asked)))?.shift()
    if (call?.failure && !call.answer) throw failed(call.failure)
    if (call?.embeddings && asked.verb === 'embed')
      return { ...call.embeddings, vectors: call.embeddings.vectors.map(unpackVector) }
    if (call?.answer && asked.verb !== 'embed') {
      how.onText?.(call.answer.text)
      return call.answer
    }
    if (this.#else) return send(this.#else, asked, how)
    throw this.#miss(tellingOf(asked), call)
  }

  #miss(asked: Said, found: TapedCall | undefined): StepwrightError {
    if (found)
      return this.#keep(
        unknownTo(`${this.name} was asked something whose answer was masked, and so`, undefined),
      )
    const left = [...this.#open.values()].flat()
    const order = (left.length > 0 ? left : this.#calls).slice(0, COMPARED)
    const near = nearest(
      asked,
      order.map((call) => this.#askedOf(call)),
    )
    return this.#keep(unknownTo(`${this.name} was asked something`, near))
  }

  /** A request as it was, with what earlier calls told of its conversation. */
  #askedOf(call: TapedCall): Said {
    const told = [call.messages]
    const seen = new Set<TapedCall>()
    let left = call.skipped ?? 0
    for (let at = call; left > 0;) {
      const teller = this.#tellers.get(at.after ?? '')
      if (!teller || seen.has(teller)) {
        told.push([`(${left} messages)`])
        break
      }
      seen.add(teller)
      const before = teller.skipped ?? 0
      told.push(teller.messages.slice(0, Math.max(0, left - before)))
      left = Math.min(left, before)
      at = teller
    }
    return { messages: told.reverse().flat(), ...(call.params ? { params: call.params } : {}) }
  }

  #keep(error: StepwrightError): StepwrightError {
    this.#missed ??= error
    return error
  }
}

/** By hash, the call that told most of its conversation itself. */
function tellersAmong(calls: readonly TapedCall[]): ReadonlyMap<string, TapedCall> {
  const tellers = new Map<string, TapedCall>()
  for (const call of calls) {
    const known = tellers.get(call.hash)
    if (!known || (known.skipped ?? 0) > (call.skipped ?? 0)) tellers.set(call.hash, call)
  }
  return tellers
}

function nameOn({ calls, models }: Tape): string {
  const names = [...new Set([...calls.map(({ model }) => model), ...Object.keys(models)])]
  if (names.length <= 1) return names[0] ?? 'tape'
  throw new StepwrightError('invalid-options', {
    what: `The tape has calls of ${names.map(quote).join(', ')}, and model names none of them`,
    remedy: `Say which one it stands for: replayed(tape, { model: ${quote(names[0])} })`,
    details: { models: names },
  })
}

function nearest(asked: Said, recorded: readonly Said[]): LineDiff | undefined {
  const lines = requestLines(asked)
  const diffs = recorded.map((each) => diffLines(requestLines(each), lines))
  return diffs.toSorted((a, b) => a.changes - b.changes)[0]
}

function unknownTo(what: string, near: LineDiff | undefined): StepwrightError {
  const shown = near?.lines.slice(0, SHOWN) ?? []
  const more = (near?.lines.length ?? 0) - shown.length
  const how = !near
    ? ''
    : near.changes === 0
      ? '; it is there, and was asked for less often, or what differs was masked'
      : `; here with what is nearest to it there:\n\n- on the tape\n+ asked now\n\n${[...shown, ...(more > 0 ? [`  ... and ${more} more lines`] : [])].join('\n')}\n\n`
  return new StepwrightError('not-on-tape', {
    what: `${what} that is not on the tape${how}`,
    remedy: 'Mend what has changed, or record the run again',
  })
}
