import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashOf, requestHash } from '../../src/llm/request-hash.ts'

describe('what a request is known by', () => {
  it('does not depend on the order of keys, and on all else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const turned = JSON.parse(JSON.stringify(a), (_key, value: unknown) =>
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? Object.fromEntries(Object.entries(value).reverse())
            : value,
        ) as unknown
        expect(hashOf(turned)).toBe(hashOf(a))
        const same = JSON.stringify(turned) === JSON.stringify(b) || hashOf(a) !== hashOf(b)
        expect(same || equal(a, b)).toBe(true)
      }),
    )
    expect(hashOf({ a: undefined, b: 1 })).toBe(hashOf({ b: 1 }))
    expect(hashOf([1, 2])).not.toBe(hashOf([2, 1]))
  })

  it('sees a message that was changed in its place, and the model', () => {
    const message = { role: 'user', text: 'a' }
    const request = { messages: [message] }
    const before = requestHash('m', request)
    expect(requestHash('m', { messages: [{ ...message }] })).toBe(before)
    expect(requestHash('n', request)).not.toBe(before)
    message.text = 'b'
    expect(requestHash('m', request)).not.toBe(before)
  })
})

function equal(a: unknown, b: unknown): boolean {
  try {
    expect(a).toEqual(b)
    return true
  } catch {
    return false
  }
}
