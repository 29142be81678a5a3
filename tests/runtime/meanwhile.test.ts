import { expect, it } from 'vitest'
import { Meanwhile } from '../../src/runtime/meanwhile.ts'

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

it('is done while something else is awaited, or when it is needed, once', async () => {
  let done = 0
  const [waited, needed] = [new Meanwhile(() => ++done), new Meanwhile(() => ++done)]
  expect([done, needed.value, done]).toEqual([0, 1, 1])
  await turns()
  expect([done, waited.value, needed.value, done]).toEqual([2, 2, 1, 2])
})

it('throws where what it comes to is needed, and nowhere else', async () => {
  const fails = new Meanwhile(() => {
    throw new RangeError('no')
  })
  await turns()
  expect(() => fails.value).toThrow('no')
})
