import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { JsonText } from './json-text.ts';

test('says what strings say, and where each character is written, however it is cut', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\\', 'n', 'u', '0', '4', '1', '"', '/') });
  fc.assert(
    fc.property(fc.oneof(text, fc.json()), fc.array(fc.nat()), (written, cuts) => {
      const whole = new JsonText();
      const said = whole.push(written) + whole.end();
      const json = new JsonText();
      let read = '';
      let at = 0;
      for (const cut of cuts.map((each) => each % (written.length + 1)).sort((a, b) => a - b)) {
        read += json.push(written.slice(at, cut));
        at = cut;
      }
      read += json.push(written.slice(at)) + json.end();
      expect(read).toBe(said);
      for (let index = 0; index <= said.length; index++) {
        expect(json.writtenAt(index)).toBe(whole.writtenAt(index));
      }
      expect(json.writtenAt(said.length)).toBe(written.length);
    }),
    { numRuns: 500 },
  );
});

test('an escape is the one character that it stands for', () => {
  const json = new JsonText();
  expect(json.push('a\\n\\u0041\\"b\\')).toBe('a\nA"b');
  expect([0, 1, 2, 3, 4, 5].map((index) => json.writtenAt(index))).toEqual([0, 1, 3, 9, 11, 12]);
  expect(json.push('/c')).toBe('/c');
  json.forget(3);
  expect(json.writtenAt(3)).toBe(9);
});
