import { expect, test } from 'bun:test';
import { picks, type Stub, stubs } from '../testing/stub-candidate.ts';
import { leastPending } from './least-pending.ts';

test('the fewest calls for its weight, and in turn where there are as many', () => {
  const all = stubs(1, 1, 1);
  const picker = leastPending()(all);
  expect(picks(picker, 4)).toBe('abca');
  (all[0] as Stub).pending = 2;
  (all[1] as Stub).pending = 1;
  expect(picks(picker, 2)).toBe('cc');
  (all[2] as Stub).usable = false;
  expect(picks(picker, 1)).toBe('b');
  (all[1] as Stub).usable = false;
  (all[0] as Stub).usable = false;
  expect(picks(picker, 1)).toBe('-');
  expect(picks(leastPending()([]), 1)).toBe('-');

  const weighted = stubs(3, 1);
  const byWeight = leastPending()(weighted);
  (weighted[0] as Stub).pending = 1;
  expect(picks(byWeight, 1)).toBe('a');
  (weighted[0] as Stub).pending = 3;
  expect(picks(byWeight, 1)).toBe('b');
});
