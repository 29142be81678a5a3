import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngine, StepwrightError } from 'stepwright'
import { RedisStore } from '../../src/store/redis-store.ts'
import { Chance } from '../simulation/chance.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'
import { ShopWorkflow, toReview, type Ctx } from '../support/shop.ts'
import { Proxy, tell } from './proxy.ts'
import { trial, type Figures } from './trial.ts'

interface Sizes {
  /** How long a trouble lasts. */
  readonly ms: number
  readonly cuts: number
}

/** Timers go on so long after the server is back. */
const BACK_MS = 5_000

/** An engine on a server that it reaches through a proxy, and everything that was said to it. */
class Shop {
  readonly warnings: string[] = []
  readonly charges = new Map<string, number>()
  readonly codes = new Map<string, number>()
  readonly acked: string[] = []
  /** Waited for by each charge. */
  hold: () => Promise<void> = () => sleep(5)
  readonly engine
  #count = 0

  constructor(port: number) {
    const charge = async ({ run }: Ctx): Promise<unknown> => {
      this.charges.set(run.id, (this.charges.get(run.id) ?? 0) + 1)
      await this.hold()
      return toReview('r')
    }
    this.engine = createEngine({
      workflows: [ShopWorkflow],
      store: new RedisStore(`redis://127.0.0.1:${port}`, { timeoutMs: 400 }),
      resources: { hands: { charge } },
      onWarning: (message) => void this.warnings.push(message),
    })
  }

  /** One run; what was acknowledged of it is noted down. What is thrown must have a name of ours. */
  async order(): Promise<void> {
    const id = `r${++this.#count}`
    try {
      const run = await this.engine.start(ShopWorkflow, { amount: 1 }, { id })
      await run.signal('approve', { by: 'ada' }, { id: 'yes' })
      this.acked.push(id)
    } catch (error) {
      if (!(error instanceof StepwrightError)) throw error
      assert.equal(error.code, 'store-unavailable')
      this.codes.set(error.code, (this.codes.get(error.code) ?? 0) + 1)
    }
  }

  async orderUntil(over: () => boolean): Promise<void> {
    while (!over()) {
      await Promise.all(Array.from({ length: 4 }, () => this.order()))
      await sleep(5)
    }
  }

  /** Everything that was acknowledged comes to its end, and nothing was charged twice. Gives how long that took. */
  async settle(): Promise<number> {
    const began = performance.now()
    for (const id of this.acked) {
      const result = async () => (await this.engine.get(id)).result()
      const patient = async (): Promise<unknown> => {
        for (;;) {
          const end = await result().catch((error: unknown) => {
            if (error instanceof StepwrightError && error.code === 'store-unavailable') return undefined
            throw error
          })
          if (end) return end
          await sleep(50)
        }
      }
      assert(
        await Promise.race([patient(), sleep(BACK_MS, undefined, { ref: false })]),
        `${id} was acknowledged and did not end`,
      )
      assert.equal(this.charges.get(id), 1, `${id} was charged ${this.charges.get(id)} times`)
    }
    return Math.round(performance.now() - began)
  }
}

type Trouble = (redis: RedisServer, ms: number) => Promise<void>

const TROUBLES: Readonly<Record<string, Trouble>> = {
  restarted: async (redis, ms) => {
    await redis.kill()
    await sleep(ms / 3)
    await redis.start()
  },
  paused: async ({ process }, ms) => {
    process.kill('SIGSTOP')
    await sleep(ms)
    process.kill('SIGCONT')
  },
  'read-only': async ({ port }, ms) => {
    await tell(port, 'REPLICAOF', '127.0.0.1', '1')
    await sleep(ms)
    await tell(port, 'REPLICAOF', 'NO', 'ONE')
  },
  'out of memory': async ({ port }, ms) => {
    await tell(port, 'CONFIG', 'SET', 'maxmemory', '1mb')
    await sleep(ms)
    await tell(port, 'CONFIG', 'SET', 'maxmemory', '0')
  },
}

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

async function undergo(name: string, trouble: Trouble, ms: number): Promise<Figures> {
  const redis = await startRedis(DURABLE)
  const shop = new Shop(redis.port)
  try {
    await shop.engine.open()
    let over = false
    const orders = shop.orderUntil(() => over)
    await sleep(100)
    await trouble(redis, ms)
    await sleep(500)
    over = true
    await orders
    const back = await shop.settle()
    assert(shop.codes.size + shop.warnings.length > 0, `${name}: nobody noticed`)
    return { [`${name}: acknowledged`]: shop.acked.length, [`${name}: all done after ms`]: back }
  } finally {
    await shop.engine.close()
    await redis.stop()
  }
}

