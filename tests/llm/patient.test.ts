import { describe, expect, it } from 'vitest'
import { FatalError, RetryableError } from 'stepwright'
import { patient } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { AnswerError, RefusalError } from '../../src/llm/answer-error.ts'
import { ask, httpError, scripted, type Reply } from './scripted.ts'

/** When each call was made that a patient model needs to come to its answer. */
async function times(replies: readonly Reply[], options: Parameters<typeof patient>[1] = {}) {
  const clock = new TestClock()
  const start = clock.now()
  const bare = scripted('m', (_, i) => replies[i - 1] ?? 'too many', { clock })
  const call = patient(bare, { jitter: 'none', clock, ...options }).complete(ask('x'))
  const settled = call.then(
    ({ text }) => text,
    (error: Error) => error.message,
  )
  await clock.advance('1h')
  return { said: await settled, at: bare.calls.map(({ at }) => at - start) }
}

describe('a patient model', () => {
  it('tries again, later each time', async () => {
    const replies = [httpError(500), new Error('socket hang up'), httpError(429), 'done']
    expect(await times(replies, { maxAttempts: 4 })).toEqual({ said: 'done', at: [0, 1_000, 3_000, 7_000] })
  })

  it('comes no sooner than it was told to', async () => {
    const replies = [
      httpError(429, { 'retry-after': '90' }),
      new RetryableError('x', { retryAfter: '5m' }),
      'done',
    ]
    expect(await times(replies)).toEqual({ said: 'done', at: [0, 90_000, 390_000] })
  })

  it('gives up after its attempts, and at once where another would be of no use', async () => {
    expect(await times([1, 2, 3, 4].map((i) => httpError(500 + i)))).toEqual({
      said: 'status 503',
      at: [0, 1_000, 3_000],
    })
    for (const error of [httpError(400), new FatalError('no'), new RefusalError('will not', '')])
      expect(await times([error])).toEqual({ said: error.message, at: [0] })
    const cut = new AnswerError('not-whole', 'cut', 'half')
    expect(await times([cut, 'done'])).toEqual({ said: 'done', at: [0, 1_000] })
  })

  it('keeps the rules for kinds of errors', async () => {
    const on = [{ error: 'RangeError', maxAttempts: 2, initialInterval: '7s' }] as const
    const error = new RangeError('odd')
    expect(await times([error, error, 'done'], { on })).toEqual({ said: 'odd', at: [0, 7_000] })
  })

  it('ends while it waits, where the caller leaves', async () => {
    const clock = new TestClock()
    const leaving = new AbortController()
    const bare = scripted('m', () => httpError(500))
    const call = patient(bare, { clock, jitter: 'none' }).complete(ask('x'), { signal: leaving.signal })
    await clock.advance(500)
    leaving.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
    expect(clock.next).toBeUndefined()
  })
})
