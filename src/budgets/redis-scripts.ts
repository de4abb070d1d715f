/**
 * What is done in Redis, each in one step that nobody can come between. KEYS: the name of Redis' memory, then three for each
 * count: `h` a hash of sums in its window, `l` the requests that hold something of it (sorted by when their lease is over),
 * `p` those in flight, whatever the window. Amounts are whole numbers, passed on as text: Lua's numbers would round them.
 *
 * A request is known by what it holds and its id. In `h`, `x|...` marks one whose lease was over (what it held was taken for
 * spent), `d|...` one that is done and may be told of again, `t|...` what somebody was told of.
 *
 * A key only ever lives longer: by a clock that was set forward its window is over, and when the clock is set back it is not.
 *
 * ARGV begins with a name for a memory that has none yet; it outlives the longest window. Those who count tell which one they know
 * ('' = none): where it is another, Redis has forgotten what it knew, and they are answered -1: they tell it first. The name is the first
 * of each answer.
 */

const COMMON = `
local function number(value) return tonumber(value or '0') or 0 end
local function minus(value) if value == '0' then return '0' end return '-' .. value end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local memory = redis.call('GET', KEYS[1]) or ARGV[1]
redis.call('SET', KEYS[1], memory, 'PX', '3456000000')
local n = (#KEYS - 1) / 3
local function keys(i) return KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1] end
local function keep(key, ttl)
  if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
end
local function hold(h, l, member, usd, tokens, over, ttl)
  redis.call('HINCRBY', h, 'held_usd', usd)
  redis.call('HINCRBY', h, 'held_tokens', tokens)
  redis.call('HINCRBY', h, 'held', 1)
  redis.call('ZADD', l, over, member)
  keep(h, ttl)
  keep(l, ttl)
end
local function drop(h, l, member, usd, tokens)
  if redis.call('ZREM', l, member) == 0 then return false end
  redis.call('HINCRBY', h, 'held_usd', minus(usd))
  redis.call('HINCRBY', h, 'held_tokens', minus(tokens))
  redis.call('HINCRBY', h, 'held', -1)
  return true
end
local function spend(h, usd, tokens)
  redis.call('HINCRBY', h, 'usd', usd)
  redis.call('HINCRBY', h, 'tokens', tokens)
end
local function unmark(h, member, usd, tokens)
  if redis.call('HDEL', h, 'x|' .. member) == 0 then return false end
  spend(h, minus(usd), minus(tokens))
  return true
end
`

/**
 * Takes a request's worst case from all its counts, or from none. ARGV: .., id, ms of its lease, nano-dollars, tokens, the memory
 * that is known; then for each count the limits of money, tokens, requests and requests in flight (-1 = none), its time to
 * live in ms, its id where its keys do not tell it, and 1 where it lowers what is asked for. Answers .., 0; or which count stands against it, by which limit, whether that is only held by others,
 * what is left (-1 = nothing, or it is not that), and how many hold something.
 * Leases that are over are those of processes that died: what they held is taken for spent. What is told as done already takes nothing:
 * a Redis that was held up may read this last.
 */
export const RESERVE = `${COMMON}
local id, lease, usd, tokens, known = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
if known ~= '' and known ~= memory then return {memory, -1} end
for i = 1, n do
  local h, l, p = keys(i)
  if redis.call('HEXISTS', h, 'd|' .. id) == 1 then return {memory, 0} end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', l, '-inf', now, 'LIMIT', 0, 100)) do
    local u, t = string.match(member, '^(%d+)|(%d+)|')
    drop(h, l, member, u, t)
    spend(h, u, t)
    redis.call('HSET', h, 'x|' .. member, 1)
  end
  redis.call('ZREMRANGEBYSCORE', p, '-inf', now)
end
local function block(i, reason, limit, used, held, claim, others, clamps)
  if limit < 0 then return nil end
  if used >= limit then return {memory, i, reason, 0, -1, others} end
  local left = limit - used - held
  if (others > 0 or clamps) and claim > left then return {memory, i, reason, 1, math.max(0, left), others} end
  return nil
end
local windowed, flying = {}, {}
for i = 1, n do
  local at = 7 + (i - 1) * 7
  local max_usd, max_tokens = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local max_requests, max_parallel = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local h, l, p = keys(i)
  flying[i] = max_parallel >= 0
  windowed[i] = max_usd >= 0 or max_tokens >= 0 or max_requests >= 0
  if flying[i] and redis.call('ZCARD', p) >= max_parallel then return {memory, i, 'parallel', 1, -1, 1} end
  local v = redis.call('HMGET', h, 'usd', 'tokens', 'requests', 'held_usd', 'held_tokens', 'held')
  local others, clamps = number(v[6]), ARGV[at + 6] == '1'
  if max_requests >= 0 and number(v[3]) >= max_requests then return {memory, i, 'requests', 0, -1, others} end
  local found = block(i, 'usd', max_usd, number(v[1]), number(v[4]), tonumber(usd), others, clamps)
    or block(i, 'tokens', max_tokens, number(v[2]), number(v[5]), tonumber(tokens), others, clamps)
  if found then return found end
end
for i = 1, n do
  local h, l, p = keys(i)
  local ttl, id_text = ARGV[11 + (i - 1) * 7], ARGV[12 + (i - 1) * 7]
  if windowed[i] then
    if redis.call('HINCRBY', h, 'requests', 1) == 1 and id_text ~= '' then redis.call('HSET', h, 'id', id_text) end
    hold(h, l, usd .. '|' .. tokens .. '|' .. id, usd, tokens, now + lease, ttl)
  end
  if flying[i] then
    redis.call('ZADD', p, now + lease, id)
    keep(p, ttl)
  end
end
return {memory, 0}
`

