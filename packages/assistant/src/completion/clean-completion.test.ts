import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { openBrackets } from './brackets.ts';
import { cleanCompletion } from './clean-completion.ts';
import { cursorPlace } from './cursor.ts';

interface Options {
  readonly isChat?: boolean;
  readonly isWhole?: boolean;
}

/** `document` has its cursor at `|`. */
function clean(document: string, answer: string, { isChat = false, isWhole = true }: Options = {}) {
  const [prefix = '', suffix = ''] = document.split('|', 2);
  const place = cursorPlace(prefix, suffix);
  const around = { prefix, suffix, place, openBrackets: openBrackets(prefix, suffix) };
  return cleanCompletion(answer, { ...around, isChat, isWhole });
}

test.each([
  ['const x = |', '5;\nconst y = 6;', '5;'],
  ['call(|)', 'a, b)', 'a, b'],
  ['call(|);', 'a, b);\nmore();', 'a, b'],
  ['if (x) {\n  |\n}', 'run();\n}\nelse {', 'run();'],
  ['f(): void {|\n}', '\n  run();\n}\n\nfunction g() {}', '\n  run();'],
  ['function f() {|', '\n  run();\n}\n\nfunction g() {}', '\n  run();\n}'],
  ['def f():\n    |\n', 'return 1\n\n\ndef g():\n    pass', 'return 1'],
  ['def f():|\n', '\n    return 1\ndef g():\n    pass', '\n    return 1'],
  ['  one();|\n}', '\n  two();\n}\nmore();', '\n  two();'],
  ['const s = |;', "'}';", "'}'"],
  ['x = "|"', 'value"', 'value'],
  ['  return |', ' total ', 'total'],
  ['const list = [\n  1,\n  |\n];', '2,\n  3,\n];\n', '2,\n  3,'],
])('%j + %j: no more than fits in', (document, answer, expected) => {
  expect(clean(document, answer)).toBe(expected);
});

test.each([
  ['half a word', 'const na|me = 1;', 'mes'],
  ['what follows already', 'a|\nreturn b;', '\nreturn b;'],
  ['white space', 'a = |', '  \n '],
  ['a secret', 'const key = |', '"sk-abcdefghijklmnop1234567890"'],
  ['a secret by its name', 'password = |', '"hunter2hunter2"'],
  ['control characters', 'x = |', '"\u001b[31m"'],
  ['text that runs the other way', 'x = |', '"\u202e"'],
])('nothing of %s', (_, document, answer) => {
  expect(clean(document, answer)).toBe('');
});

test.each([
  ['const x = |', '```ts\n5;\n```', '5;'],
  ['const x = |', 'Here it is:\n```ts\nconst x = 5;\n```\nDone.', '5;'],
  ['const x = |', 'const x = 5;', '5;'],
  ['a();\nb(|', 'a();\nb(1);', '1);'],
  ['const x = |', '<think>five?</think>5;', '5;'],
])('a model that was asked in words: %j + %j', (document, answer, expected) => {
  expect(clean(document, answer, { isChat: true })).toBe(expected);
});

test('of an answer that is not whole, its last line is not judged yet', () => {
  const document = 'function f() {|\n}';
  expect(clean(document, '\n  run();\n  mor', { isWhole: false })).toBe('\n  run();');
  expect(clean('const x = |', '```t', { isChat: true, isWhole: false })).toBe('');
});

test('a model that repeats itself is stopped, and lines end as the document has them', () => {
  const line = '  console.log("again");\n';
  expect(clean('f() {|\n}', `\n${line.repeat(9)}`).split('\n')).toHaveLength(4);
  expect(clean('if (x) {\r\n  |\r\n}', 'a();\n  b();')).toBe('a();\r\n  b();');
});

test('whatever comes, nothing is thrown, and no end repeats what follows', () => {
  const piece = fc.constantFrom(
    'a',
    '{',
    '}',
    '(',
    ')',
    '\n',
    '  ',
    '"',
    "'",
    '`',
    '```',
    ';',
    '𝒸',
    '\r\n',
    'foo',
    '|',
  );
  const text = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, fc.boolean(), fc.boolean(), (document, answer, isChat, isWhole) => {
      const cleaned = clean(document, answer, { isChat, isWhole });
      expect(cleaned.trim() === '').toBe(cleaned === '');
      const [, suffix = ''] = document.split('|', 2);
      if (cleaned !== '') expect(suffix.trimStart().startsWith(cleaned.trim())).toBe(false);
    }),
  );
});
