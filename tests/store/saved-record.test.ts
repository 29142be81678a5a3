import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Note } from '../../src/model/history.ts'
import { decodeRecord, earlyText, recordRow } from '../../src/store/saved-record.ts'
import { unseal } from '../../src/store/sealed-row.ts'

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
      const note = fc.dictionary(name, field)
      return fc.record({ n: fc.nat(), value: fc.constant(kept), note, early: fc.option(note) })
    })
    fc.assert(
      fc.property(record, ({ note: rest, early, ...kept }) => {
        const note = { type: 'tool-called', ...rest } as unknown as Note
        const before = early === null ? {} : { early: earlyText(early, 'early') }
        const { row, value } = recordRow({ ...kept, note, ...before }, 'record')
        expect(value).toEqual(kept.value)
        expect(decodeRecord(unseal(row, 'row'))).toEqual({ ...kept, note: { ...early, ...note } })
      }),
    )
  })

  it('holds a long text once', () => {
    const text = 'a long answer '.repeat(20)
    const note = (fields: object) => ({ type: 'tool-called', tool: 't', ...fields }) as unknown as Note
    const written = (value: unknown): string =>
      recordRow({ n: 0, value, note: note({ output: text }) }, 'record').row
    expect(written({ text }).split(text)).toHaveLength(2)
    expect(written(text).split(text)).toHaveLength(2)
  })
})
