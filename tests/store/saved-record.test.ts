import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Note } from '../../src/model/history.ts'
import { decodeRecord, encodeRecord } from '../../src/store/saved-record.ts'

const long = fc.string({ minLength: 60, maxLength: 80 })
/** Any but the one that is refused. */
const name = fc.string().filter((key) => key !== '__proto__')
const value = fc.oneof(
  long,
  fc.constant(null),
  fc.array(long),
  fc.dictionary(name, fc.oneof(long, fc.integer())),
)

describe('a record as it is written', () => {
  it('comes back as it was, whatever its note repeats', () => {
    const record = value.chain((kept) => {
      const texts = typeof kept === 'object' && kept ? Object.values(kept) : [kept]
      const field = texts.length > 0 ? fc.oneof(long, fc.constantFrom(...texts)) : long
      return fc.record({ n: fc.nat(), value: fc.constant(kept), note: fc.dictionary(name, field) })
    })
    fc.assert(
      fc.property(record, ({ note, ...kept }) => {
        const saved = { ...kept, note: note as unknown as Note }
        expect(decodeRecord(encodeRecord(saved, 'record'))).toEqual(saved)
      }),
    )
  })

  it('holds a long text once', () => {
    const text = 'a long answer '.repeat(20)
    const note = (fields: object) => ({ type: 'tool-called', tool: 't', ...fields }) as unknown as Note
    const written = (value: unknown): string =>
      JSON.stringify(encodeRecord({ n: 0, value, note: note({ output: text }) }, 'record'))
    expect(written({ text }).split(text)).toHaveLength(2)
    expect(written(text).split(text)).toHaveLength(2)
  })
})
