import { expect, test } from 'bun:test';
import { createLogger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { Outage, type OutageOptions } from './outage.ts';

const gone = () => Promise.reject(new RpcError('unavailable', 'gone'));
const said = (value: string) => () => Promise.resolve(value);

function outage(options: Partial<OutageOptions> = {}) {
  const clock = { now: 1_000_000 };
  const logged: string[] = [];
  const log = createLogger({
    level: 'info',
    destination: { write: (line) => void logged.push(JSON.parse(line).msg) },
  });
  const now = () => clock.now;
  return { clock, logged, rule: new Outage({ log, now, graceMs: 60_000, ...options }) };
}

test('what was said before counts only while the database is away, and for so long', async () => {
  const { clock, logged, rule } = outage();
  const before = { value: 'old', readAt: clock.now };
  expect(await rule.read(before, said('new'))).toBe('new');
  expect(await rule.read(before, gone)).toBe('old');
  expect(rule.isBridged).toBe(true);
  clock.now += 60_000;
  expect(await rule.read(before, gone)).toBe('old');
  clock.now += 1;
  await expect(rule.read(before, gone)).rejects.toMatchObject({ code: 'unavailable' });
  expect(rule.isBridged).toBe(false);
  expect(await rule.read(before, said('back'))).toBe('back');
  expect(logged).toEqual([
    'the database is away; callers that it has confirmed lately are let in',
    'the database answers again',
  ]);
});

test('who was never seen is not let in', async () => {
  const { rule } = outage();
  await expect(rule.read(undefined, gone)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a database that refuses is not one that is away', async () => {
  const { clock, rule } = outage();
  const before = { value: 'old', readAt: clock.now };
  const refused = () => Promise.reject(new RpcError('permission_denied', 'no'));
  await expect(rule.read(before, refused)).rejects.toMatchObject({ code: 'permission_denied' });
  expect(rule.isBridged).toBe(false);
});

test('one that is away is asked once a second', async () => {
  const { clock, rule } = outage();
  const before = { value: 'old', readAt: clock.now };
  let asked = 0;
  const counted = () => {
    asked += 1;
    return gone();
  };
  for (let index = 0; index < 10; index++) await rule.read(before, counted);
  expect(asked).toBe(1);
  clock.now += 1_000;
  await rule.read(before, counted);
  expect(asked).toBe(2);
});

test('one that never answers is away, and is not waited for', async () => {
  const { clock, rule } = outage({ patienceMs: 5 });
  const before = { value: 'old', readAt: clock.now };
  expect(await rule.read(before, () => new Promise<string>(() => {}))).toBe('old');
  expect(rule.isBridged).toBe(true);
});

test('without a grace nothing is believed', async () => {
  const { clock, rule } = outage({ graceMs: 0 });
  clock.now += 1;
  const before = { value: 'old', readAt: clock.now - 1 };
  await expect(rule.read(before, gone)).rejects.toMatchObject({ code: 'unavailable' });
  expect(rule.isBridged).toBe(false);
});