/**
 * Puts what was spent in the place of what was held; told twice it counts once. ARGV: .., id, nano-dollars and tokens that were
 * held, those that were spent, the memory that it was held in ('' = it may have been, nobody heard), 1 where it was
 * not sent after all, the memory that is known; then for each count 1 where it has sums, and its time to live in ms. What the memory has forgotten, or never
 * knew, is added. Answers .., what is used of each count, as text.
 */
export const SETTLE = `${COMMON}
local id, held_usd, held_tokens, usd, tokens, told, unsent, known = unpack(ARGV, 2, 9)
if known ~= '' and known ~= memory then return {memory, -1} end
local member = held_usd .. '|' .. held_tokens .. '|' .. id
local used = {}
for i = 1, n do
  local h, l, p = keys(i)
  redis.call('ZREM', p, id)
  if ARGV[8 + 2 * i] == '1' then
    if drop(h, l, member, held_usd, held_tokens) or unmark(h, member, held_usd, held_tokens) then
      spend(h, usd, tokens)
      if unsent == '1' then redis.call('HINCRBY', h, 'requests', -1) end
      if told ~= memory then redis.call('HSET', h, 'd|' .. id, 1) end
    elseif told ~= memory and redis.call('HSETNX', h, 'd|' .. id, 1) == 1 then
      if unsent == '0' then
        spend(h, usd, tokens)
        redis.call('HINCRBY', h, 'requests', 1)
      end
      keep(h, ARGV[9 + 2 * i])
    end
  end
  local v = redis.call('HMGET', h, 'usd', 'tokens', 'requests', 'held')
  used[i] = {v[1] or '0', v[2] or '0', v[3] or '0', v[4] or '0'}
end
return {memory, used}
`

/**
 * Goes on with the lease of a request that still runs. ARGV: .., id, ms of the lease, nano-dollars and tokens that it holds, the
 * memory that it was held in; then for each count 1 where it has sums, 1 where it limits requests in flight, and its time to live.
 * What the memory has forgotten, has taken for dead or never knew is held again.
 */
export const REFRESH = `${COMMON}
local id, lease, usd, tokens, told = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local member = usd .. '|' .. tokens .. '|' .. id
for i = 1, n do
  local h, l, p = keys(i)
  local windowed, flying, ttl = unpack(ARGV, 4 + 3 * i, 6 + 3 * i)
  if flying == '1' then
    redis.call('ZADD', p, now + lease, id)
    redis.call('PEXPIRE', p, math.max(redis.call('PTTL', p), 2 * lease))
  end
  if windowed == '1' then
    if redis.call('ZSCORE', l, member) then
      redis.call('ZADD', l, now + lease, member)
    elseif unmark(h, member, usd, tokens) then
      hold(h, l, member, usd, tokens, now + lease, ttl)
    elseif told ~= memory and redis.call('HEXISTS', h, 'd|' .. id) == 0 then
      redis.call('HINCRBY', h, 'requests', 1)
      hold(h, l, member, usd, tokens, now + lease, ttl)
    end
  end
end
return {memory}
`

/**
 * Tells a memory that has forgotten what its sums were at the least. ARGV: .., then for each count nano-dollars, tokens, requests that had ended, its
 * time to live in ms. Those under way are told by `REFRESH`.
 */
export const REMIND = `${COMMON}
for i = 1, n do
  local h = keys(i)
  for j, field in ipairs({'usd', 'tokens', 'requests'}) do
    local value = ARGV[4 * i - 3 + j]
    local missing = number(value) - number(redis.call('HGET', h, field))
    if field == 'requests' then missing = missing + number(redis.call('HGET', h, 'held')) end
    if missing > 0 then redis.call('HINCRBY', h, field, string.format('%.0f', missing)) end
  end
  keep(h, ARGV[4 * i + 1])
end
return {memory}
`

/** As if nothing had been spent; what is held stays held. KEYS: hashes of sums only. */
export const RESET = `
for _, h in ipairs(KEYS) do
  if redis.call('EXISTS', h) == 1 then
    redis.call('HSET', h, 'usd', 0, 'tokens', 0, 'requests', 0)
    for _, field in ipairs(redis.call('HKEYS', h)) do
      if string.match(field, '^[xt]|') then redis.call('HDEL', h, field) end
    end
  end
end
return 0
`

/** 1 for the first who asks. KEYS: a hash of sums. ARGV: what it is about, and the time to live of the hash where it has none. */
export const FIRST = `
local first = redis.call('HSETNX', KEYS[1], 't|' .. ARGV[1], 1)
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return first
`
