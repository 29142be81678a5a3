/* eslint-disable @typescript-eslint/no-unused-vars -- a declaration has the parameters of the first one */
import { expect, test } from 'vitest'
import { checkMatchers, type CheckMatchers } from '../../src/testing/index.ts'
import { mend, mistake } from './fixtures/wait-without-expiry.ts'

declare module 'vitest' {
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends CheckMatchers {}
}
expect.extend(checkMatchers)

test('a sound workflow passes', async () => {
  await expect(mend()).toPassCheck()
  await expect(expect(mend()).not.toPassCheck()).rejects.toThrow('nothing was found')
})

test('one with a mistake fails, with its line, which is found from the file of the test', async () => {
  await expect(mistake()).not.toPassCheck()
  await expect(expect(mistake()).toPassCheck()).rejects.toThrow(
    /there is: 1 warning\n {2}tests\/check\/fixtures\/wait-without-expiry\.ts:\d+:5 warning "begin" waits for/,
  )
})

test('options say what fails', async () => {
  await expect(mistake()).toPassCheck({ failOn: 'error' })
  await expect(mistake()).toPassCheck({ rules: { 'wait-without-expiry': 'note' } })
  await expect(mistake()).not.toPassCheck({ rules: { 'wait-without-expiry': 'note' }, failOn: 'note' })
  await expect(mistake()).toPassCheck({ rules: { 'wait-without-expiry': 'off' }, failOn: 'note' })
})
