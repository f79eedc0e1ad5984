import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  ConcurrencyLimiter,
  type ConcurrencyLimiterOptions,
  type Lease,
} from './concurrency-limiter.ts';

let nowMs = 0;

function limiter(changes: Partial<ConcurrencyLimiterOptions> = {}): ConcurrencyLimiter {
  nowMs = 0;
  return ConcurrencyLimiter.init({
    limit: 2,
    leaseMs: 1_000,
    monotonicMs: () => nowMs,
    ...changes,
  });
}

test('as many as the limit hold a lease at once', () => {
  const limits = limiter();
  const first = limits.acquire('a');
  const second = limits.acquire('a');
  expect([first?.key, second?.key, limits.acquire('a')]).toEqual(['a', 'a', undefined]);
  expect(limits.acquire('b')?.key).toBe('b');
  expect(first?.release()).toBe(true);
  expect(limits.remaining('a')).toBe(1);
  expect(limits.acquire('a')?.key).toBe('a');
});

test('a lease is released once', () => {
  const limits = limiter();
  const lease = limits.acquire('a');
  limits.acquire('a');
  expect([lease?.release(), lease?.release(), lease?.renew()]).toEqual([true, false, false]);
  expect(limits.remaining('a')).toBe(1);
});

test('a lease ends with the block that uses it', () => {
  const limits = limiter();
  {
    using lease = limits.acquire('a');
    expect([lease?.key, limits.remaining('a')]).toEqual(['a', 1]);
  }
  expect([limits.remaining('a'), limits.size]).toEqual([2, 0]);
});

test('a lease that nobody renews is lost when its time is over, and stays lost', () => {
  const limits = limiter();
  const lost = limits.acquire('a');
  const kept = limits.acquire('a');
  nowMs = 999;
  expect([limits.acquire('a'), kept?.renew()]).toEqual([undefined, true]);
  nowMs = 1_000;
  expect(limits.remaining('a')).toBe(1);
  expect([lost?.renew(), lost?.release()]).toEqual([false, false]);
  nowMs = 1_999;
  expect(limits.remaining('a')).toBe(2);
});

test('all keys together hold a bounded number', () => {
  const limits = limiter({ maxLeases: 3 });
  for (let i = 0; i < 3; i++) limits.acquire(`${i}`);
  expect(limits.acquire('more')).toBeUndefined();
  nowMs = 1_000;
  expect(limits.acquire('more')?.key).toBe('more');
  expect(limits.size).toBe(1);
});

test('lost leases are found by a bounded number at a time', () => {
  const limits = limiter();
  for (let i = 0; i < 5_000; i++) limits.acquire(`${i}`);
  expect(limits.cleanup()).toBe(0);
  nowMs = 1_000;
  expect([limits.cleanup(), limits.cleanup(), limits.cleanup()]).toEqual([2_048, 2_048, 904]);
});

test('a clock that goes back stands still, and goes on from there', () => {
  const limits = limiter();
  nowMs = 500;
  limits.acquire('a');
  limits.acquire('a');
  nowMs = 0;
  expect(limits.acquire('a')).toBeUndefined();
  nowMs = 999;
  expect(limits.acquire('a')).toBeUndefined();
  nowMs = 1_000;
  expect(limits.remaining('a')).toBe(2);
});

test.each<[string, Partial<ConcurrencyLimiterOptions>]>([
  ['limit', { limit: 0 }],
  ['limit', { limit: Number.NaN }],
  ['leaseMs', { leaseMs: -1 }],
  ['leaseMs', { leaseMs: 1e9 }],
  ['maxLeases', { maxLeases: 0.5 }],
])('%s is refused by name when it is wrong', (field, changes) => {
  expect(() => limiter(changes)).toThrow(new RegExp(`^rate limit: ${field}: `));
});

test('a key without a name, or with too long a one, is refused', () => {
  expect(() => limiter().acquire('')).toThrow('key');
  expect(() => limiter().acquire('k'.repeat(257))).toThrow('key');
});

test('it counts as a list of all leases does', () => {
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('acquire', 'acquire', 'acquire', 'release', 'renew', 'cleanup'),
      key: fc.constantFrom('a', 'b', 'c'),
      pick: fc.nat(),
      waitMs: fc.oneof(fc.constant(0), fc.nat(400)),
    }),
    { maxLength: 80, size: 'max' },
  );
  fc.assert(
    fc.property(steps, (taken) => {
      const limits = limiter({ maxLeases: 5 });
      const all: { lease: Lease; key: string; untilMs: number }[] = [];
      const held = (key?: string) =>
        all.filter((each) => each.untilMs > nowMs && (key === undefined || each.key === key));
      for (const { what, key, pick, waitMs } of taken) {
        nowMs += waitMs;
        const picked = all[pick % Math.max(1, all.length)];
        const isHeld = picked !== undefined && picked.untilMs > nowMs;
        if (what === 'acquire') {
          const isFree = held(key).length < 2 && held().length < 5;
          const lease = limits.acquire(key);
          expect(lease !== undefined).toBe(isFree);
          if (lease !== undefined) all.push({ lease, key, untilMs: nowMs + 1_000 });
        } else if (what === 'cleanup') limits.cleanup();
        else if (picked !== undefined) {
          expect(picked.lease[what as 'release' | 'renew']()).toBe(isHeld);
          if (isHeld) picked.untilMs = what === 'renew' ? nowMs + 1_000 : 0;
        }
        expect(limits.size).toBe(held().length);
        expect(limits.remaining(key)).toBe(2 - held(key).length);
      }
    }),
    { numRuns: 200 },
  );
});
