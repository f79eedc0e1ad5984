import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { cookieOf } from './session-source.ts';

const of = (cookie: string) => cookieOf(new Headers({ cookie }), 'zeke_session');

test('a cookie is found by its whole name, wherever it stands', () => {
  expect(of('zeke_session=a')).toBe('a');
  expect(of('x=1; zeke_session=a=b; y=2')).toBe('a=b');
  expect(of('zeke_session=first; zeke_session=second')).toBe('first');
  for (const cookie of [
    '',
    'zeke_session',
    'zeke_session=',
    'xzeke_session=a',
    'a=zeke_session=b',
  ]) {
    expect(of(cookie)).toBeUndefined();
  }
  expect(cookieOf(new Headers(), 'zeke_session')).toBeUndefined();
});

test('whatever stands around it', () => {
  const other = fc
    .string({ unit: 'grapheme-ascii', maxLength: 20 })
    .filter((text) => !/[;]/.test(text) && !text.trim().startsWith('zeke_session='));
  fc.assert(
    fc.property(fc.array(other, { maxLength: 6 }), fc.array(other, { maxLength: 6 }), (a, b) => {
      expect(of([...a, 'zeke_session=it', ...b].join('; '))).toBe('it');
      expect(of([...a, ...b].join('; '))).toBeUndefined();
    }),
  );
});
