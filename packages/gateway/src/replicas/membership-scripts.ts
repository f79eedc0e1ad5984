import { redisScript } from '@zeke/foundation/redis';

/** `now` in milliseconds, and `us`, by Redis's own clock. */
export const onRedisClock = `
local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2]
local now = math.floor(us / 1000)
`;

/**
 * What a script begins with that changes what a replica holds: KEYS[1] are the replicas, KEYS[2] says
 * that they settle, ARGV[1] is the member. A member that is not there, or whose time is over, gets the
 * answer STALE, and nothing is changed: it has to join again and say what it holds.
 */
export const asMember = `${onRedisClock}
local me = ARGV[1]
local lease = redis.call('ZSCORE', KEYS[1], me)
if not lease or tonumber(lease) < now then return 'STALE' end
`;

/** After `asMember`: nobody can know what all hold while they settle; `live` has the members. */
export const amongMembers = `
if redis.call('EXISTS', KEYS[2]) == 1 then return 'SETTLING' end
local live = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')) do live[id] = true end
-- What the members hold of a hash, without those that are gone.
local function held(key)
  local sum = 0
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if live[all[i]] then sum = sum + tonumber(all[i + 1]) else redis.call('HDEL', key, all[i]) end
  end
  return sum
end
`;

/**
 * ARGV: the new member, the one that it follows or nothing, its lease in ms, 1 where it was a member
 * before, and for how long they settle then in ms. One that comes back and finds nobody may not rely
 * on what is there: Redis was emptied, or began anew, or its clock jumped. Last where the name of what
 * Redis holds stands, which is another after it was emptied, and such a name. Answers how many there are,
 * for how long they settle, and that name.
 */
export const joinScript = redisScript(`${onRedisClock}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
redis.call('ZREM', KEYS[1], ARGV[1], ARGV[2])
local others = redis.call('ZCARD', KEYS[1])
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
if others == 0 and ARGV[4] == '1' then redis.call('SET', KEYS[2], '1', 'PX', ARGV[5]) end
redis.call('SET', ARGV[6], ARGV[7], 'NX')
return {others + 1, redis.call('PTTL', KEYS[2]), redis.call('GET', ARGV[6])}
`);

/** ARGV: the member, its lease in ms. Answers the first two of `joinScript`, or STALE. */
export const heartbeatScript = redisScript(`${asMember}
redis.call('ZADD', KEYS[1], now + ARGV[2], me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
return {redis.call('ZCARD', KEYS[1]), redis.call('PTTL', KEYS[2])}
`);
