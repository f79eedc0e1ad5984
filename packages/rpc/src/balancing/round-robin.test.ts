import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { picks, type Stub, stubs } from '../testing/stub-candidate.ts';
import { roundRobin } from './round-robin.ts';

test('each in its turn, from a random one on, without those that are not usable', () => {
  const all = stubs(1, 1, 1);
  const picker = roundRobin({ random: () => 0.5 })(all);
  expect(picks(picker, 6)).toBe('bcabca');
  (all[0] as Stub).usable = false;
  expect(picks(picker, 4)).toBe('bcbc');
  for (const one of all) one.usable = false;
  expect(picks(picker, 2)).toBe('--');
  expect(picks(roundRobin()([]), 1)).toBe('-');
});

test('by weight, without bursts', () => {
  const all = stubs(5, 1, 1);
  const picker = roundRobin()(all);
  expect(picks(picker, 7)).toBe('aabacaa');
  (all[0] as Stub).usable = false;
  expect([...picks(picker, 100)].filter((one) => one === 'b')).toHaveLength(50);
});

test('over a whole round, each has its weight, whatever the weights are', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(weights, (all) => {
      const round = all.reduce((sum, weight) => sum + weight, 0);
      const isEqual = all.every((weight) => weight === all[0]);
      const text = picks(roundRobin({ random: () => 0 })(stubs(...all)), round);
      for (const [i, weight] of all.entries()) {
        const name = String.fromCharCode(97 + i);
        const wanted = isEqual ? (all[0] as number) : weight;
        expect([...text].filter((one) => one === name)).toHaveLength(wanted);
      }
    }),
  );
});
