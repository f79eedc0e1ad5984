import { redisScript } from '@zeke/foundation/redis';
import { amongMembers, asMember } from '../../replicas/membership-scripts.ts';

/**
 * A window is two hashes. The first has `spent`, what all have spent in it, and `c:` with a replica's id,
 * what that replica has charged to it since it began: told as a sum, so that telling it twice, or late,
 * changes nothing. `spent` begins with what the database says, when somebody has to know it. The second
 * has what each member holds. All in micro-USD.
 *
 * `charge`: of a replica that is not there yet, `missing` is what the window lacks.
 */
const charge = `
local function charge(window, id, charged, missing)
  local before = redis.call('HGET', window, 'c:' .. id)
  local more = missing
  if before then more = charged - tonumber(before) end
  if before and more == 0 then return end
  if more ~= 0 and redis.call('HEXISTS', window, 'spent') == 1 then
    redis.call('HINCRBY', window, 'spent', string.format('%.0f', more))
  end
  redis.call('HSET', window, 'c:' .. id, string.format('%.0f', charged))
end
`;

/**
 * Holds an amount in all windows, or in none. KEYS: those of the members, then two of each window. ARGV:
 * the member, the replica's id, the amount; then for each window its limit or -1, what the database says
 * was spent or nothing, what this replica has charged, how much of that the database lacks, and when the
 * window may be forgotten. Answers OPEN where nobody has said yet what the database says; else 1 or 0,
 * and for each window what was spent and held before.
 */
export const reserveScript = redisScript(`${asMember}${amongMembers}${charge}
local windows = (#KEYS - 2) / 2
for i = 1, windows do
  local at = 3 + (i - 1) * 5
  if ARGV[at + 2] == '' and redis.call('HEXISTS', KEYS[1 + 2 * i], 'spent') == 0 then return {'OPEN'} end
end
local answer = {1}
for i = 1, windows do
  local window, at = KEYS[1 + 2 * i], 3 + (i - 1) * 5
  redis.call('HSETNX', window, 'spent', ARGV[at + 2])
  charge(window, ARGV[2], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]))
  redis.call('PEXPIREAT', window, ARGV[at + 5])
  local spent, sum = redis.call('HGET', window, 'spent'), held(KEYS[2 + 2 * i])
  local limit = tonumber(ARGV[at + 1])
  if limit >= 0 and tonumber(spent) + sum + tonumber(ARGV[3]) > limit then answer[1] = 0 end
  answer[2 * i] = spent
  answer[2 * i + 1] = string.format('%.0f', sum)
end
if answer[1] == 0 or ARGV[3] == '0' then return answer end
for i = 1, windows do
  redis.call('HINCRBY', KEYS[2 + 2 * i], me, ARGV[3])
  redis.call('PEXPIREAT', KEYS[2 + 2 * i], ARGV[3 + i * 5])
end
return answer
`);

/**
 * Says what a replica has charged, and holds more or less, at once. KEYS as above. ARGV: the member, the
 * replica's id, where the name of what Redis holds stands, and that name as the replica knows it, or
 * nothing; then for each window by how much more it holds, what it has charged, how much of that the
 * database lacks, and when the window may be forgotten. What Redis held all along lacks all that a new
 * replica has charged; what was lost, and read from the database, only what that lacks.
 */
export const sayScript = redisScript(`${asMember}${charge}
local isSame = ARGV[4] == '' or redis.call('GET', ARGV[3]) == ARGV[4]
for i = 1, (#KEYS - 2) / 2 do
  local window, holds, at = KEYS[1 + 2 * i], KEYS[2 + 2 * i], 4 + (i - 1) * 4
  local charged = tonumber(ARGV[at + 2])
  charge(window, ARGV[2], charged, isSame and charged or tonumber(ARGV[at + 3]))
  redis.call('PEXPIREAT', window, ARGV[at + 4])
  if ARGV[at + 1] ~= '0' then
    if redis.call('HINCRBY', holds, me, ARGV[at + 1]) <= 0 then redis.call('HDEL', holds, me) end
    redis.call('PEXPIREAT', holds, ARGV[at + 4])
  end
end
return {'OK'}
`);

/** Never less was spent than the database says. KEYS: windows. ARGV: what it says of each. */
export const atLeastScript = redisScript(`
for i = 1, #KEYS do
  local spent = redis.call('HGET', KEYS[i], 'spent')
  if spent and tonumber(spent) < tonumber(ARGV[i]) then redis.call('HSET', KEYS[i], 'spent', ARGV[i]) end
end
`);
