import { describe, expect, it } from 'vitest'
import { createTestEngine } from 'stepwright/testing'
import { MASK, masked, textsAt } from '../../src/model/masking.ts'
import { Redaction } from '../../src/model/redaction.ts'
import { CardWorkflow } from '../cli/fixtures/card.ts'
import { freshName, storeKinds } from '../support/stores.ts'

const TOKEN = 'tok "7"/ä'

describe.each(storeKinds(['memory', 'sqlite', 'redis']))('secrets: $kind', (kind) => {
  async function played(mode: string) {
    const test = createTestEngine({ workflows: [CardWorkflow], store: kind.make(freshName()) })
    const run = await test.engine.start(
      CardWorkflow,
      { token: TOKEN, payer: 'Ada', mode },
      { id: 'c', session: 's' },
    )
    await test.settle()
    const { status } = await run.view()
    if (status === 'waiting') await run.signal('pin', { pin: '4711-pin' })
    const view = await test.finish(run)
    const events = []
    for await (const event of run.events()) events.push(event)
    return {
      test,
      view,
      said: events.filter(({ type }) => type === 'log' || type === 'failed' || type === 'attempt-failed'),
    }
  }

  it('stand in no log line, also those of vars, session, signal, and what the visit made itself', async () => {
    const { test, view, said } = await played('good')
    expect(view.status).toBe('completed')
    expect(said).toMatchObject([
      { message: 'charging *** of Ada', fields: { url: 'https://bank/?t=***', deep: [{ token: '***' }] } },
      { message: 'with ***, *** and ***' },
      { message: 'made ***' },
    ])
    expect(view.data).toEqual({ receipt: 'receipt-9876', pin: 'in the clear' }) // the run itself goes on with them
    await test.close()
  })

  it.each(['fail', 'wrong'])('stand in no failure, its stack and its code: %s', async (mode) => {
    const { test, view, said } = await played(mode)
    expect(view.status).toBe('failed')
    const text = JSON.stringify([view.failure, said])
    expect(text).toContain('***')
    for (const form of [TOKEN, JSON.stringify(TOKEN).slice(1, -1), encodeURIComponent(TOKEN)])
      expect(text).not.toContain(form)
    if (mode === 'fail')
      expect(view.failure).toMatchObject({ name: 'FatalError', message: 'refused: ***', code: 'E-***' })
    await test.close()
  })
})

describe('masking and redaction', () => {
  it('masks what stands at paths, in copies', () => {
    const value = {
      a: { b: 1, c: [1, { d: 'x' }] },
      m: new Map([['k', { s: 1 }]]),
      at: new Date(0),
      u: new Set(['x']),
    }
    expect(
      masked(value, [
        ['a', 'b'],
        ['a', 'c', '*', 'd'],
        ['m', '*', 's'],
        ['u', '*'],
        ['none', 'x'],
      ]),
    ).toEqual({
      a: { b: MASK, c: [1, { d: MASK }] },
      m: new Map([['k', { s: MASK }]]),
      at: new Date(0),
      u: new Set([MASK]),
    })
    expect(value.a.b).toBe(1)
    expect(masked(value, [])).toBe(value)
    expect(masked('x', [[]])).toBe(MASK)
    expect([...textsAt(value, [['a'], ['u', '*']])]).toEqual(['x'])
  })

  it('leaves short texts, takes the longest first, and keeps the class of errors', () => {
    expect(Redaction.of(['', 'abc'])).toBeUndefined()
    const redaction = Redaction.of(['pass', 'password.*', 'abc']) as Redaction
    expect(redaction.text('password.* passwords abc')).toBe('*** ***words abc')
    const frozen = Object.freeze(new RangeError('my pass'))
    const copy = redaction.thrown(frozen) as Error
    expect(copy).toBeInstanceOf(RangeError)
    expect([copy.name, copy.message, copy.stack?.includes('pass')]).toEqual(['RangeError', 'my ***', false])
    expect(redaction.value(new Map([['pass', new Set(['a pass'])]]))).toEqual(
      new Map([['***', new Set(['a ***'])]]),
    )
  })
})
