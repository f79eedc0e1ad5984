import { afterEach, describe, expect, setSystemTime, test } from 'bun:test';
import fc from 'fast-check';
import type { LimitResult, RateOptions } from './gcra.ts';
import { RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';
import { type TierName, tiers } from './tiers.ts';

const minute = { limit: 20, periodMs: 60_000, burst: 5 };

class Clock {
  us = 0;
  readonly monotonicMs = (): number => this.us / 1000;
  /** The microseconds that are seen: doubles of milliseconds may lose one. */
  get seenUs(): bigint {
    return BigInt(Math.floor((this.us / 1000) * 1000));
  }
}

function limiter(clock: Clock, changes: Partial<RateLimiterOptions> = {}): RateLimiter {
  return RateLimiter.init({ ...minute, monotonicMs: clock.monotonicMs, ...changes });
}

/**
 * The same for one key, in the other form of ITU-T I.371 (virtual scheduling: the time at which the
 * bucket will be empty), with numbers of any size, in microseconds times the limit.
 */
class ExactModel {
  readonly #limit: bigint;
  readonly #perToken: bigint;
  readonly #tolerance: bigint;
  #emptyAt = 0n;

  constructor({ limit, periodMs, burst = limit }: RateOptions) {
    this.#limit = BigInt(limit);
    this.#perToken = BigInt(periodMs) * 1000n;
    this.#tolerance = BigInt(burst) * this.#perToken;
  }

  check(nowUs: bigint, cost: number): Omit<LimitResult, 'limit' | 'resetAtMs'> {
    const now = nowUs * this.#limit;
    const start = now + this.#used(now);
    const end = start + BigInt(cost) * this.#perToken;
    const excess = end - now - this.#tolerance;
    const allowed = excess <= 0n;
    if (allowed) this.#emptyAt = end;
    const isPossible = BigInt(cost) * this.#perToken <= this.#tolerance;
    return {
      allowed,
      remaining: this.remaining(nowUs),
      retryAfterMs: allowed ? 0 : isPossible ? this.#ms(excess) : Number.POSITIVE_INFINITY,
      resetAfterMs: this.#ms(this.#used(now)),
    };
  }

  charge(nowUs: bigint, cost: number): void {
    const now = nowUs * this.#limit;
    const start = now + this.#used(now);
    const most = now + this.#tolerance + 10n * this.#limit * this.#perToken;
    const end = start + BigInt(cost) * this.#perToken;
    this.#emptyAt = end < most ? end : most;
  }

  remaining(nowUs: bigint): number {
    const now = nowUs * this.#limit;
    const used = this.#used(now);
    return used > this.#tolerance ? 0 : Number((this.#tolerance - used) / this.#perToken);
  }

  #used(now: bigint): bigint {
    return this.#emptyAt > now ? this.#emptyAt - now : 0n;
  }

  #ms(units: bigint): number {
    const us = (units + this.#limit - 1n) / this.#limit;
    return Number((us + 999n) / 1000n);
  }
}

const rates = fc.record({
  limit: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 9_000_000 })),
  periodMs: fc.constantFrom(1, 7, 1_000, 60_000, 3_600_000),
  burst: fc.integer({ min: 1, max: 40 }),
});

interface Step {
  readonly waitUs: number;
  readonly key: string;
  readonly cost: number;
  readonly what: 'check' | 'charge' | 'reset' | 'cleanup';
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    waitUs: fc.oneof(fc.constant(0), fc.nat(5_000), fc.nat(100_000_000)),
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    cost: fc.oneof(fc.constant(1), fc.nat(45)),
    what: fc.constantFrom('check', 'check', 'check', 'check', 'charge', 'reset', 'cleanup'),
  }),
  { maxLength: 60, size: 'max' },
);

