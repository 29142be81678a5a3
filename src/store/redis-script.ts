/**
 * Batches of writes, each atomic as every Lua script is: a list of operations in ARGV, in each batch the conditions
 * first, so that nothing of it is written where one does not hold. All keys are made by the caller. A row is a Keyv
 * envelope that ends in its revision, fifteen digits wide: `{"expires":null,"value":...,"revision":              7}`.
 * What does not end so is damaged, and counts as revision 1.
 *
 * `| n` begins a batch of n arguments. `= row revision` (0: absent) and `! row` (present) are conditions; then
 * `S row value`, `D row`, `Z set member`, `z set member` (add, remove), `T hash set key tag` and `U hash set key` (tag,
 * untag). The answer has one character for each batch: `1` written, `0` not.
 */
export const WRITE_SCRIPT = `
local function untag(hash, set, key)
  local old = redis.call('HGET', hash, key)
  if old then
    redis.call('ZREM', set, old .. '\\0' .. key)
    redis.call('HDEL', hash, key)
  end
end
local function write(i, n)
  while i <= n do
    local op, key = ARGV[i], ARGV[i + 1]
    if op == 'S' then
      redis.call('SET', key, ARGV[i + 2])
      i = i + 3
    elseif op == '=' then
      local digits = redis.call('GETRANGE', key, -16, -2)
      if digits == '' then digits = '0' end
      if (tonumber(digits) or 1) ~= tonumber(ARGV[i + 2]) then return '0' end
      i = i + 3
    elseif op == '!' then
      if redis.call('EXISTS', key) == 0 then return '0' end
      i = i + 2
    elseif op == 'D' then
      redis.call('DEL', key)
      i = i + 2
    elseif op == 'Z' then
      redis.call('ZADD', key, 0, ARGV[i + 2])
      i = i + 3
    elseif op == 'z' then
      redis.call('ZREM', key, ARGV[i + 2])
      i = i + 3
    elseif op == 'T' then
      untag(key, ARGV[i + 2], ARGV[i + 3])
      redis.call('HSET', key, ARGV[i + 3], ARGV[i + 4])
      redis.call('ZADD', ARGV[i + 2], 0, ARGV[i + 4] .. '\\0' .. ARGV[i + 3])
      i = i + 5
    else
      untag(key, ARGV[i + 2], ARGV[i + 3])
      i = i + 4
    end
  end
  return '1'
end
local at, answers = 1, ''
while at <= #ARGV do
  local last = at + 1 + tonumber(ARGV[at + 1])
  answers = answers .. write(at + 2, last)
  at = last + 1
end
return answers
`
