import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createLogger, createMetrics } from '@zeke/foundation';
import { skipsWithout } from '@zeke/foundation/testing';
import fc from 'fast-check';
import {
  deafAfterMs,
  mortalTiming,
  SharedRedis,
  type TestReplica,
  until,
  whenLink,
} from '../../testing/shared-redis.ts';
import type { Admission } from './admission.ts';
import { setLimitHeaders } from './limit-headers.ts';
import { RateLimits } from './rate-limits.ts';
import { limitSettings } from './testing/limited-gateway.ts';

// What goes by time takes some seconds, and more on a busy machine.
setDefaultTimeout(60_000);

const request = new Request('http://127.0.0.1/');
const hour = { periodMs: 3_600_000 };
const tiers = {
  six: { requests: { limit: 6, ...hour } },
  three: { concurrent: 3 },
  tokens: { tokens: { limit: 100, ...hour } },
  all: { requests: { limit: 4, ...hour }, tokens: { limit: 100, ...hour }, concurrent: 2 },
};

/** The limits of one replica, and how often they let a key through. */
class Door {
  readonly limits: RateLimits;
  readonly replica: TestReplica;
  readonly #tier: string;

  private constructor(limits: RateLimits, replica: TestReplica, tier: string) {
    this.limits = limits;
    this.replica = replica;
    this.#tier = tier;
  }

  static async open(
    redis: SharedRedis,
    tier: keyof typeof tiers,
    options: Parameters<SharedRedis['join']>[0] = {},
  ): Promise<Door> {
    const replica = await redis.join(options);
    const limits = new RateLimits({
      log: createLogger({ level: 'silent' }),
      metrics: await createMetrics({ processMetrics: false }),
      monotonicMs: () => 0,
      replicas: replica.replicas,
    });
    limits.configure(limitSettings({ tiers: { ...tiers, unlimited: {} }, defaultTier: tier }));
    return new Door(limits, replica, tier);
  }

