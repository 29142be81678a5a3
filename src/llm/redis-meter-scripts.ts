import { redisScript } from '../store/redis-connection.ts'
import { SEAT_LOOK_MS } from './meter.ts'

/**
 * The scripts of `RedisMeter`. Time is the server's, so the clocks of processes do not matter. A window is a sorted set
 * of slots with a hash `:n` of what each holds, and their sum under `=`; what is for ever is a number; seats are a
 * sorted set of ids by the end of their lease. All keys end by themselves.
 *
 * A hash `:turns` has, for each process that waits for a tally, its pass and until when it is believed to wait. As in
 * `FairQueue` the one that has had least goes first; here it may be ahead by a sixteenth of the limit, since nobody can
 * be called to the desk: who is not there within a moment has lost that turn, but not its pass.
 */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function slot_of(at, ms)
  local width = math.max(1, math.floor(ms / 10000))
  return math.ceil(at / width) * width
end
local function whole(value) return string.format('%.0f', value) end
`

/** ARGV: id, process, flows, then for each claim: kind, key, amount, most, ms. Answers `1 at`, or `0 claim wait`. */
export const RESERVE = redisScript(`${CLOCK}
local id, who, flows = ARGV[1], ARGV[2], tonumber(ARGV[3])
local GRACE, AGAIN, AHEAD, YEAR = 250, 10, 0.0625, 366 * 86400000

local function window_wait(key, amount, most, ms)
  for _, slot in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', '(' .. whole(now - ms))) do
    local used = redis.call('HGET', key .. ':n', slot)
    redis.call('HDEL', key .. ':n', slot)
    redis.call('ZREM', key, slot)
    if used then redis.call('HINCRBY', key .. ':n', '=', whole(-used)) end
  end
  local over = tonumber(redis.call('HGET', key .. ':n', '=') or 0) + amount - most
  if over <= 0 then return 0 end
  for first = 0, 20000, 100 do
    local slots = redis.call('ZRANGE', key, first, first + 99)
    if #slots == 0 then break end
    for _, slot in ipairs(slots) do
      over = over - tonumber(redis.call('HGET', key .. ':n', slot) or 0)
      if over <= 0 then return tonumber(slot) + ms + 1 - now end
    end
  end
  return ms
end

local function wait_for(kind, key, amount, most, ms)
  if amount > most then return -1 end
  if kind == 'window' then return window_wait(key, amount, most, ms) end
  if kind == 'ever' then
    return tonumber(redis.call('GET', key) or 0) + amount > most and -1 or 0
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. whole(now))
  return redis.call('ZCARD', key) + amount > most and ${SEAT_LOOK_MS} or 0
end

-- own pass, and the least of the others that wait
local function standing(key, ms)
  local own, seen, least
  local all = redis.call('HGETALL', key .. ':turns')
  for i = 1, #all, 2 do
    local pass, till = string.match(all[i + 1], '^(%S+) (%S+)$')
    pass, till = tonumber(pass), tonumber(till)
    if all[i] == who then own, seen = pass, till
    elseif till >= now then
      if not least or pass < least then least = pass end
    elseif till < now - ms - 10000 then redis.call('HDEL', key .. ':turns', all[i]) end
  end
  if not own or seen < now - ms then own = math.max(own or 0, least or 0) end
  return own, least
end
local function enrol(key, pass, till, ms)
  redis.call('HSET', key .. ':turns', who, string.format('%.9f %.0f', pass, till))
  redis.call('PEXPIRE', key .. ':turns', whole(2 * ms + 10000))
end

local claims = {}
for i = 4, #ARGV, 5 do
  local kind, key = ARGV[i], ARGV[i + 1]
  local amount, most, ms = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  local claim = { kind, key, amount, most, ms, 0 }
  local wait = wait_for(kind, key, amount, most, ms)
  if kind ~= 'ever' and wait >= 0 then
    local own, least = standing(key, ms)
    if wait == 0 and least and own > least + AHEAD / flows then wait = AGAIN end
    if wait > 0 then enrol(key, own, now + wait + GRACE, ms) end
    claim[6] = own
  end
  if wait ~= 0 then return { 0, #claims + 1, wait } end
  claims[#claims + 1] = claim
end
for _, claim in ipairs(claims) do
  local kind, key, amount, most, ms, pass = unpack(claim)
  if kind == 'window' then
    local slot = whole(slot_of(now, ms))
    redis.call('ZADD', key, slot, slot)
    redis.call('HINCRBY', key .. ':n', slot, whole(amount))
    redis.call('HINCRBY', key .. ':n', '=', whole(amount))
    redis.call('PEXPIRE', key, whole(2 * ms + 10000))
    redis.call('PEXPIRE', key .. ':n', whole(2 * ms + 10000))
  elseif kind == 'ever' then
    redis.call('INCRBY', key, whole(amount))
    redis.call('PEXPIRE', key, whole(YEAR))
  else
    redis.call('ZADD', key, whole(now + ms), id)
    redis.call('PEXPIRE', key, whole(2 * ms))
  end
  if kind ~= 'ever' then enrol(key, pass + amount / most / flows, now + 2 * AGAIN, ms) end
end
return { 1, now }
`)

/** ARGV: id, at, then for each claim: kind, key, ms, and by how much it was wrong. */
export const SETTLE = redisScript(`${CLOCK}
for i = 3, #ARGV, 4 do
  local kind, key, ms, by = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  if kind == 'seat' then redis.call('ZREM', key, ARGV[1])
  elseif kind == 'ever' then redis.call('INCRBY', key, by)
  else
    local slot = whole(slot_of(tonumber(ARGV[2]), ms))
    if redis.call('HEXISTS', key .. ':n', slot) == 1 then
      redis.call('HINCRBY', key .. ':n', slot, by)
      redis.call('HINCRBY', key .. ':n', '=', by)
    end
  end
end
return 1
`)

/** ARGV: key, id and ms of each seat. One that was lost is taken again: its call is at work all the same. */
export const KEEP = redisScript(`${CLOCK}
for i = 1, #ARGV, 3 do
  redis.call('ZADD', ARGV[i], whole(now + ARGV[i + 2]), ARGV[i + 1])
  redis.call('PEXPIRE', ARGV[i], whole(2 * ARGV[i + 2]))
end
return 1
`)
