import { describe, expect, test } from 'bun:test';
import { skipsWithout } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { SharedRedis, until, whenLink } from '../testing/shared-redis.ts';
import { RedisStore } from './redis-store.ts';

const minute = 60_000;
const bytesOf = (size: number, fill = 1) => new Uint8Array(size).fill(fill);

async function stores(maxBytes = 1_000_000) {
  const redis = await SharedRedis.start();
  const first = await redis.join();
  const second = await redis.join();
  return {
    redis,
    replicas: first.replicas,
    here: new RedisStore({ link: first.replicas.link, maxBytes }),
    there: new RedisStore({ link: second.replicas.link, maxBytes }),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

describe.skipIf(skipsWithout('redis-server'))('a cache in Redis', () => {
  test('gives one replica what another kept, and forgets it for all', async () => {
    await using shared = await stores();
    await shared.here.set('a', bytesOf(1_000, 7), minute);
    expect(await shared.there.get('a')).toEqual(Buffer.from(bytesOf(1_000, 7)));
    expect(await shared.there.stats()).toMatchObject({ entries: 1, evictions: 0 });
    expect(await shared.there.clear()).toBe(1);
    expect(await shared.here.get('a')).toBeUndefined();
    expect(await shared.here.stats()).toMatchObject({ entries: 0, bytes: 0 });
  });

  test('keeps to its room: what runs out first makes it', async () => {
    await using shared = await stores(8_000);
    for (let index = 0; index < 10; index++) {
      await shared.here.set(`k${index}`, bytesOf(1_000), minute + index);
    }
    const { bytes, entries, evictions } = await shared.here.stats();
    expect(bytes).toBeLessThanOrEqual(8_000);
    expect(entries + evictions).toBe(10);
    expect(await shared.here.get('k0')).toBeUndefined();
    expect(await shared.here.get('k9')).toBeDefined();
  });

  test('forgets what has run out, and takes nothing that is too large', async () => {
    await using shared = await stores(10_000_000);
    await shared.here.set('short', bytesOf(10), 1);
    await until(async () => (await shared.here.get('short')) === undefined);
    expect(await shared.here.stats()).toMatchObject({ entries: 0, bytes: 0 });
    await shared.here.set('large', bytesOf(512 * 1_024 + 1), minute);
    expect(await shared.here.get('large')).toBeUndefined();
  });

  test('its books are right after any writes, also over each other', async () => {
    await using shared = await stores(50_000);
    const write = fc.record({ key: fc.nat({ max: 5 }), size: fc.nat({ max: 2_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 20 }), async (writes) => {
        await shared.here.clear();
        const sizes = new Map<string, number>();
        for (const { key, size } of writes) {
          await shared.here.set(`k${key}`, bytesOf(size), minute);
          sizes.set(`k${key}`, size);
        }
        const sum = [...sizes.values()].reduce((total, size) => total + size, 0);
        const { bytes, entries } = await shared.there.stats();
        expect(entries).toBe(sizes.size);
        const { bytes: overhead } = await only(shared.here, entries);
        expect(bytes - sum).toBe(overhead);
      }),
      { numRuns: 20, seed: 20_261_122 },
    );
  });

  test('is empty while Redis is lost, and slows nobody', async () => {
    await using shared = await stores();
    await shared.here.set('a', bytesOf(10), minute);
    const down = whenLink(shared.replicas, 'onDown');
    await shared.redis.server.kill();
    await down;
    expect(await shared.here.get('a')).toBeUndefined();
    await shared.here.set('b', bytesOf(10), minute);
    expect(await shared.here.stats()).toMatchObject({ entries: 0 });
    await expect(shared.here.clear()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

/** The store with so many entries that hold nothing. */
async function only(store: RedisStore, entries: number) {
  await store.clear();
  for (let index = 0; index < entries; index++) await store.set(`k${index}`, bytesOf(0), minute);
  return store.stats();
}
