import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { FinishReason } from '../neutral/chat-event.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import { decodeEntry, encodeEntry, isWorthKeeping } from './answer-entry.ts';

const answer = (...finishReasons: FinishReason[]): ChatResponse => ({
  id: 'i',
  model: 'm',
  createdAtMs: 1,
  choices: finishReasons.map((finishReason) => ({
    parts: [{ type: 'text', text: 'hi' }],
    finishReason,
  })),
});

test.each<[FinishReason, boolean]>([
  ['stop', true],
  ['stop-sequence', true],
  ['length', true],
  ['tool-calls', true],
  ['content-filter', false],
  ['refusal', false],
  ['pause', false],
  ['context-length', false],
  ['error', false],
])('an answer that ends with %s is worth keeping: %p', (reason, isWorth) => {
  expect(isWorthKeeping(answer(reason))).toBe(isWorth);
  expect(isWorthKeeping(answer('stop', reason))).toBe(isWorth);
});

test('an answer that says nothing is not', () => {
  expect(isWorthKeeping(answer())).toBe(false);
  const choices = [{ parts: [], finishReason: 'stop' as const }];
  expect(isWorthKeeping({ ...answer(), choices })).toBe(false);
});

test('an entry comes back as it was; anything else is none', () => {
  const source = { provider: 'p', model: 'm', passes: true, headers: { 'x-zeke-model': 'm' } };
  const entry = { source, response: answer('stop'), storedAtMs: 3 };
  const bytes = encodeEntry(entry);
  expect(decodeEntry(bytes)).toMatchObject(entry);
  for (const other of ['', 'null', '{}', '[]', '{"version":0}', '1']) {
    expect(decodeEntry(Buffer.from(other))).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (length) => {
      expect(decodeEntry(bytes.subarray(0, length))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (noise) => {
      expect(decodeEntry(noise)).toBeUndefined();
    }),
  );
});