  admission(key = 'k'): Admission {
    const caller = { keyId: key, tier: this.#tier, admin: false, inference: true };
    return this.limits.admission(caller, request, undefined);
  }

  /** The admission, when it is let through. */
  async enter(key?: string): Promise<Admission | undefined> {
    const admission = this.admission(key);
    try {
      await admission.begin();
      return admission;
    } catch {
      return undefined;
    }
  }

  /** How many of so many are let through, one after the other. */
  async count(times: number): Promise<number> {
    let entered = 0;
    for (let index = 0; index < times; index++) if (await this.enter()) entered++;
    return entered;
  }
}

async function doors(
  tier: keyof typeof tiers,
  count: number,
  options: Parameters<SharedRedis['join']>[0] = {},
) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await SharedRedis.start());
  const all: Door[] = [];
  for (let index = 0; index < count; index++) all.push(await Door.open(redis, tier, options));
  // Each knows of the others at its next heartbeat.
  await until(() => all.every(({ replica }) => replica.replicas.count === count));
  return {
    redis,
    all: all as [Door, ...Door[]],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const together = (all: readonly Door[]) =>
  until(() => all.every(({ replica }) => replica.replicas.areTogether));

describe.skipIf(skipsWithout('redis-server'))('limits that replicas share', () => {
  test('give places to all together, and what ends is free for any', async () => {
    await using shared = await doors('three', 2);
    const [first, second] = shared.all as [Door, Door];
    const held = [await first.enter(), await second.enter(), await second.enter()];
    expect(held.every(Boolean)).toBe(true);
    expect(await first.enter()).toBeUndefined();
    held[2]?.leave();
    await until(async () => (await first.enter()) !== undefined);
    expect(await second.enter()).toBeUndefined();
  });

  test('take what is refused from nobody, and give tokens back', async () => {
    await using shared = await doors('all', 2);
    const [first, second] = shared.all as [Door, Door];
    const one = await first.enter();
    const draw = await one?.draw('p', 'm', () => 80);
    await second.enter();
    expect(await second.enter()).toBeUndefined();
    const headers = new Headers();
    if (one) setLimitHeaders(headers, one.left(), 'openai', false);
    expect(headers.get('x-ratelimit-remaining-tokens')).toBe('20');
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('3');
    draw?.settle({ metered: true, outcome: 'ok', usage: { input: 5, output: 5 } });
    const left = () =>
      second.limits.leftTo(
        second.limits.subjectsOf(
          { keyId: 'k', tier: 'all', admin: false, inference: true },
          request,
          undefined,
        ),
      );
    await until(async () => (await left())[0]?.tokens?.remaining === 90);
    expect((await left())[0]).toMatchObject({ requests: { remaining: 2 }, places: 0 });
  });

  test('count exactly, whoever asks: as one counter would', async () => {
    await using shared = await doors('six', 3);
    const asks = fc.array(
      fc.record({ door: fc.nat({ max: 2 }), cost: fc.integer({ min: 1, max: 60 }) }),
      { maxLength: 12 },
    );
    const tokens = await Promise.all([0, 1, 2].map(() => Door.open(shared.redis, 'tokens')));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(asks, async (given) => {
        run++;
        let left = 100;
        const draws = given.map(async ({ cost, door }) => {
          const admission = tokens[door]?.admission(`k${run}`);
          // In the order in which they are sent.
          const drawn = await Promise.resolve(admission?.draw('p', 'm', () => cost)).catch(
            () => undefined,
          );
          return { cost, isDrawn: drawn !== undefined };
        });
        for (const { cost, isDrawn } of await Promise.all(draws)) if (isDrawn) left -= cost;
        expect(left).toBeGreaterThanOrEqual(0);
        // Whatever was refused did not fit, at the latest beside all that were let through.
        for (const { cost, isDrawn } of await Promise.all(draws))
          if (!isDrawn) expect(cost).toBeGreaterThan(left);
      }),
      { numRuns: 25, seed: 20_261_122 },
    );
  });

  test('free the places of a replica that died, when it was not heard of for its lease', async () => {
    await using shared = await doors('three', 2, { timing: mortalTiming });
    const [first, second] = shared.all as [Door, Door];
    for (let index = 0; index < 3; index++) expect(await first.enter()).toBeDefined();
    expect(await second.enter()).toBeUndefined();
    await first.replica.crash();
    await until(async () => (await second.enter()) !== undefined);
    await until(() => second.replica.replicas.count === 1);
  });

  test('are parted among the replicas while Redis is deaf, and whole when it is back', async () => {
    await using shared = await doors('six', 3, { timeoutMs: deafAfterMs });
    const [first, second, third] = shared.all as [Door, Door, Door];
    expect(await first.count(1)).toBe(1);
    await shared.redis.server.signal('SIGSTOP');
    const lost = Promise.all(shared.all.map(({ replica }) => whenLink(replica.replicas, 'onDown')));
    // A third of six for each; who asks first waits for its time limit, the others for nothing.
    expect(await Promise.all([first.count(5), second.count(5), third.count(5)])).toEqual([2, 2, 2]);
    await lost;
    const refused = first.admission();
    await expect(refused.begin() as Promise<void>).rejects.toThrow(
      'the limit is 2 requests a minute (tier six, one part of 3 while Redis is away)',
    );
    await shared.redis.server.signal('SIGCONT');
    await together(shared.all);
    // One was taken before; of those under way when Redis went deaf it may have counted some.
    const after = (await first.count(6)) + (await second.count(6));
    expect(after).toBeGreaterThanOrEqual(2);
    expect(after).toBeLessThanOrEqual(5);
  });

  test('hold the places of requests under way through the end of the server', async () => {
    await using shared = await doors('three', 2);
    const [first, second] = shared.all as [Door, Door];
    const held = [await first.enter(), await second.enter()];
    const down = Promise.all(shared.all.map(({ replica }) => whenLink(replica.replicas, 'onDown')));
    await shared.redis.server.kill();
    await down;
    // One of three each: both have it.
    expect([await first.enter(), await second.enter()]).toEqual([undefined, undefined]);
    await shared.redis.server.restart();
    // When all have said what they hold there is a third place.
    await until(async () => (await second.enter()) !== undefined);
    expect(await first.enter()).toBeUndefined();
    held[0]?.leave();
    await until(async () => (await second.enter()) !== undefined);
  });

  test('are put together again when Redis was emptied under load', async () => {
    await using shared = await doors('three', 2);
    const [first, second] = shared.all as [Door, Door];
    const held = [await first.enter(), await first.enter(), await second.enter()];
    expect(held.every(Boolean)).toBe(true);
    await shared.redis.command('FLUSHALL');
    // While they settle each has its part, which is taken.
    expect(await first.enter()).toBeUndefined();
    expect(await second.enter()).toBeUndefined();
    await together(shared.all);
    expect(await first.enter()).toBeUndefined();
    expect(await second.enter()).toBeUndefined();
    held[0]?.leave();
    await until(async () => (await second.enter()) !== undefined);
  });

  test('go on from where they are when the clock of Redis was set back', async () => {
    await using shared = await doors('six', 1);
    const [door] = shared.all;
    expect(await door.count(1)).toBe(1);
    const [key = ''] = (await shared.redis.command('KEYS', 'z:rate:*')) as string[];
    const [level = ''] = String(await shared.redis.command('GET', key)).split(' ');
    const ahead = (Date.now() + 3_600_000) * 1_000;
    await shared.redis.command('SET', key, `${level} ${ahead}`);
    expect(await door.count(6)).toBe(5);
    const [, at = ''] = String(await shared.redis.command('GET', key)).split(' ');
    expect(Number(at)).toBeLessThan(ahead);
  });

  test('survive a jump of the clock that makes every lease end', async () => {
    await using shared = await doors('three', 2);
    const [first, second] = shared.all as [Door, Door];
    const held = [await first.enter(), await second.enter(), await second.enter()];
    expect(held.every(Boolean)).toBe(true);
    for (const { replica } of shared.all) {
      await shared.redis.command('ZADD', 'z:replicas', '1', replica.replicas.member);
    }
    expect(await first.enter()).toBeUndefined();
    await until(() => shared.all.every(({ replica }) => replica.replicas.count === 2));
    await together(shared.all);
    expect(await first.enter()).toBeUndefined();
    expect(await second.enter()).toBeUndefined();
  });
});
