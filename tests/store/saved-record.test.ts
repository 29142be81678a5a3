import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Note } from '../../src/model/history.ts'
import { pack, unpack } from '../../src/store/saved-record.ts'

const long = fc.string({ minLength: 60, maxLength: 80 })
const value = fc.oneof(
  long,
  fc.constant(null),
  fc.array(long),
  fc.dictionary(fc.string(), fc.oneof(long, fc.integer())),
)

describe('a record as it is written', () => {
  it('comes back as it was, whatever its note repeats', () => {
    const record = value.chain((kept) => {
      const texts = typeof kept === 'object' && kept ? Object.values(kept) : [kept]
      const field = texts.length > 0 ? fc.oneof(long, fc.constantFrom(...texts)) : long
      return fc.record({ n: fc.nat(), value: fc.constant(kept), note: fc.dictionary(fc.string(), field) })
    })
    fc.assert(
      fc.property(record, ({ note, ...kept }) => {
        const saved = { ...kept, note: note as unknown as Note }
        expect(unpack(pack(saved))).toEqual(saved)
      }),
    )
  })

  it('holds a long text once', () => {
    const text = 'a long answer '.repeat(20)
    const note = (fields: object) => ({ type: 'tool-called', tool: 't', ...fields }) as unknown as Note
    const written = JSON.stringify(pack({ n: 0, value: { text }, note: note({ output: text }) }))
    expect(written.split(text)).toHaveLength(2)
    expect(
      JSON.stringify(pack({ n: 0, value: text, note: note({ output: text }) })).split(text),
    ).toHaveLength(2)
  })
})
