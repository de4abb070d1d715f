/**
 * What is done in Redis, each in one step that nobody can come between. Three keys for each count, in this order:
 * `h` a hash of sums in its window, `l` the requests that hold something of it (sorted by when their lease is over),
 * `p` those in flight, whatever the window. Amounts are whole numbers, passed on as text: Lua's numbers would round them.
 */

const COMMON = `
local function number(value) return tonumber(value or '0') or 0 end
local function minus(value) if value == '0' then return '0' end return '-' .. value end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/**
 * Takes a request's worst case from all its counts, or from none. ARGV: id, ms of its lease, nano-dollars, tokens; then for
 * each count the limits of money, tokens, requests and requests in flight (-1 = none) and its time to live in ms. Answers {0},
 * or which count stands against it, by which limit, and whether that is only held by others.
 * Leases that are over are those of processes that died: what they held is taken for spent.
 */
export const RESERVE = `${COMMON}
local id, lease, usd, tokens = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local n = #KEYS / 3
for i = 1, n do
  local h, l, p = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', l, '-inf', now, 'LIMIT', 0, 100)) do
    local u, t = string.match(member, '^(%d+)|(%d+)|')
    redis.call('HINCRBY', h, 'usd', u)
    redis.call('HINCRBY', h, 'tokens', t)
    redis.call('HINCRBY', h, 'held_usd', minus(u))
    redis.call('HINCRBY', h, 'held_tokens', minus(t))
    redis.call('HINCRBY', h, 'held', -1)
    redis.call('ZREM', l, member)
  end
  redis.call('ZREMRANGEBYSCORE', p, '-inf', now)
end
local function over(limit, used, held, claim, others)
  if limit < 0 then return 0 end
  if used >= limit then return 1 end
  if others > 0 and used + held + claim > limit then return 2 end
  return 0
end
local windowed, flying = {}, {}
for i = 1, n do
  local at = 5 + (i - 1) * 5
  local max_usd, max_tokens = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local max_requests, max_parallel = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  flying[i] = max_parallel >= 0
  windowed[i] = max_usd >= 0 or max_tokens >= 0 or max_requests >= 0
  if flying[i] and redis.call('ZCARD', KEYS[3 * i]) >= max_parallel then return {i, 'parallel', 1} end
  local v = redis.call('HMGET', KEYS[3 * i - 2], 'usd', 'tokens', 'requests', 'held_usd', 'held_tokens', 'held')
  if max_requests >= 0 and number(v[3]) >= max_requests then return {i, 'requests', 0} end
  local money = over(max_usd, number(v[1]), number(v[4]), tonumber(usd), number(v[6]))
  if money > 0 then return {i, 'usd', money - 1} end
  local size = over(max_tokens, number(v[2]), number(v[5]), tonumber(tokens), number(v[6]))
  if size > 0 then return {i, 'tokens', size - 1} end
end
for i = 1, n do
  local h, l, p = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local ttl = ARGV[9 + (i - 1) * 5]
  if windowed[i] then
    redis.call('HINCRBY', h, 'requests', 1)
    redis.call('HINCRBY', h, 'held_usd', usd)
    redis.call('HINCRBY', h, 'held_tokens', tokens)
    redis.call('HINCRBY', h, 'held', 1)
    redis.call('ZADD', l, now + lease, usd .. '|' .. tokens .. '|' .. id)
    redis.call('PEXPIRE', h, ttl)
    redis.call('PEXPIRE', l, ttl)
  end
  if flying[i] then
    redis.call('ZADD', p, now + lease, id)
    redis.call('PEXPIRE', p, ttl)
  end
end
return {0}
`

/**
 * ARGV: id, nano-dollars and tokens that were held, those that were spent, and 1 where it is sure that they were held (0: the
 * answer to RESERVE never came). Answers what is used of each count, as text.
 */
export const SETTLE = `${COMMON}
local id, held_usd, held_tokens, usd, tokens, sure = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local used = {}
for i = 1, #KEYS / 3 do
  local h, l, p = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  redis.call('ZREM', p, id)
  if redis.call('EXISTS', h) == 1 then
    if redis.call('ZREM', l, held_usd .. '|' .. held_tokens .. '|' .. id) == 1 then
      redis.call('HINCRBY', h, 'held_usd', minus(held_usd))
      redis.call('HINCRBY', h, 'held_tokens', minus(held_tokens))
      redis.call('HINCRBY', h, 'held', -1)
    elseif sure == '1' then
      -- Its lease was over: what it held was taken for spent, and is no more.
      redis.call('HINCRBY', h, 'usd', minus(held_usd))
      redis.call('HINCRBY', h, 'tokens', minus(held_tokens))
    end
    redis.call('HINCRBY', h, 'usd', usd)
    redis.call('HINCRBY', h, 'tokens', tokens)
  end
  local v = redis.call('HMGET', h, 'usd', 'tokens', 'requests')
  used[i] = {v[1] or '0', v[2] or '0', v[3] or '0'}
end
return used
`

/** Adds what was spent while the store was away. ARGV: nano-dollars, tokens; then for each count its time to live in ms. */
export const ADD = `${COMMON}
for i = 1, #KEYS / 3 do
  local h = KEYS[3 * i - 2]
  redis.call('HINCRBY', h, 'usd', ARGV[1])
  redis.call('HINCRBY', h, 'tokens', ARGV[2])
  redis.call('HINCRBY', h, 'requests', 1)
  redis.call('PEXPIRE', h, ARGV[2 + i])
end
return {}
`

/** Goes on with the lease of a request that still runs. ARGV: id, ms, nano-dollars and tokens that it holds. */
export const REFRESH = `${COMMON}
local score = now + tonumber(ARGV[2])
for i = 1, #KEYS / 3 do
  redis.call('ZADD', KEYS[3 * i - 1], 'XX', score, ARGV[3] .. '|' .. ARGV[4] .. '|' .. ARGV[1])
  redis.call('ZADD', KEYS[3 * i], 'XX', score, ARGV[1])
end
return {}
`
