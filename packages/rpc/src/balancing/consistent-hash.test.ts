import { expect, test } from 'bun:test';
import { Metadata } from '../core/metadata.ts';
import { picks, type Stub, stubs } from '../testing/stub-candidate.ts';
import { testMethod, testOpenOptions } from '../testing/test-method.ts';
import { consistentHash } from './consistent-hash.ts';
import type { Picker } from './policy.ts';

const method = testMethod();
const options = testOpenOptions();

function keyed(key: string) {
  return testOpenOptions({ metadata: Metadata.from({ session: key }) });
}

/** How many of so many keys each address has. */
function spread(picker: Picker<Stub>, keys: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < keys; i++) {
    const address = picker.pick(method, keyed(`user-${i}`))?.address ?? '-';
    counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  return counts;
}

test('the same key goes to the same endpoint, whatever their order', () => {
  const policy = consistentHash({ by: { metadata: 'session' } });
  const all = stubs(1, 1, 1, 1);
  const [one, other] = [policy(all), policy(all.slice().reverse())];
  for (let i = 0; i < 100; i++) {
    const key = keyed(`user-${i}`);
    expect(one.pick(method, key)?.address).toBe(other.pick(method, key)?.address as string);
  }
});

test('keys are spread evenly, or by weight', () => {
  const policy = consistentHash({ by: { metadata: 'session' } });
  for (const count of spread(policy(stubs(1, 1, 1, 1)), 8_000).values()) {
    expect(count).toBeGreaterThan(1_850);
    expect(count).toBeLessThan(2_150);
  }
  const weighted = spread(policy(stubs(6, 1, 1)), 8_000);
  expect(weighted.get('a')).toBeGreaterThan(5_850);
  expect(weighted.get('a')).toBeLessThan(6_150);
});

test('when an endpoint goes, only its own keys move, and evenly', () => {
  const policy = consistentHash({ by: { metadata: 'session' } });
  for (const weights of [
    [1, 1, 1, 1],
    [2, 1, 1, 3],
  ]) {
    const all = stubs(...weights);
    const picker = policy(all);
    const before = new Map<string, string | undefined>();
    for (let i = 0; i < 2_000; i++) {
      before.set(`k${i}`, picker.pick(method, keyed(`k${i}`))?.address);
    }
    (all[1] as Stub).usable = false;
    const rebuilt = policy(all.filter(({ usable }) => usable));
    const moved = new Set<string | undefined>();
    for (const [key, address] of before) {
      const now = picker.pick(method, keyed(key))?.address;
      expect(rebuilt.pick(method, keyed(key))?.address).toBe(now as string);
      if (address === 'b') moved.add(now);
      else expect(now).toBe(address as string);
    }
    expect([...moved].sort()).toEqual(['a', 'c', 'd']);
  }
});

test('by method, by anything, and anywhere without a key', () => {
  const all = stubs(1, 1, 1, 1);
  const byMethod = consistentHash({ by: 'method' })(all);
  const addresses = new Set<string | undefined>();
  for (let i = 0; i < 50; i++) {
    const path = `/test.Service/M${i}`;
    const picked = byMethod.pick(testMethod({ path }), options)?.address;
    expect(byMethod.pick(testMethod({ path }), keyed('x'))?.address).toBe(picked as string);
    addresses.add(picked);
  }
  expect(addresses.size).toBe(4);

  let n = 0;
  const random = () => (n++ % 100) / 100;
  const by = (one: { kind: string }) => (one.kind === 'unary' ? undefined : 'streams');
  const own = consistentHash({ by, random })(all);
  expect(new Set(picks(own, 100)).size).toBe(4);
  const stream = testMethod({ kind: 'server-stream' });
  const streams = Array.from({ length: 10 }, () => own.pick(stream, options)?.address);
  expect(new Set(streams).size).toBe(1);
});

test('a bound on the load sends what is above to the next endpoint', () => {
  const all = stubs(1, 1, 1);
  const picker = consistentHash({ by: { metadata: 'session' }, maxLoad: 1.25 })(all);
  for (let i = 0; i < 300; i++) {
    const one = picker.pick(method, keyed('hot')) as Stub;
    one.pending++;
    expect(one.pending).toBeLessThanOrEqual(Math.ceil((1.25 * (i + 1)) / 3));
  }
  expect(all.map(({ pending }) => pending).sort((a, b) => b - a)[0]).toBe(125);
  for (const one of all) one.usable = false;
  expect(picker.pick(method, keyed('hot'))).toBeUndefined();
  expect(() => consistentHash({ by: 'method', maxLoad: 0.9 })).toThrow('maxLoad: 0.9 is below 1');
});
