import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { PairMap } from './pair-map.ts';

const name = fc.constantFrom('a', 'b', '');
const step = fc.record({
  what: fc.constantFrom('set', 'set', 'delete', 'clear'),
  first: name,
  second: name,
});

test('holds what a map by both names together holds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pairs = new PairMap<number>();
      const plain = new Map<string, number>();
      for (const [index, { first, second, what }] of steps.entries()) {
        const key = JSON.stringify([first, second]);
        if (what === 'set') {
          pairs.set(first, second, index);
          plain.set(key, index);
        } else if (what === 'delete') {
          pairs.delete(first, second);
          plain.delete(key);
        } else if (index % 5 === 0) {
          pairs.clear();
          plain.clear();
        }
        expect(pairs.size).toBe(plain.size);
        expect(pairs.get(first, second)).toBe(plain.get(key));
      }
    }),
  );
});
