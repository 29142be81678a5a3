import { RedisConnection, redisScript } from '../../store/redis-connection.ts'
import { PARTS, type BreakerBook, type BreakerRule, type Leave, type Outcome } from './breaker.ts'
import type { RedisShareOptions } from '../limits/redis-meter.ts'

/** A hash: `until`, and `N:good` and `N:bad` for each part of the time. ARGV: key, rest. Answers -1, 0, or what is left. */
const ASK = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit = redis.call('HGET', ARGV[1], 'until')
if not limit then return -1 end
if tonumber(limit) > now then return tonumber(limit) - now end
redis.call('HSET', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
return 0
`)

/** ARGV: key, rest, outcome, tried, width, parts, calls, share. */
const TELL = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key, rest, outcome, tried, width, parts = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local function leave_until(at) redis.call('HSET', key, 'until', string.format('%.0f', at)) end
if tried == '1' then
  if outcome == 'none' then leave_until(now)
  elseif outcome == 'bad' then leave_until(now + rest)
  else redis.call('DEL', key) end
elseif outcome ~= 'none' and redis.call('HEXISTS', key, 'until') == 0 then
  local part = math.floor(now / width)
  redis.call('HINCRBY', key, string.format('%.0f', part) .. ':' .. outcome, 1)
  local sums = { good = 0, bad = 0 }
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local at, kind = string.match(all[i], '^(%d+):(%a+)$')
    if tonumber(at) <= part - parts then redis.call('HDEL', key, all[i])
    else sums[kind] = sums[kind] + all[i + 1] end
  end
  local total = sums.good + sums.bad
  if total >= tonumber(ARGV[7]) and sums.bad > ARGV[8] * total then leave_until(now + rest) end
end
redis.call('PEXPIRE', key, string.format('%.0f', width * parts + rest * 10))
return 1
`)

/**
 * Counts for many processes, in one Redis, by its clock. Connects with the first call.
 *
 * @example
 * const book = new RedisBreakers('redis://127.0.0.1:6379')
 * const model = fallback([dear, cheap], { breaker: { book } })
 */
export class RedisBreakers implements BreakerBook {
  readonly #redis: RedisConnection
  readonly #prefix: string

  constructor(url: string, { prefix = 'stepwright-llm', timeoutMs = 1_000 }: RedisShareOptions = {}) {
    this.#redis = new RedisConnection(url, timeoutMs)
    this.#prefix = prefix
  }

  async ask(model: string, { restMs }: BreakerRule): Promise<Leave> {
    const left = Number(await this.#redis.run(ASK, [this.#key(model), String(restMs)]))
    return left < 0 ? { go: 'always' } : left === 0 ? { go: 'try' } : { go: 'no', restMs: left }
  }

  async tell(model: string, rule: BreakerRule, outcome: Outcome, tried: boolean): Promise<void> {
    await this.#redis.run(TELL, [
      ...[this.#key(model), String(rule.restMs), outcome, tried ? '1' : '0'],
      ...[String(rule.withinMs / PARTS), String(PARTS), String(rule.calls), String(rule.share)],
    ])
  }

  /** Lets go of the connection. */
  close(): Promise<void> {
    return this.#redis.close()
  }

  #key(model: string): string {
    return `${this.#prefix}:breaker:${model}`
  }
}
