/**
 * One batch of writes, atomic as every Lua script is. ARGV is a list of operations, each followed by its arguments;
 * all conditions are looked at before the first write. A row is a Keyv envelope that ends in its revision, fifteen
 * digits wide: `{"expires":null,"value":...,"revision":              7}`.
 *
 * KEYS[1] is the prefix of all keys. Rows: `prefix:collection:key`; `prefix@collection`: a sorted set of the keys of a
 * listed collection; `prefix@collection@tag`: one of `tag NUL key`; `prefix@collection@tags`: a hash, key to tag.
 */
export const WRITE_SCRIPT = `
local prefix = KEYS[1]
local function row(c, k) return prefix .. ':' .. c .. ':' .. k end
local function revision(c, k)
  local digits = redis.call('GETRANGE', row(c, k), -16, -2)
  if digits == '' then return 0 end
  return tonumber(digits)
end
local i = 1
while i <= #ARGV do
  local op, c, k, expect = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if op == 'put' then
    if expect ~= '' and revision(c, k) ~= tonumber(expect) then return 0 end
    i = i + 8
  elseif op == 'check' then
    if revision(c, k) ~= tonumber(expect) then return 0 end
    i = i + 4
  else
    if expect == 'must' and redis.call('EXISTS', row(c, k)) == 0 then return 0 end
    i = i + 5
  end
end
local function untag(c, k)
  local tags = prefix .. '@' .. c .. '@tags'
  local old = redis.call('HGET', tags, k)
  if old then
    redis.call('ZREM', prefix .. '@' .. c .. '@tag', old .. '\\0' .. k)
    redis.call('HDEL', tags, k)
  end
end
i = 1
while i <= #ARGV do
  local op, c, k, expect = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if op == 'put' then
    local envelope, listed, tagged, tag = ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7]
    redis.call('SET', row(c, k), envelope)
    if listed == '1' and (expect == '' or expect == '0') then redis.call('ZADD', prefix .. '@' .. c, 0, k) end
    if tagged == '1' then
      untag(c, k)
      redis.call('HSET', prefix .. '@' .. c .. '@tags', k, tag)
      redis.call('ZADD', prefix .. '@' .. c .. '@tag', 0, tag .. '\\0' .. k)
    end
    i = i + 8
  elseif op == 'check' then
    i = i + 4
  else
    redis.call('DEL', row(c, k))
    if ARGV[i + 4] == '1' then redis.call('ZREM', prefix .. '@' .. c, k) else untag(c, k) end
    i = i + 5
  end
end
return 1
`
