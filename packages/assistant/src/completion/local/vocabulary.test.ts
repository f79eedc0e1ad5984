import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { maxTokenCharacters, specialTokens, Vocabulary } from './vocabulary.ts';

test('every text has one id, and every id its text', () => {
  const vocabulary = new Vocabulary();
  const ids = new Map<string, number>();
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(text, fc.string({ maxLength: 3 }), (word, around) => {
      const whole = around + word + around;
      const id = vocabulary.intern(whole, around.length, around.length + word.length);
      expect(ids.get(word) ?? id).toBe(id);
      ids.set(word, id);
    }),
    { numRuns: 3000 },
  );
  expect(new Set(ids.values()).size).toBe(ids.size);
  expect(vocabulary.size).toBe(ids.size + specialTokens.count);
  for (const [word, id] of ids) {
    expect(vocabulary.text(id)).toBe(word);
    expect(vocabulary.find(word)).toBe(id);
  }
});

test('words by their beginning', () => {
  const vocabulary = new Vocabulary();
  for (const word of ['read', 'reader', 'readAll', 'write', 're']) {
    vocabulary.intern(word, 0, word.length);
  }
  const found = vocabulary.idsStartingWith('read').map((id) => vocabulary.text(id));
  expect(found).toEqual(['read', 'reader', 'readAll']);
});

test('a token that is too long is unknown', () => {
  const vocabulary = new Vocabulary();
  const long = 'a'.repeat(maxTokenCharacters + 1);
  expect(vocabulary.intern(long, 0, long.length)).toBe(specialTokens.unknown);
  expect(vocabulary.intern(long, 1, long.length)).not.toBe(specialTokens.unknown);
});
