"""What the limiter has Redis do at once, in Lua."""

# A bucket is a hash of its tokens `t` and the time `at` of that count, in milliseconds. A time
# that lies ahead is a penalty: nothing flows in before it. A bucket on probation has `rest` too, its
# last rest in seconds: once that is over one request of cost 1 is let through in each probe time,
# and `probe` is 1 while it is under way; whoever comes meanwhile is told to ask again soon.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local states, answer, all = {}, {}, true
for i, key in ipairs(KEYS) do
  local j = (i - 1) * 4
  local capacity, rate = tonumber(ARGV[j + 1]), tonumber(ARGV[j + 2])
  local cost, cold = tonumber(ARGV[j + 3]), ARGV[j + 4] == '1'
  local held = redis.call('HMGET', key, 't', 'at', 'rest', 'probe')
  local tokens, at, rests = tonumber(held[1]), tonumber(held[2]), held[3]
  local fresh = not tokens or not at
  if fresh then
    tokens, at = cold and math.min(capacity, rate) or capacity, now
  end
  if now > at then
    tokens, at = tokens + (now - at) / 1000 * rate, now
  end
  tokens = math.min(capacity, tokens)
  local enough = cost == 0 or (tokens >= cost and at <= now)
  local wait = math.max(0, at - now)
  if rests then
    tokens, enough = 0, cost == 1 and wait == 0
    if held[4] == '1' then wait = math.min(wait, tonumber(ARGV[#ARGV])) end
  end
  all = all and enough
  states[i] = {key, tokens, at, cost, capacity, rate, fresh, rests}
  answer[i] = {enough and 1 or 0, tostring(tokens), tostring(wait), 0}
end
for i, s in ipairs(states) do
  if all and s[8] then
    local ends = now + tonumber(ARGV[#ARGV - 1])
    redis.call('HSET', s[1], 'at', string.format('%.3f', ends), 'probe', 1)
    answer[i][4] = 1
  elseif all or s[7] then
    local left = all and s[2] - s[4] or s[2]
    redis.call('HSET', s[1], 't', string.format('%.6f', left), 'at', string.format('%.3f', s[3]))
    redis.call('PEXPIRE', s[1], math.ceil(s[5] / s[6] * 1000 + math.max(0, s[3] - now)) + 1000)
    answer[i][2] = tostring(left)
  end
end
return answer
"""

PENALISE = """
local clock = redis.call('TIME')
local ends = clock[1] * 1000 + clock[2] / 1000 + tonumber(ARGV[1]) * 1000
local at = tonumber(redis.call('HGET', KEYS[1], 'at'))
if at and at > ends then return 0 end
redis.call('HSET', KEYS[1], 't', '0', 'at', string.format('%.3f', ends))
redis.call('PEXPIRE', KEYS[1], math.ceil((tonumber(ARGV[1]) + tonumber(ARGV[2])) * 1000))
return 1
"""

# Keeps the bucket at rest as long as it is; begins a rest, a doubled one after a probe.
REST = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local held = redis.call('HMGET', KEYS[1], 'rest', 'probe')
if held[1] and held[2] ~= '1' then return 0 end
local rest = tonumber(ARGV[1])
if held[1] then rest = math.min(tonumber(held[1]) * 2, tonumber(ARGV[2])) end
redis.call('HSET', KEYS[1], 't', '0', 'at', string.format('%.3f', now + rest * 1000),
  'rest', tostring(rest), 'probe', 0)
redis.call('PEXPIRE', KEYS[1], math.ceil((rest + tonumber(ARGV[3])) * 1000))
return 1
"""
