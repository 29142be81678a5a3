/* eslint-disable @typescript-eslint/no-unused-vars -- a declaration has the parameters of the first one */
import { expect, test } from 'vitest'
import { after, eventually, limits, never, properties } from '../../src/check/index.ts'
import { checkMatchers, type CheckMatchers } from '../../src/testing/index.ts'
import { mistake as loop } from './fixtures/unbounded-loop.ts'
import { mend as bounded } from './fixtures/over-limit.ts'

declare module 'vitest' {
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends CheckMatchers<T> {}
}
expect.extend(checkMatchers)

test('a property holds, or there is a run that breaks it', () => {
  expect(bounded()).toHold(eventually('end'))
  expect(bounded()).not.toHold(never('refine').before('end'))
  expect(() => expect(bounded()).toHold(after('begin').next('end'))).toThrow(
    /^after\(begin\)\.next\(end\) does not hold\n {2}for example begin -> refine$/,
  )
  expect(() => expect(bounded()).not.toHold(eventually('end'))).toThrow(
    'expected some run to break eventually(end), and none does',
  )
  // @ts-expect-error: no such state
  expect(() => expect(bounded()).toHold(never('lost'))).toThrow('"lost", which is not a state of mend')
})

test('loops may be said to run for ever', () => {
  // nothing but its handlers ends the loop
  expect(loop()).toHold(eventually('end'))
  expect(() => expect(loop()).toHold(eventually('end'), { loops: 'may-run-forever' })).toThrow(
    'eventually(end) does not hold, as a run may go round begin -> refine -> begin for ever',
  )
  expect(bounded()).toHold(eventually('end'), { loops: 'may-run-forever' })
})

test('properties and limits are asked of a workflow with all other rules', async () => {
  const workflow = bounded()
  const broken = [properties(workflow, { 'no second look': never('refine') })]
  await expect(workflow).toPassCheck({ limits: [limits(workflow, { most: { visits: 5 } })] })
  await expect(workflow).not.toPassCheck({ properties: broken })
  await expect(expect(workflow).toPassCheck({ properties: broken })).rejects.toThrow(
    'error "no second look": never(refine) does not hold [broken-property]',
  )
  await expect(bounded()).toPassCheck({ properties: broken }) // of another class
})
