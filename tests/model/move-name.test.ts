import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readMove, sayMove } from '../../src/model/move-name.ts'

const state = fc
  .string()
  .filter((name) => !name.includes(' -> ') && !name.includes(' by ') && !/ $|^ /.test(name))
const by = fc.oneof(
  fc.constantFrom('step' as const, 'expires' as const, 'visits' as const, 'catch' as const, 'skip' as const),
  fc.string().map((name) => `signal:${name}` as const),
)

test('the name of a move is read back, whatever its signal is called', () => {
  fc.assert(
    fc.property(fc.record({ from: state, to: state, by }), (move) => {
      expect(readMove(sayMove(move))).toEqual({ ...move })
    }),
  )
})
