import { describe, expect, it } from 'vitest'
import { hedged, limited, MemoryMeter } from 'stepwright/llm'
import { TestClock } from 'stepwright/testing'
import { ask, httpError, scripted } from './scripted.ts'

describe('a hedged model', () => {
  it('asks once where the answer comes in time', async () => {
    const clock = new TestClock()
    const bare = scripted('m', (_, i) => String(i), { clock, ms: 1_900 })
    const call = hedged(bare, { after: '2s', clock }).complete(ask('x'))
    await clock.advance('10s')
    expect((await call).text).toBe('1')
    expect(bare.calls).toHaveLength(1)
  })

  it('asks again where it does not; the first answer counts, and the other call is aborted', async () => {
    const clock = new TestClock()
    const bare = scripted('m', (_, i) => String(i), { clock, ms: (i) => (i === 1 ? 60_000 : 1_000) })
    const model = hedged(bare, { after: '2s', clock })
    const call = model.complete(ask('x'), { idempotencyKey: 'k' })
    await clock.advance('4s')
    expect((await call).text).toBe('2')
    expect(bare.calls.map(({ aborted, how }) => [aborted, how.idempotencyKey])).toEqual([
      [true, 'k'],
      [undefined, 'k/hedge-2'],
    ])
    expect(clock.next).toBeUndefined()
  })

  it('waits for the other where one fails, and fails where all do', async () => {
    const clock = new TestClock()
    const mixed = scripted('m', (_, i) => (i === 1 ? httpError(500) : 'late'), { clock, ms: 3_000 })
    const call = hedged(mixed, { after: '2s', clock }).complete(ask('x'))
    await clock.advance('10s')
    expect((await call).text).toBe('late')

    const broken = scripted('m', (_, i) => httpError(500 + i), { clock, ms: 3_000 })
    const failing = hedged(broken, { after: '2s', most: 3, clock }).complete(ask('x'))
    const failed = expect(failing).rejects.toThrow('status 50')
    await clock.advance('20s')
    await failed
    expect(broken.calls.length).toBeLessThanOrEqual(3)
    const quick = scripted('m', () => httpError(500))
    await expect(hedged(quick, { after: '2s', clock }).complete(ask('x'))).rejects.toThrow('500')
    expect(quick.calls).toHaveLength(1)
  })

  it('aborts all of them with the caller', async () => {
    const clock = new TestClock()
    const bare = scripted('m', () => 'x', { clock, ms: 60_000 })
    const leaving = new AbortController()
    const call = hedged(bare, { after: '2s', clock }).complete(ask('x'), { signal: leaving.signal })
    await clock.advance('3s')
    leaving.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
    await clock.advance('1s')
    expect(bare.calls.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(clock.next).toBeUndefined()
  })

  it('is counted twice where it was asked twice', async () => {
    const clock = new TestClock()
    const bare = scripted('m', () => 'x', { clock, ms: 3_000 })
    const limits = [{ per: 'model', requests: 3, every: '1h', over: 'fail' }] as const
    const model = hedged(limited(bare, { limits, clock, meter: new MemoryMeter(clock) }), {
      after: '2s',
      clock,
    })
    const call = model.complete(ask('x'))
    await clock.advance('10s')
    await call
    const next = model.complete(ask('x'))
    await clock.advance('10s')
    await next // its second request was refused, which ends nothing
    await expect(model.complete(ask('x'))).rejects.toThrow('over-budget')
    expect(bare.calls).toHaveLength(3)
  })

  it('refuses what it cannot use', () => {
    expect(() =>
      hedged(
        scripted('m', () => 'x'),
        { after: '1s', most: 0 },
      ),
    ).toThrow('[invalid-options]')
  })
})
