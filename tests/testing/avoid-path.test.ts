import { expect, test } from 'vitest'
import { avoidPath } from '../../src/testing/index.ts'
import { mend, mistake } from '../check/fixtures/over-limit.ts'

const ROUND = ['begin -> refine by step', 'refine -> begin by step']
const PASSED = [
  ...ROUND,
  ...ROUND,
  'begin -> refine by step',
  'refine -> begin by step',
  'begin -> end by visits',
]

test('a path that a run can go is found, by going it', async () => {
  await expect(avoidPath(mistake(), [...ROUND, 'begin -> end by step'])).rejects.toMatchObject({
    code: 'path-taken',
    details: { workflow: 'mistake', transitions: [...ROUND, 'begin -> end by step'] },
  })
  await expect(avoidPath(mistake(), PASSED)).rejects.toMatchObject({ code: 'path-taken' })
})

test('one that the chart does not have, or that a bound ends before, is avoided', async () => {
  await avoidPath(mistake(), ['begin -> nowhere by step'])
  await avoidPath(mend(), PASSED) // it allows two rounds
})