describe('against an exact model', () => {
  test('every result is the same, for every key by itself', () => {
    fc.assert(
      fc.property(rates, steps, (rate, taken) => {
        const clock = new Clock();
        const limits = limiter(clock, rate);
        const models = new Map<string, ExactModel>();
        for (const { waitUs, key, cost, what } of taken) {
          clock.us += waitUs;
          const model = models.get(key) ?? new ExactModel(rate);
          models.set(key, model);
          if (what === 'check') {
            const { limit, resetAtMs, ...result } = limits.check(key, cost);
            expect(result).toEqual(model.check(clock.seenUs, cost));
          } else if (what === 'charge') {
            limits.charge(key, cost);
            model.charge(clock.seenUs, cost);
          } else if (what === 'reset') {
            limits.reset(key);
            models.delete(key);
          } else limits.cleanup();
          expect(limits.remaining(key)).toBe(
            (models.get(key) ?? new ExactModel(rate)).remaining(clock.seenUs),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('in a table that is full no key gets more than its limit, whatever others do', () => {
    const room = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(rates, steps, room, (rate, taken, maxKeys) => {
        const clock = new Clock();
        const limits = limiter(clock, { ...rate, maxKeys });
        const models = new Map<string, ExactModel>();
        for (const { waitUs, key, cost } of taken) {
          clock.us += waitUs;
          const model = models.get(key) ?? new ExactModel(rate);
          models.set(key, model);
          if (limits.check(key, cost).allowed) {
            expect(model.check(clock.seenUs, cost).allowed).toBe(true);
          }
          expect(limits.size).toBeLessThanOrEqual(maxKeys);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('who waits as long as told is let in, and not a millisecond before', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.nat(40), { maxLength: 20 }), (rate, costs) => {
        const clock = new Clock();
        const limits = limiter(clock, rate);
        for (const cost of costs.filter((each) => each <= rate.burst)) {
          const { allowed, retryAfterMs } = limits.check('a', cost);
          if (allowed) continue;
          clock.us += (retryAfterMs - 1) * 1000;
          expect(limits.check('a', cost).allowed).toBe(false);
          clock.us += 1000;
          expect(limits.check('a', cost).allowed).toBe(true);
        }
      }),
    );
  });
});

test.each<[TierName, number, number, number]>([
  ['free', 5, 3_000, 2_000],
  ['pro', 20, 300, 50_000],
  ['enterprise', 100, 60, 500_000],
])('%s: %d at once, one every %d ms, %d tokens', (name, burst, everyMs, tokens) => {
  const clock = new Clock();
  const { requests, tokens: tokenRate } = tiers[name];
  const limits = limiter(clock, requests);
  for (let i = 1; i <= burst; i++) {
    expect(limits.check('a')).toMatchObject({ allowed: true, remaining: burst - i });
  }
  expect(limits.check('a')).toMatchObject({ allowed: false, retryAfterMs: everyMs });
  clock.us += everyMs * 1000;
  expect(limits.check('a').allowed).toBe(true);
  expect(limits.check('a').allowed).toBe(false);
  const tokenLimits = RateLimiter.init(tokenRate);
  expect(tokenLimits.check('a', tokens).allowed).toBe(true);
  expect(tokenLimits.check('b', tokens + 1).retryAfterMs).toBe(Number.POSITIVE_INFINITY);
});

test('a result says all that headers need', () => {
  const clock = new Clock();
  clock.us = 5_000_000;
  const limits = limiter(clock, { wallClockMs: () => 1_000_000 });
  expect(limits.check('a', 2)).toEqual({
    allowed: true,
    limit: 20,
    remaining: 3,
    retryAfterMs: 0,
    resetAfterMs: 6_000,
    resetAtMs: 1_006_000,
  });
  expect(limits.check('a', 4)).toMatchObject({ allowed: false, remaining: 3, retryAfterMs: 3_000 });
});

test('what was charged afterwards is debt, and what was given back is there again', () => {
  const clock = new Clock();
  const limits = limiter(clock);
  limits.charge('a', 7);
  expect(limits.check('a', 0)).toMatchObject({ allowed: false, retryAfterMs: 6_000, remaining: 0 });
  limits.charge('a', -4);
  expect(limits.remaining('a')).toBe(2);
  limits.charge('a', -1_000_000_000);
  expect(limits.remaining('a')).toBe(5);
  limits.charge('a', 1_000_000_000);
  expect(limits.check('a', 0).retryAfterMs).toBe(10 * 60_000);
});

describe('keys', () => {
  test('of which all have their tokens again are forgotten, those of which some lack are not', () => {
    const clock = new Clock();
    const limits = limiter(clock);
    for (let i = 0; i < 100; i++) limits.check(`${i}`);
    clock.us += 1_000_000;
    limits.check('late');
    clock.us += 2_000_000;
    expect(limits.cleanup()).toBe(100);
    expect(limits.size).toBe(1);
    expect(limits.remaining('late')).toBe(4);
  });

  test('are swept by a bounded number at a time, all in turn', () => {
    const clock = new Clock();
    const limits = limiter(clock);
    for (let i = 0; i < 2_500; i++) limits.check(`${i}`);
    clock.us += 60_000_000;
    expect(limits.cleanup(100)).toBe(100);
    expect([limits.cleanup(), limits.cleanup(), limits.cleanup()]).toEqual([1_024, 1_024, 352]);
    expect(limits.size).toBe(0);
  });

  test('do not pile up where nobody calls cleanup', () => {
    const clock = new Clock();
    const limits = limiter(clock);
    for (let i = 0; i < 10_000; i++) {
      clock.us += 1_000_000;
      limits.check(`${i}`);
    }
    expect(limits.size).toBeLessThan(20);
  });

  test('take the place of those that lack nothing', () => {
    const clock = new Clock();
    const limits = limiter(clock, { maxKeys: 2 });
    for (let i = 0; i < 5; i++) limits.check('limited');
    limits.check('brief');
    clock.us += 3_000_000;
    limits.check('new');
    expect([limits.remaining('limited'), limits.remaining('new'), limits.size]).toEqual([1, 4, 2]);
  });

  test('that find no place share a bucket, and begin with what it lacks when there is one', () => {
    const clock = new Clock();
    const limits = limiter(clock, { maxKeys: 2 });
    for (const key of ['one', 'two']) for (let i = 0; i < 5; i++) limits.check(key);
    const flood = Array.from({ length: 1_000 }, (_, i) => limits.check(`flood ${i}`).allowed);
    expect(flood.filter((allowed) => allowed)).toHaveLength(5);
    expect(limits.check('one').allowed).toBe(false);
    expect(limits.reset('one')).toBe(true);
    expect(limits.check('flood 0').allowed).toBe(false);
    expect(limits.check('one').allowed).toBe(false);
    clock.us += 15_000_000;
    expect(limits.remaining('flood 0')).toBe(5);
  });

  test('are reset one by one', () => {
    const limits = limiter(new Clock());
    for (let i = 0; i < 5; i++) limits.check('a');
    limits.check('b');
    expect([limits.reset('a'), limits.reset('a'), limits.reset('nobody')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([limits.remaining('a'), limits.remaining('b')]).toEqual([5, 4]);
  });

  test('are foreseen without taking anything: peek says what check would', () => {
    const cost = fc.integer({ min: 0, max: 7 });
    fc.assert(
      fc.property(fc.array(cost, { maxLength: 12 }), (costs) => {
        const limits = limiter(new Clock());
        for (const each of costs) {
          const before = limits.remaining('a');
          const seen = limits.peek('a', each);
          expect(limits.remaining('a')).toBe(before);
          expect(seen.remaining).toBe(before);
          const { allowed, retryAfterMs } = limits.check('a', each);
          expect(seen).toMatchObject({ allowed, retryAfterMs });
        }
      }),
    );
  });

  test('that are asked for only, or refused, are not remembered', () => {
    const limits = limiter(new Clock());
    limits.check('a', 0);
    limits.check('b', 6);
    limits.remaining('c');
    limits.charge('d', -3);
    expect(limits.size).toBe(0);
  });
});

describe('clocks', () => {
  afterEach(() => {
    setSystemTime();
  });

  test('a wall clock that jumps frees nobody and locks nobody in', () => {
    const limits = RateLimiter.init({ limit: 1, periodMs: 3_600_000 });
    expect(limits.check('a').allowed).toBe(true);
    const hours = 3_600_000;
    for (const jumpMs of [48 * hours, -48 * hours, -400_000 * hours]) {
      setSystemTime(Date.now() + jumpMs);
      const { allowed, retryAfterMs } = limits.check('a');
      expect(allowed).toBe(false);
      expect(retryAfterMs).toBeLessThanOrEqual(hours);
    }
  });

  test('what is shown follows the wall clock within a second', () => {
    const clock = new Clock();
    let wallClockMs = 1_000_000;
    const limits = limiter(clock, { wallClockMs: () => wallClockMs });
    expect(limits.check('a').resetAtMs).toBe(1_003_000);
    wallClockMs += 7_000_000;
    clock.us += 1_000_000;
    expect(limits.check('a', 0).resetAtMs).toBe(8_002_000);
  });

  test('a clock that goes back stands still, and goes on from there', () => {
    const clock = new Clock();
    clock.us = 100_000_000;
    const limits = limiter(clock);
    for (let i = 0; i < 5; i++) limits.check('a');
    clock.us = 0;
    expect(limits.check('a').retryAfterMs).toBe(3_000);
    clock.us = 3_000_000;
    expect(limits.check('a').allowed).toBe(true);
    expect(limits.check('a').allowed).toBe(false);
  });

  test('years change nothing', () => {
    const clock = new Clock();
    const limits = limiter(clock);
    for (let year = 0; year < 100; year++) {
      for (let i = 0; i < 5; i++) expect(limits.check('a').allowed).toBe(true);
      expect(limits.check('a').retryAfterMs).toBe(3_000);
      clock.us += 31_557_600_000_000;
    }
  });
});

test.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY, 1_000_000_001, '1' as never])(
  'a cost of %p is refused, and nothing is taken',
  (cost) => {
    const limits = limiter(new Clock());
    expect(() => limits.check('a', cost)).toThrow(/^rate limit: cost: /);
    expect(limits.remaining('a')).toBe(5);
  },
);

test('keys and other numbers are refused by name', () => {
  const limits = limiter(new Clock());
  expect(() => limits.check('')).toThrow('key');
  expect(() => limits.check('k'.repeat(257))).toThrow('257');
  expect(() => limits.charge('a', Number.NaN)).toThrow('cost');
  expect(() => limits.charge('a', -1_000_000_001)).toThrow('cost');
  expect(() => limits.cleanup(0)).toThrow('maxLooked');
  expect(() => limits.cleanup(1e9)).toThrow('maxLooked');
  expect(() => limiter(new Clock(), { maxKeys: 0 })).toThrow('maxKeys');
  expect(() => limiter(new Clock(), { maxKeys: 1e9 })).toThrow('maxKeys');
});
