import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createModelServer, type ModelServer } from 'stepwright/testing'
import { Chance } from '../simulation/chance.ts'
import { Ground, KINDS } from '../reliability/ground.ts'

const TURNS = 60
const KILLS = 20
const LATENCY = 25
/** Lives in a row that may save nothing: after some more a run is quarantined, as it should be. */
const MOST_IDLE = 3

/** A model that has one thing after another paid. */
function paying(): Promise<ModelServer> {
  return createModelServer({
    latencyMs: LATENCY,
    script: ({ messages }) => {
      const n = messages.filter(({ role }) => role === 'tool').length
      return n < TURNS ? { toolCalls: [{ name: 'pay', arguments: { n } }] } : 'All is paid.'
    },
  })
}

describe.each(KINDS)('I4 an agent whose process is killed %s', (kind) => {
  it(`${KILLS} times: each model call and each tool call is made once, and once more where it was in flight`, async () => {
    await using ground = await Ground.open()
    await using server = await paying()
    const log = ground.file('paid')
    const order = { store: ground.store(kind), url: server.url, log, turns: TURNS }
    const chance = new Chance(11)
    let [kills, idle] = [0, 0]
    for (; kills < KILLS; kills++) {
      const asked = server.calls.length
      const enough = asked + (idle < MOST_IDLE ? 1 : 2)
      const process = ground.start('agent', order)
      await process.says('open')
      while (server.calls.length < enough) await sleep(1) // it is at work again
      await sleep(chance.next() * 2 * LATENCY)
      await process.kill()
      idle = server.calls.length === asked + 1 ? idle + 1 : 0
    }
    const { said, messages, calls, spent } = (await ground.start('agent', order).says('result')) as {
      readonly [key: string]: unknown
      readonly calls: readonly string[]
    }
    expect({ said, messages }).toEqual({ said: 'All is paid.', messages: 2 * TURNS + 2 })
    expect(new Set(calls).size).toBe(TURNS + 1)
    expect(calls).toHaveLength(TURNS + 1)
    expect(spent).toMatchObject({ calls: TURNS + 1 })
    expect(existsSync(log)).toBe(true)
    const paid = readFileSync(log, 'utf8').trim().split('\n').map(Number)
    expect([...new Set(paid)]).toEqual(Array.from({ length: TURNS }, (_, n) => n))
    expect(paid.length).toBeLessThanOrEqual(TURNS + kills)
    const answered = server.calls.filter(({ status }) => status === 200).length
    expect(server.calls.length).toBeLessThanOrEqual(TURNS + 1 + kills)
    expect(answered + paid.length).toBeLessThanOrEqual(2 * TURNS + 1 + kills) // one thing at a time is in flight
  })
})
