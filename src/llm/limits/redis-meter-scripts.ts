import { redisScript } from '../../store/redis-connection.ts'
import { SEAT_LOOK_MS } from './meter.ts'

/**
 * The scripts of `RedisMeter`. Time is the server's, so the clocks of processes do not matter. A window is a sorted set
 * of slots with a hash `:n` of what each holds, and their sum under `=`; what is for ever is a number; seats are a
 * sorted set of ids by the end of their lease. All keys end by themselves.
 *
 * Turns: a hash of each group has, for each process, its pass, and when it was there last; the hash `:turns` of a tally
 * when each process is due to ask for it again. As in `FairQueue` the one that has had least goes first. Here it
 * may be ahead by a sixteenth, since nobody can be called to the desk: who is not there within a moment has lost that
 * turn, but not its pass. One pass for all tallies of a group: the process with the least never yields, so no two can
 * yield to each other.
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

/** ARGV: id, process, flows, group, then for each claim: kind, key, amount, most, ms, waits. Answers `1 at`, or `0 claim wait`. */
export const RESERVE = redisScript(`${CLOCK}
local id, who, flows, group = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local GRACE, AGAIN, AHEAD, ABSENT, YEAR = 250, 10, 0.0625, 60000, 366 * 86400000

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

-- the pass of each process that was there of late
local passes, own = {}, nil
local all = redis.call('HGETALL', group)
for i = 1, #all, 2 do
  local pass, seen = string.match(all[i + 1], '^(%S+) (%S+)$')
  if tonumber(seen) < now - ABSENT then redis.call('HDEL', group, all[i])
  else passes[all[i]] = tonumber(pass) end
end
own = passes[who]
if not own then
  for _, pass in pairs(passes) do own = math.min(own or pass, pass) end
  own = own or 0
end
local function remember(pass)
  redis.call('HSET', group, who, string.format('%.9f %.0f', pass, now))
  redis.call('PEXPIRE', group, whole(2 * ABSENT))
end

-- whether another one that has come for this tally, or is due to, has had so much less that it goes first
local function must_yield(key)
  local waiting = redis.call('HGETALL', key .. ':turns')
  for i = 1, #waiting, 2 do
    local due = tonumber(waiting[i + 1])
    if due + GRACE < now then redis.call('HDEL', key .. ':turns', waiting[i])
    elseif due <= now and waiting[i] ~= who and own > (passes[waiting[i]] or own) + AHEAD / flows then return true end
  end
  return false
end
local function enrol(key, due)
  redis.call('HSET', key .. ':turns', who, whole(due))
  redis.call('PEXPIRE', key .. ':turns', whole(due - now + 10000))
end

local claims = {}
for i = 5, #ARGV, 6 do
  local kind, key, waits = ARGV[i], ARGV[i + 1], ARGV[i + 5] == '1'
  local amount, most, ms = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  local wait = wait_for(kind, key, amount, most, ms)
  if waits and wait >= 0 then
    local due = now + wait
    if wait == 0 and must_yield(key) then wait = AGAIN end
    if wait > 0 then
      enrol(key, due)
      remember(own)
    end
  end
  if wait ~= 0 then return { 0, #claims + 1, wait } end
  claims[#claims + 1] = { kind, key, amount, most, ms, waits }
end
local share = 0
for _, claim in ipairs(claims) do
  local kind, key, amount, most, ms, waits = unpack(claim)
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
  if waits then
    share = math.max(share, amount / most)
    enrol(key, now - GRACE + 2 * AGAIN)
  end
end
if share > 0 then remember(own + share / flows) end
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
