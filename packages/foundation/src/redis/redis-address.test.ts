import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Secret } from '../secrets/secret.ts';
import { redisAddress } from './redis-address.ts';

test('an address is read, and told without its password', () => {
  const address = redisAddress('redis://ada:p%40ss@cache:6380/3');
  expect(address).toMatchObject({
    place: { kind: 'tcp', host: 'cache', port: 6380, tls: false },
    database: 3,
    user: 'ada',
    shown: 'redis://cache:6380 database 3',
  });
  expect(typeof address === 'string' ? '' : address.password?.reveal()).toBe('p@ss');
  expect(redisAddress('rediss://[::1]')).toMatchObject({
    place: { host: '::1', port: 6379, tls: true },
  });
  expect(redisAddress('redis+unix:///run/redis.sock?db=2')).toMatchObject({
    place: { kind: 'unix', path: '/run/redis.sock' },
    database: 2,
    shown: 'redis+unix:///run/redis.sock database 2',
  });
});

test('a password beside the address takes the place of one in it', () => {
  const address = redisAddress('redis://:old@cache', new Secret('new'));
  expect(typeof address === 'string' ? '' : address.password?.reveal()).toBe('new');
});

test.each([
  ['http://cache:6379', 'redis://host:port/database'],
  ['cache:6379', 'redis://host:port/database'],
  ['redis://', 'it has no host'],
  ['redis://cache/one', 'the database must be a number'],
  ['redis://cache/65536', 'the database must be a number'],
  ['redis+unix://', 'it has no path'],
  ['redis://:100%@cache', 'a % in it'],
])('%s is refused with what is wrong', (text, message) => {
  expect(redisAddress(text)).toContain(message);
});

test('whatever is written, no password is shown', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom('redis', 'rediss', 'redis+unix'), fc.string())
      .map((parts) => parts.join('://')),
  );
  fc.assert(
    fc.property(text, (given) => {
      const read = redisAddress(given, new Secret('hunter2-hunter2'));
      expect(typeof read === 'string' ? read : read.shown).not.toContain('hunter2');
    }),
  );
});
