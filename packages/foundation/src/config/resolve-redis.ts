import { redisAddress } from '../redis/redis-address.ts';
import { Secret } from '../secrets/secret.ts';
import type { RedisConfig } from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

/** `[redis]`; undefined where there is none. `fault` is told the key of what is wrong. */
export function resolveRedis(
  redis: ValidConfig['redis'],
  fault: (key: string, message: string) => void,
): RedisConfig | undefined {
  const { password, url } = redis;
  if (url === undefined) {
    if (password !== undefined) fault('password', 'it is for nothing without redis.url');
    return undefined;
  }
  const address = redisAddress(url, password === undefined ? undefined : new Secret(password));
  if (typeof address === 'string') {
    fault('url', address);
    return undefined;
  }
  return {
    address,
    keyPrefix: redis.key_prefix,
    timeoutMs: redis.timeout_ms,
    expectedReplicas: redis.expected_replicas,
  };
}
