import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { KeyTable } from './key-table.ts';

test('keys are found, forgotten and found again as in a Map', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 300,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 30 }), (ops, maxKeys) => {
      const table = new KeyTable(maxKeys);
      const model = new Map<string, number>();
      for (const [isRemoval, number] of ops) {
        const key = `key-${number}`;
        const place = model.get(key);
        if (place === undefined && !isRemoval && model.size < maxKeys) {
          const given = table.insert(key);
          expect([...model.values()]).not.toContain(given);
          expect(given).toBeWithin(0, maxKeys);
          model.set(key, given);
        } else if (place !== undefined && isRemoval) {
          table.remove(place);
          model.delete(key);
        }
        expect(table.size).toBe(model.size);
        for (let i = 0; i <= 40; i++) {
          expect(table.find(`key-${i}`)).toBe(model.get(`key-${i}`) ?? -1);
        }
      }
      const kept = Array.from({ length: table.used }, (_, place) => table.keyAt(place));
      expect(kept.filter((key) => key !== undefined).toSorted()).toEqual(
        [...model.keys()].toSorted(),
      );
    }),
    { numRuns: 50 },
  );
});

test('many keys have many places', () => {
  const table = new KeyTable(10_000);
  for (let i = 0; i < 10_000; i++) expect(table.insert(`key-${i}`)).toBe(i);
  for (let i = 0; i < 10_000; i++) expect(table.find(`key-${i}`)).toBe(i);
  expect(table.find('key-10000')).toBe(-1);
});

test('a key that was just found, then forgotten, is not found', () => {
  const table = new KeyTable(2);
  const place = table.insert('a');
  expect(table.find('a')).toBe(place);
  table.remove(place);
  expect(table.find('a')).toBe(-1);
  expect(table.insert('b')).toBe(place);
  expect([table.find('a'), table.find('b')]).toEqual([-1, place]);
});
