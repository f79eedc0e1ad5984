import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { CompletionCache } from './completion-cache.ts';

let now = 0;
const answer = { provider: 'p', model: 'm', confidence: 0.5 };

function cache(maxEntries = 100) {
  return new CompletionCache({ maxEntries, ttlMs: 1_000, now: () => now });
}

function place(prefix: string, suffix = ';', document = 'a') {
  return { document, prefix, suffix };
}

test('what is typed of a completion leaves the rest of it', () => {
  const kept = cache();
  kept.set(place('x = '), { ...answer, text: 'call(1)' });
  expect(kept.get(place('x = '))?.text).toBe('call(1)');
  expect(kept.get(place('x = ca'))?.text).toBe('ll(1)');
  expect(kept.get(place('x = cb'))).toBeUndefined();
  expect(kept.get(place('x = call(1)'))).toBeUndefined();
  expect(kept.get(place('x ='))).toBeUndefined();
  expect(kept.get(place('y = '))).toBeUndefined();
  expect(kept.get(place('x = ', ')'))).toBeUndefined();
  expect(kept.get(place('x = ', ';', 'b'))).toBeUndefined();
});

test('of two that fit, the one that knows more of the text is taken', () => {
  const kept = cache();
  kept.set(place('x = '), { ...answer, text: 'call(1)' });
  kept.set(place('x = call('), { ...answer, text: '2, 3)' });
  expect(kept.get(place('x = call('))?.text).toBe('2, 3)');
  expect(kept.get(place('x = ca'))?.text).toBe('ll(1)');
});

test('entries end with their time, and the one used longest ago makes room', () => {
  const kept = cache(2);
  kept.set(place('a'), { ...answer, text: 'one' });
  kept.set(place('b'), { ...answer, text: 'two' });
  expect(kept.get(place('a'))?.text).toBe('one');
  kept.set(place('c'), { ...answer, text: 'three' });
  expect(kept.get(place('b'))).toBeUndefined();
  expect(kept.size).toBe(2);
  now += 1_000;
  expect(kept.get(place('a'))).toBeUndefined();
  const none = cache(0);
  none.set(place('a'), { ...answer, text: 'one' });
  expect(none.size).toBe(0);
});

test('its memory is bounded, and counted right', () => {
  const kept = cache(1_000_000);
  const long = 'x'.repeat(1_000_000);
  for (let at = 0; at < 50; at++) kept.set(place(`${at} `), { ...answer, text: long });
  expect(kept.bytes).toBeLessThanOrEqual(64 * 1024 * 1024);
  expect(kept.size).toBeGreaterThan(20);
  now += 1_000;
  for (let at = 0; at < 50; at++) kept.get(place(`${at} `));
  expect([kept.size, kept.bytes]).toEqual([0, 0]);
});

test('a hit is always what the text asks for', () => {
  const word = fc
    .array(fc.constantFrom('a', 'b', '\n'), { maxLength: 6 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 12 }), word, (sets, asked) => {
      const kept = cache(8);
      for (const [prefix, text] of sets) kept.set(place(prefix), { ...answer, text });
      const found = kept.get(place(asked));
      if (found === undefined) return;
      const whole = sets.some(([prefix, text]) => prefix + text === asked + found.text);
      expect(whole && found.text !== '').toBe(true);
    }),
  );
});
