import { redisScript } from '@zeke/foundation/redis';
import { amongMembers, asMember, onRedisClock } from '../../replicas/membership-scripts.ts';

/**
 * GCRA as `Rate` of foundation has it, in whole numbers below 2^53. A key holds `level at`, the level
 * in units and the microsecond of Redis's clock at which it was that; it is gone when the level is 0.
 * Where the clock went back, time goes on from where it is now.
 */
const gcra = `
local function keep(key, perUs, level)
  if level <= 0 then redis.call('DEL', key) return end
  local held = string.format('%.0f %.0f', level, us)
  redis.call('SET', key, held, 'PX', math.ceil(level / perUs / 1000) + 1)
end
local function levelOf(key, perUs)
  local held = redis.call('GET', key)
  if not held then return 0 end
  local space = string.find(held, ' ', 1, true)
  local level, at = tonumber(string.sub(held, 1, space - 1)), tonumber(string.sub(held, space + 1))
  if at > us then keep(key, perUs, level) return level end
  return math.max(0, level - (us - at) * perUs)
end
`;

const take = `${gcra}
local answer = {1}
local places = tonumber(ARGV[2])
for i = 1, places do
  local sum = held(KEYS[2 + i])
  if sum >= tonumber(ARGV[2 + i]) then answer[1] = 0 end
  answer[#answer + 1] = sum
end
local rates = #KEYS - 2 - places
local levels = {}
for i = 1, rates do
  local at = 2 + places + (i - 1) * 4
  local cost, perToken = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local level = levelOf(KEYS[2 + places + i], tonumber(ARGV[at + 3]))
  if cost >= 0 and level + cost * perToken > tonumber(ARGV[at + 4]) then answer[1] = 0 end
  levels[i] = level + math.max(0, cost) * perToken
  answer[#answer + 1] = string.format('%.0f', level)
end
if answer[1] == 0 then return answer end
for i = 1, places do
  redis.call('HINCRBY', KEYS[2 + i], ARGV[1], 1)
  redis.call('PEXPIRE', KEYS[2 + i], 86400000)
end
for i = 1, rates do
  local at = 2 + places + (i - 1) * 4
  if tonumber(ARGV[at + 1]) > 0 then
    keep(KEYS[2 + places + i], tonumber(ARGV[at + 3]), levels[i])
  end
end
return answer
`;

/**
 * Takes of rates, from all keys or from none. KEYS: those of the members, then those of rates. ARGV:
 * the member, `0`; then for each rate its cost (below 0: only look), units for a token, units in a
 * microsecond, and capacity. Answers 1 or 0, and the levels before, as texts.
 */
export const takeRatesScript = redisScript(`${onRedisClock}${take}`);

/**
 * The same with places among requests under way, which members hold. KEYS of places come before those
 * of rates; in place of `0` their number and then the limit of each. Answers how many all hold of each
 * before the levels.
 */
export const takeScript = redisScript(`${asMember}${amongMembers}${take}`);

/**
 * Charges what was used, there or not, or gives back. KEYS: those of rates. ARGV, for each: the cost,
 * units for a token, units in a microsecond, and the highest level.
 */
export const chargeScript = redisScript(`${onRedisClock}${gcra}
for i = 1, #KEYS do
  local at = (i - 1) * 4
  local perUs = tonumber(ARGV[at + 3])
  local level = levelOf(KEYS[i], perUs) + tonumber(ARGV[at + 1]) * tonumber(ARGV[at + 2])
  keep(KEYS[i], perUs, math.min(tonumber(ARGV[at + 4]), level))
end
`);

/**
 * Says that a member holds more or fewer places than before. KEYS: those of the members, then those of
 * places. ARGV: the member, and by how many for each.
 */
export const movePlacesScript = redisScript(`${asMember}
for i = 3, #KEYS do
  if redis.call('HINCRBY', KEYS[i], me, ARGV[i - 1]) <= 0 then redis.call('HDEL', KEYS[i], me) end
  redis.call('PEXPIRE', KEYS[i], 86400000)
end
return 'OK'
`);
