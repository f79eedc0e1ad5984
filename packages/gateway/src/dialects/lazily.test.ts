import { expect, test } from 'bun:test';
import { lazily } from './lazily.ts';

test('nothing is made before the first call, and the same is given from then on', () => {
  let made = 0;
  const value = lazily(() => ({ number: ++made }));
  expect(made).toBe(0);
  expect(value()).toBe(value());
  expect(value()).toEqual({ number: 1 });
});
