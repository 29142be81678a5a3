import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { judge, RetryableError } from '../../model/failure.ts'
import { AnswerError, RefusalError } from '../answer-error.ts'
import type { AnswerTrouble } from '../../model/model-call.ts'
import { send, type Answer, type Asked } from '../asked.ts'
import { wrapped } from './wrapped.ts'
import { MemoryBreakers, readBreaker, type BreakerOptions, type Leave, type Outcome } from './breaker.ts'
import { steadyClock, type Clock } from '../limits/clock.ts'
import { namesOf } from '../prices.ts'
import type { Abilities, CallOptions, Completion, Model } from '../model.ts'

/** A model, and how often it comes first: two of weight 9 and 1 divide calls nine to one. */
export interface Weighted {
  readonly model: Model
  readonly weight: number
}

/** How a list of models is gone through. */
export interface FallbackOptions {
  /** Leaves models alone that fail too often. Without it each call begins with the first. */
  readonly breaker?: BreakerOptions
  /**
   * Which answers of no use the verbs hand over to the next model: those of a wrong form (when the repairs are used up),
   * those that are cut off at their most tokens (`not-whole`), refusals. Default `['wrong-form']`.
   */
  readonly handOver?: readonly AnswerTrouble[]
  /** Told whenever a model has failed and another one is asked. */
  readonly onSwitch?: (switched: {
    readonly from: string
    readonly to: string
    readonly error: unknown
  }) => void
  readonly clock?: Clock
}

/**
 * The first of some models that answers. The next one is asked where a model, its server or its key fails; not where the
 * request itself is wrong, was refused as unfit, or was aborted; a refusal only where `handOver` says so. With `breaker` a model that fails too often is not even asked for a while.
 *
 * @example
 * const model = fallback([openAiModel({ model: 'gpt-5' }), openAiModel({ model: 'llama', baseUrl: 'http://localhost:11434/v1' })], {
 *   breaker: { share: 0.8, within: '10m' }, // over 80% failed in the last 10 minutes: use the other
 * })
 */
export function fallback(models: readonly (Model | Weighted)[], options: FallbackOptions = {}): Model {
  const { clock = steadyClock, onSwitch, handOver = ['wrong-form'] } = options
  const list = models.map((one) => ('weight' in one ? one : { model: one, weight: undefined })).map(named)
  if (list.length === 0)
    throw new StepwrightError('invalid-options', {
      what: 'fallback has no models',
      remedy: 'Give at least one',
    })
  for (const { model, weight } of list)
    if (weight !== undefined && !(weight > 0 && Number.isFinite(weight)))
      throw new StepwrightError('invalid-options', {
        what: `The weight of ${model.name} is ${quote(weight)}`,
        remedy: 'Give a number above 0',
      })
  const rule = options.breaker && readBreaker(options.breaker)
  const book = options.breaker?.book ?? new MemoryBreakers(clock)
  // a book that cannot be reached must not keep anybody from a model that can
  const ask = async (name: string): Promise<Leave> =>
    rule ? book.ask(name, rule).catch(() => ({ go: 'always' })) : { go: 'always' }
  const tell = async (name: string, outcome: Outcome, tried: boolean): Promise<void> =>
    rule && book.tell(name, rule, outcome, tried).catch(() => undefined)

  const serve = async (question: Asked, how: CallOptions): Promise<Answer> => {
    let failed: { readonly from: string; readonly error: unknown } | undefined
    let rest = Infinity
    const { passed = [] } = how
    const others = list.filter(({ key }) => !passed.includes(key))
    for (const { model, key } of inOrder(others.length > 0 ? others : list, () => clock.random())) {
      how.signal?.throwIfAborted()
      const leave = await ask(key)
      if (leave.go === 'no') {
        rest = Math.min(rest, leave.restMs)
        continue
      }
      const tried = leave.go === 'try'
      if (failed) onSwitch?.({ ...failed, to: model.name })
      try {
        const answer = await send(model, question, how)
        // also where the answer turns out to be of no use: the server is well, and one hard question must not take
        // the model away from all others
        await tell(key, 'good', tried)
        const known = { ...answer, asked: answer.asked ?? model.name }
        return question.verb === 'complete' ? withOthers(known as Completion, [...passed, key]) : known
      } catch (error) {
        const kind = how.signal?.aborted ? 'over' : kindOf(error, handOver)
        await tell(key, kind === 'model' ? 'bad' : 'none', tried)
        if (kind === 'over') throw error
        failed = { from: model.name, error }
      }
    }
    if (failed) throw failed.error
    throw new RetryableError(`all of ${name} have failed too often and are left alone for a while`, {
      retryAfter: rest,
    })
  }
  /** Says whether others of the list can still be asked; a list in this list says so first. */
  const withOthers = (answer: Completion, passed: readonly string[]): Completion =>
    answer.handover || handOver.length === 0 || list.every(({ key }) => passed.includes(key))
      ? answer
      : { ...answer, handover: { on: handOver, passed } }
  const all = list.map(({ model }) => model)
  const name = all.map((model) => model.name).join(' | ')
  // vectors of different models cannot be compared
  const sameVectors = all.every((model) => model.embed && model.name === all[0]?.name)
  const fill = all.every((model) => model.fill)
  const shell = { name, models: all.flatMap(namesOf), abilities: common(all), embed: sameVectors, fill }
  return wrapped(shell, serve)
}

/** Statuses that say something about a key or an address, not about what was asked. */
const OF_THE_MODEL: readonly (number | undefined)[] = [401, 402, 403, 404]

/** Whose fault it is: the model's, nobody's (it may not be called now, or would not answer this), or the request's, so that asking on is over. */
function kindOf(error: unknown, handOver: readonly AnswerTrouble[]): 'model' | 'limit' | 'over' {
  if (error instanceof StepwrightError && error.code === 'over-budget') return 'limit'
  if (error instanceof RetryableError) return 'limit'
  if (error instanceof RefusalError && handOver.includes('refusal')) return 'limit'
  if (error instanceof AnswerError) return 'model'
  const { retryable, failure } = judge(error, 0)
  return retryable || OF_THE_MODEL.includes(failure.status) ? 'model' : 'over'
}

interface Listed {
  readonly model: Model
  readonly weight: number | undefined
  /** Tells models of one name, such as two ways to one model, from each other. */
  readonly key: string
}

function named(
  { model, weight }: Omit<Listed, 'key'>,
  i: number,
  all: readonly Omit<Listed, 'key'>[],
): Listed {
  const before = all.slice(0, i).filter((one) => one.model.name === model.name).length
  return { model, weight, key: before === 0 ? model.name : `${model.name} ${before + 1}` }
}

/** As given; where there are weights, by lot. */
function inOrder(list: readonly Listed[], random: () => number): readonly Listed[] {
  if (list.every(({ weight }) => weight === undefined)) return list
  // Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006
  return list
    .map((one) => ({ one, lot: Math.log(1 - random()) / (one.weight ?? 1) }))
    .sort((a, b) => b.lot - a.lot)
    .map(({ one }) => one)
}

/** What all of them can do. */
function common(models: readonly Model[]): Abilities {
  const all = (ability: 'schema' | 'tools' | 'stream' | 'images'): boolean =>
    models.every(({ abilities }) => abilities[ability])
  return {
    ...{ schema: all('schema'), tools: all('tools'), stream: all('stream'), images: all('images') },
    window: Math.min(...models.map(({ abilities }) => abilities.window)),
  }
}
