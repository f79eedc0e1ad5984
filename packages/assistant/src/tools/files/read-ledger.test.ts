import { expect, test } from 'bun:test';
import { ReadLedger } from './read-ledger.ts';

const bytes = (text: string) => Buffer.from(text);

test('what a session has seen, and whether it is so still', () => {
  const ledger = new ReadLedger();
  ledger.note('s', '/a', bytes('one'));
  expect(ledger.knowledge('s', '/a', bytes('one'))).toBe('current');
  expect(ledger.knowledge('s', '/a', bytes('two'))).toBe('outdated');
  expect(ledger.knowledge('s', '/b', bytes('one'))).toBe('unread');
  expect(ledger.knowledge('t', '/a', bytes('one'))).toBe('unread');
  ledger.forget('s', '/a');
  expect(ledger.knowledge('s', '/a', bytes('one'))).toBe('unread');
});

test('sessions and files beyond the limits are forgotten, the oldest first', () => {
  const ledger = new ReadLedger();
  for (let file = 0; file <= 4_096; file++) ledger.note('s', `/${file}`, bytes(''));
  expect(ledger.knowledge('s', '/0', bytes(''))).toBe('unread');
  expect(ledger.knowledge('s', '/1', bytes(''))).toBe('current');
  for (let session = 0; session < 256; session++) ledger.note(`${session}`, '/a', bytes(''));
  expect(ledger.knowledge('s', '/1', bytes(''))).toBe('unread');
  expect(ledger.knowledge('0', '/a', bytes(''))).toBe('current');
});
