import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../src/store/codec.ts'

/** Pieces by their references, as a shelf keeps them. */
function makeShelf() {
  const pieces = new Map<string, string>()
  const refs = new Map<string, string>()
  const shelve = (text: string, json: () => string): string => {
    const known = refs.get(text)
    if (known !== undefined) return known
    const ref = `${String(pieces.size).padStart(20, '0')}.${'h'.repeat(16)}`
    pieces.set(ref, json())
    refs.set(text, ref)
    return ref
  }
  const fetch = (ref: string): string => pieces.get(ref) ?? expect.fail(`${ref} is not there`)
  return { pieces, shelve, fetch }
}

const item = fc.oneof(
  fc.string({ maxLength: 1_500 }),
  fc.integer(),
  fc.record({ role: fc.constant('user'), text: fc.string({ maxLength: 700 }) }),
  fc.array(fc.string({ maxLength: 300 }), { maxLength: 12 }),
)

describe('groups of a long list', () => {
  it('property: it comes back as it was, and adding to it writes what is added, and a group of each level at most', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 120 }), item, (list, added) => {
        const { pieces, shelve, fetch } = makeShelf()
        expect(decode(encode(list, '', shelve), fetch)).toEqual(list)
        const before = pieces.size
        const longer = encode([...list, added], '', shelve)
        expect(decode(longer, fetch)).toEqual([...list, added])
        const size = JSON.stringify(added).length
        const fresh = [...pieces.values()].slice(before)
        expect(fresh.reduce((sum, json) => sum + json.length, 0)).toBeLessThan(3 * size + 3_500)
        expect(JSON.stringify(longer).length).toBeLessThan(6_000)
      }),
      { numRuns: 300 },
    )
  })

  it('are so many that what refers to them stays small, at any length', () => {
    const { pieces, shelve, fetch } = makeShelf()
    const list = Array.from({ length: 20_000 }, (_, i) => ({ role: 'user', text: `${i} `.padEnd(100, 'x') }))
    const encoded = encode(list, '', shelve)
    expect(JSON.stringify(encoded).length).toBeLessThan(2_500)
    expect(pieces.size).toBeLessThan(20_000 / 3)
    expect(decode(encoded, fetch)).toEqual(list)
  })
})
