import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { MemoryStore } from './memory-store.ts';

const overhead = 600;
const value = (size: number) => new Uint8Array(size).fill(size % 256);

test('holds a model of itself: the latest used that fit, and none that has run out', () => {
  const maxBytes = 7_000;
  const operation = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      size: fc.nat(1_300),
      ttlMs: fc.integer({ min: 1, max: 50 }),
    }),
    fc.record({ kind: fc.constant('get' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(20) }),
    fc.record({ kind: fc.constant('clear' as const) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      let now = 0;
      const store = new MemoryStore({ maxBytes, now: () => now });
      /** The one used longest ago first. */
      let model: { key: string; size: number; expiresAt: number }[] = [];
      const bytes = () => model.reduce((sum, { size }) => sum + 1 + size + overhead, 0);
      for (const each of operations) {
        switch (each.kind) {
          case 'set':
            store.set(each.key, value(each.size), each.ttlMs);
            model = model.filter(({ key }) => key !== each.key);
            if (1 + each.size + overhead > maxBytes / 4) break;
            model.push({ key: each.key, size: each.size, expiresAt: now + each.ttlMs });
            while (bytes() > maxBytes) model.shift();
            break;
          case 'get': {
            const found = model.find(({ key }) => key === each.key);
            model = model.filter((other) => other !== found);
            const isThere = found !== undefined && found.expiresAt > now;
            if (isThere) model.push(found);
            expect(store.get(each.key)).toEqual(isThere ? value(found.size) : undefined);
            break;
          }
          case 'wait':
            now += each.ms;
            break;
          case 'clear':
            expect(store.clear()).toBe(model.length);
            model = [];
        }
        expect(store.stats()).toMatchObject({ entries: model.length, bytes: bytes(), maxBytes });
      }
    }),
  );
});

test('less room than before is made at once, and counted', () => {
  const store = new MemoryStore({ maxBytes: 10_000, now: () => 0 });
  for (const key of ['a', 'b', 'c']) store.set(key, value(100), 1_000);
  store.get('a');
  store.resize(2 * (1 + 100 + overhead));
  expect(store.stats()).toMatchObject({ entries: 2, evictions: 1 });
  expect(store.get('b')).toBeUndefined();
  expect(store.get('a')).toBeDefined();
});

test('a value that would take too much of the room is not kept, and the one before it is gone', () => {
  const store = new MemoryStore({ maxBytes: 4_000, now: () => 0 });
  store.set('a', value(10), 1_000);
  store.set('a', value(500), 1_000);
  expect(store.get('a')).toBeUndefined();
  expect(store.stats()).toMatchObject({ entries: 0, bytes: 0, evictions: 0 });
});
