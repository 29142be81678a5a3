import { expect, test } from 'vitest'
import { unstubbed } from 'stepwright/testing'

interface Mailer {
  readonly name: string
  send(text: string): Promise<void>
}

test('whatever is done with it says which resource it is', async () => {
  const mailer: Mailer = unstubbed('mailer')
  expect(() => mailer.send('hello')).toThrow('mailer.send was used')
  expect(() => mailer.name).toThrow('mailer.name was used')
  expect(() => `${mailer as unknown as string}`).toThrow('mailer was used')
  expect(() => (unstubbed('make') as () => void)()).toThrow('make was used')
  expect(() => new (unstubbed('Client') as new () => object)()).toThrow('new Client was used')
  expect(await Promise.resolve(mailer)).toBe(mailer)
})
