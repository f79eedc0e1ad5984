import { expect, test } from 'bun:test';
import { resolveRedis } from './resolve-redis.ts';
import { configSchema } from './schema.ts';

function resolve(redis: object) {
  const faults: string[] = [];
  const { redis: valid } = configSchema.parse({ redis });
  const config = resolveRedis(valid, (key, message) => faults.push(`${key}: ${message}`));
  return { config, faults };
}

test('there is none without an address', () => {
  expect(resolve({})).toEqual({ config: undefined, faults: [] });
});

test('a password beside the address is its own, and is shown to nobody', () => {
  const { config, faults } = resolve({ url: 'rediss://ada@cache/2', password: 'hunter2' });
  expect(faults).toEqual([]);
  expect(config?.address.password?.reveal()).toBe('hunter2');
  expect(JSON.stringify(config)).not.toContain('hunter2');
  expect(config).toMatchObject({
    keyPrefix: 'zeke:',
    timeoutMs: 50,
    expectedReplicas: 1,
    address: { user: 'ada', shown: 'rediss://cache database 2' },
  });
});

test('what is wrong is told with its key', () => {
  expect(resolve({ url: 'http://cache' }).faults).toEqual([
    'url: it must be redis://host:port/database, rediss:// for TLS, or redis+unix:///path',
  ]);
  expect(resolve({ password: 'x' }).faults).toEqual([
    'password: it is for nothing without redis.url',
  ]);
});
