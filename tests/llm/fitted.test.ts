import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitted, type Part } from 'stepwright/llm'
import { echoModel } from './echo-model.ts'

const model = (window: number) => echoModel({ window })
const part = (name: string, tokens: number, priority: number, shrinks = false): Part => ({
  name,
  text: name.repeat(tokens * 4).slice(0, tokens * 4),
  priority,
  ...(shrinks ? { shrink: (text: string, left: number) => text.slice(0, left * 4) } : {}),
})

describe('a context that is fitted to a window', () => {
  it('is left as it is where there is room', () => {
    const { text, tokens, cut } = fitted(model(1_000), [part('a', 10, 1), part('b', 10, 2)], {
      answerTokens: 100,
      between: '|',
    })
    expect({ text, tokens, cut }).toEqual({
      text: `${'a'.repeat(40)}|${'b'.repeat(40)}`,
      tokens: 21,
      cut: [],
    })
  })

  it('loses what matters least first, as a whole, and the later one of two that matter as much', () => {
    const parts = [part('a', 100, 5), part('b', 100, 1), part('c', 100, 1), part('d', 100, 9)]
    const cutAt = (window: number) => fitted(model(window), parts, { answerTokens: 0, between: '' })
    expect(cutAt(400).cut).toEqual([])
    expect(cutAt(399).cut).toEqual([{ name: 'c', tokens: 100 }])
    expect(cutAt(299).cut).toEqual([
      { name: 'c', tokens: 100 },
      { name: 'b', tokens: 100 },
    ])
    expect(cutAt(199).text).toBe('d'.repeat(400))
  })

  it('is shortened where a part can be, and that is told', () => {
    const parts = [part('a', 100, 2), part('b', 100, 1, true)]
    const { text, cut } = fitted(model(500), parts, { answerTokens: 320, besides: 20, between: '' })
    expect(text).toBe('a'.repeat(400) + 'b'.repeat(240))
    expect(cut).toEqual([{ name: 'b', tokens: 40 }])
  })

  it('does without a part that does not get as short as it must', () => {
    const stubborn: Part = { text: 'x'.repeat(400), priority: 0, shrink: (text) => text }
    const { text, cut } = fitted(model(120), [stubborn, part('a', 100, 1)], { answerTokens: 0 })
    expect(text).toBe('a'.repeat(400))
    expect(cut).toEqual([{ name: 'part 1', tokens: 100 }])
  })

  it('counts as it is told', () => {
    const count = (text: string) => text.length
    const { text } = fitted(model(50), [part('a', 10, 1), part('b', 10, 2)], { answerTokens: 10, count })
    expect(text).toBe('b'.repeat(40))
  })

  it('is refused where what must stay is too much', () => {
    const parts = [part('law', 100, Infinity), part('b', 10, 1)]
    expect(() => fitted(model(99), parts, { answerTokens: 0 })).toThrow(
      expect.objectContaining({ code: 'too-large', details: { tokens: 100, room: 99 } }),
    )
    expect(fitted(model(100), parts, { answerTokens: 0 }).cut).toEqual([{ name: 'b', tokens: 10 }])
  })

  it('property: it always fits, nothing is cut before what matters less, and what is told adds up', () => {
    const aPart = fc.record({
      text: fc.string({ maxLength: 300 }),
      priority: fc.integer({ min: 0, max: 5 }),
      shrinks: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(aPart, { maxLength: 12 }), fc.integer({ min: 0, max: 400 }), (given, window) => {
        const parts: Part[] = given.map(({ text, priority, shrinks }, i) => ({
          text: `<${i}>${text}`,
          priority,
          name: String(i),
          ...(shrinks ? { shrink: (whole: string, left: number) => whole.slice(0, left * 4) } : {}),
        }))
        const { text, tokens, cut } = fitted(model(window), parts, { answerTokens: 0 })
        expect(tokens).toBeLessThanOrEqual(window)
        expect(tokens).toBe(Math.ceil(text.length / 4))
        const touched = new Set(cut.map(({ name }) => Number(name)))
        const untouched = parts.filter((_, i) => !touched.has(i))
        const least = Math.min(...untouched.map(({ priority }) => priority))
        for (const i of touched) expect(parts[i]?.priority).toBeLessThanOrEqual(least)
        for (const { text: whole } of untouched) expect(text).toContain(whole)
        for (const { name, tokens: gone } of cut)
          expect(gone).toBeLessThanOrEqual(Math.ceil((parts[Number(name)]?.text.length ?? 0) / 4))
      }),
      { numRuns: 500 },
    )
  })
})
