import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { toMs, type Duration } from '../../model/duration.ts'
import { send, type Answer, type Asked } from '../asked.ts'
import { wrapped } from './wrapped.ts'
import { steadyClock, type Clock } from '../limits/clock.ts'
import type { CallOptions, Model } from '../model.ts'

/** When a call is made a second time beside the first. */
export interface HedgeOptions {
  /** How long the one before is waited for. */
  readonly after: Duration
  /** Calls at once at most. Default 2. */
  readonly most?: number
  readonly clock?: Clock
}

/**
 * A model that is asked once more where it has not answered after a while. The first whole answer counts, the others are
 * aborted. Each of them may be paid for: put `limited` inside, so that each is counted.
 *
 * @example
 * const model = hedged(limited(openAiModel({ model: 'gpt-5-mini' }), { limits }), { after: '2s' })
 */
export function hedged(model: Model, { after, most = 2, clock = steadyClock }: HedgeOptions): Model {
  const afterMs = toMs(after, 'after')
  if (!Number.isSafeInteger(most) || most < 1)
    throw new StepwrightError('invalid-options', {
      what: `most is ${quote(most)}`,
      remedy: 'Give a whole number of 1 or more',
    })
  return wrapped(model, (ask, how) => race(model, ask, how, { afterMs, most, clock }))
}

interface Race {
  readonly afterMs: number
  readonly most: number
  readonly clock: Clock
}

function race(model: Model, ask: Asked, how: CallOptions, { afterMs, most, clock }: Race): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const others = new Set<AbortController>()
    let begun = 0
    let cancel: (() => void) | undefined
    let speaking: AbortController | undefined
    const abort = (): void => {
      end(how.signal?.reason)
      reject(how.signal?.reason as Error)
    }
    const end = (why: unknown = new DOMException('another answer came first', 'AbortError')): void => {
      cancel?.()
      how.signal?.removeEventListener('abort', abort)
      for (const other of others) other.abort(why)
      others.clear()
      begun = most
    }
    const begin = (): void => {
      begun += 1
      const own = new AbortController()
      others.add(own)
      if (begun < most) cancel = clock.alarm(clock.now() + afterMs, begin)
      // pieces of one answer only: of the one that spoke first
      const onText = (piece: string): void => {
        speaking ??= own
        if (speaking === own) how.onText?.(piece)
      }
      const options: CallOptions = {
        ...{ ...how, signal: own.signal },
        ...(how.onText ? { onText } : {}),
        // with the key of the first a server may answer that this call is under way already
        ...(how.idempotencyKey !== undefined && begun > 1
          ? { idempotencyKey: `${how.idempotencyKey}/hedge-${begun}` }
          : {}),
      }
      send(model, ask, options).then(
        (answer) => {
          if (!others.delete(own)) return
          end()
          resolve(answer)
        },
        (error: unknown) => {
          if (!others.delete(own) || others.size > 0) return // one that is under way may still answer
          end()
          reject(error as Error)
        },
      )
    }
    if (how.signal?.aborted) return abort()
    how.signal?.addEventListener('abort', abort, { once: true })
    begin()
  })
}