/** Connections that are cut after so many bytes, either way. */
async function cutInMidWrite(cuts: number): Promise<Figures> {
  const redis = await startRedis(DURABLE)
  const proxy = await Proxy.start(redis.port)
  const chance = new Chance(10)
  const shop = new Shop(proxy.port)
  try {
    await shop.engine.open()
    proxy.cut = () =>
      chance.hits(0.5)
        ? { toServer: 4_000 + chance.below(30_000) }
        : { fromServer: 800 + chance.below(4_000) }
    proxy.drop()
    await shop.orderUntil(() => proxy.cuts >= cuts)
    proxy.cut = () => ({})
    proxy.drop()
    assert(shop.acked.length > 0, 'nothing was acknowledged')
    const back = await shop.settle()
    return {
      'connections cut': proxy.cuts,
      'cut: acknowledged': shop.acked.length,
      'cut: all done after ms': back,
    }
  } finally {
    await shop.engine.close()
    await proxy.stop()
    await redis.stop()
  }
}

/** A failover to a replica that had not caught up, while a run is driven: it is reported, and the run goes on from there. */
async function failOver(): Promise<Figures> {
  const [old, replica] = await Promise.all([startRedis(DURABLE), startRedis(DURABLE)])
  const proxy = await Proxy.start(old.port)
  const shop = new Shop(proxy.port)
  try {
    let go = (): void => undefined
    shop.hold = () => new Promise((resolve) => (go = resolve))
    await shop.engine.open()
    const run = await shop.engine.start(ShopWorkflow, { amount: 1 }, { id: 'r' })
    await tell(replica.port, 'REPLICAOF', '127.0.0.1', String(old.port))
    while (!(await tell(replica.port, 'INFO', 'replication')).includes('master_link_status:up'))
      await sleep(20)
    await sleep(200)
    await tell(replica.port, 'REPLICAOF', 'NO', 'ONE') // it holds the run as it is now, and hears of nothing more
    go()
    while ((await run.view()).state !== 'review') await sleep(10)
    shop.hold = () => new Promise((resolve) => (go = resolve))
    const second = await shop.engine.start(ShopWorkflow, { amount: 2 }, { id: 'never copied' })
    while (!shop.charges.has(second.id)) await sleep(10)
    await run.signal('approve', { by: 'ada' })
    await run.result()
    const held = go
    proxy.target = replica.port
    proxy.drop()
    shop.hold = () => sleep(1)
    held() // a run that the replica has never heard of
    while (!shop.warnings.some((text) => text.includes('[store-rollback]'))) await sleep(20)
    assert(shop.warnings.some((text) => text.includes('"never copied"') && text.includes('no such run')))
    // the replica has the other one in its first step, held by a worker that does not drive it any more
    while ((await run.view()).state !== 'review') await sleep(20)
    await run.signal('approve', { by: 'eve' })
    assert.deepEqual((await run.result()).data, { receipt: 'r', by: 'eve' })
    return { 'rollbacks reported': shop.warnings.filter((text) => text.includes('[store-rollback]')).length }
  } finally {
    await shop.engine.close()
    await proxy.stop()
    await Promise.all([old.stop(), replica.stop()])
  }
}

/** R10 */
export const redisTrouble = trial<Sizes>({
  id: 'R10',
  title:
    'Redis restarted, paused, read-only, out of memory, cut in mid-write, failed over to an older replica',
  redis: true,
  sizes: { ci: { ms: 1_500, cuts: 25 }, full: { ms: 10_000, cuts: 500 } },
  async run({ ms, cuts }, show) {
    const figures: Record<string, number | string> = {}
    const note = (more: Figures): void => {
      Object.assign(figures, more)
      show(JSON.stringify(more))
    }
    for (const [name, trouble] of Object.entries(TROUBLES))
      note(
        await undergo(name, trouble, ms).catch((error: unknown) => {
          throw new Error(name, { cause: error })
        }),
      )
    note(await cutInMidWrite(cuts))
    note(await failOver())
    return figures
  },
})
