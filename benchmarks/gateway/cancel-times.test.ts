import { expect, test } from 'bun:test';
import { cancelTimes } from './cancel-times.ts';

const at = (number: number, atMs: number) => ({ number, atMs });

test('each stream that was left is joined with its own end', () => {
  const left = [at(1, 100), at(2, 200), at(3, 300)];
  const cut = [at(9, 50), at(3, 301), at(1, 105), at(2, 203)];
  expect(cancelTimes(left, cut)).toEqual({ p50: 3, p99: 3, max: 5 });
});

test('a stream that was never cut took for ever; without streams there is no time', () => {
  expect(cancelTimes([at(1, 100)], [])).toMatchObject({ p50: Infinity, max: Infinity });
  expect(cancelTimes([], [at(1, 100)])).toEqual({ p50: null, p99: null, max: null });
});
