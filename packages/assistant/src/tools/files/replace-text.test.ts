import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { replaceText } from './replace-text.ts';
import { withLineEnds } from './text-form.ts';

const unix = { lineEnd: '\n' } as const;
const windows = { lineEnd: '\r\n' } as const;
const once = (oldText: string, newText: string) => ({ oldText, newText, replacesAll: false });

function replaced(text: string, oldText: string, newText: string): string {
  return replaceText('a.ts', text, unix, once(oldText, newText)).text;
}

test('letter by letter, with the lines told', () => {
  const result = replaceText('a.ts', 'one\ntwo\nthree\n', unix, once('two\nth', '2\n3'));
  expect(result).toEqual({
    text: 'one\n2\n3ree\n',
    how: 'exact',
    places: [{ first: 2, last: 3 }],
  });
});

test('several places are told with their lines, or replaced all', () => {
  const text = 'a = 1\nb = 2\na = 1\n';
  expect(() => replaced(text, 'a = 1', 'a = 3')).toThrow(
    'a.ts: old_string stands in 2 places. Give more lines around the one that is meant, or set replace_all. They are:\n1\ta = 1\n--\n3\ta = 1',
  );
  const all = replaceText('a.ts', text, unix, { ...once('a = 1', 'a = 3'), replacesAll: true });
  expect(all.text).toBe('a = 3\nb = 2\na = 3\n');
  expect(all.places).toEqual([
    { first: 1, last: 1 },
    { first: 3, last: 3 },
  ]);
});

test.each([
  ['blanks at the end', 'a();  \nb();\n', 'a();\nb();', 'c();', 'c();\n'],
  [
    'deeper in the file',
    '    if (x) {\n      y();\n    }\n',
    'if (x) {\n  y();\n}',
    'if (z) {\n  y();\n  w();\n}',
    '    if (z) {\n      y();\n      w();\n    }\n',
  ],
  [
    'less deep in the file',
    'if x:\n  y()\n',
    '    if x:\n      y()\n',
    '    if z:\n      y()\n',
    'if z:\n  y()\n',
  ],
  [
    'tabs in the file',
    'f() {\n\tif (x) {\n\t\ty();\n\t}\n}\n',
    'f() {\n  if (x) {\n    y();\n  }\n}',
    'f() {\n  if (z) {\n    y();\n      w();\n  }\n}',
    'f() {\n\tif (z) {\n\t\ty();\n\t\t\tw();\n\t}\n}\n',
  ],
  [
    'blanks between',
    'let  x   = 1;\nlet y = 2;\n',
    'let x = 1;',
    'let x = 3;',
    'let x = 3;\nlet y = 2;\n',
  ],
  ['quotes that were typed by others', 'say(“hi”);\n', 'say("hi");', 'say("ho");', 'say("ho");\n'],
  ['no end of the last line', 'a\n  b', 'b \n', 'c\n', 'a\n  c'],
])('%s: found all the same', (_name, text, oldText, newText, expected) => {
  const result = replaceText('a.ts', text, unix, once(oldText, newText));
  expect(result.text).toBe(expected);
  expect(result.how).toBe('whitespace');
});

test('blanks that decide are not guessed: no one rule indents these lines', () => {
  expect(() => replaced('if x:\n  y()\nz()\n', 'if x:\n  y()\n  z()', 'w()')).toThrow(
    'old_string is not there. The nearest text in it now:\n1\tif x:\n2\t  y()\n3\tz()\n',
  );
});

const block = (middle: string[]) => ['function f() {', ...middle, '} // end of f'].join('\n');

test('by the first and last line, where what is between is nearly the same', () => {
  const text = `before\n  ${block(['  let total = 0;', '  for (const x of xs) total += x;', '  return total;']).replaceAll('\n', '\n  ')}\nafter\n`;
  const remembered = block([
    '  let total = 0;',
    '  for (const x of xs) total += x.value;',
    '  return total;',
  ]);
  const result = replaceText('a.ts', text, unix, once(remembered, block(['  return 1;'])));
  expect(result.how).toBe('anchors');
  expect(result.places).toEqual([{ first: 2, last: 6 }]);
  expect(result.text).toBe('before\n  function f() {\n    return 1;\n  } // end of f\nafter\n');
});

test('what is between is another: nothing is replaced', () => {
  const text = block(['  launch(rockets);', '  await landing();', '  celebrate();']);
  const remembered = block([
    '  let total = 0;',
    '  for (const x of xs) total += x;',
    '  return total;',
  ]);
  expect(() => replaced(text, remembered, 'x')).toThrow('old_string is not there');
});

test('the nearest text comes with its numbers, by one line that is alike', () => {
  const text = Array.from({ length: 50 }, (_, index) => `const value${index} = ${index};`).join(
    '\n',
  );
  expect(() => replaced(text, 'let valeu30 = 30;', 'x')).toThrow('\n31\tconst value30 = 30;\n');
  expect(() => replaced(text, '%%%%', 'x')).toThrow(
    'Nothing like it is in the file: read it again.',
  );
  expect(() => replaced(text, '3\tconst value2', 'x')).toThrow('Leave out the line numbers');
});

test('an edit that changes nothing is refused', () => {
  expect(() => replaced('a', 'a', 'a')).toThrow('old_string and new_string are the same');
});

test('line ends stay: of the lines around, and of what is replaced', () => {
  const text = 'a\r\nb\r\nc\nd\ne\r\n';
  const result = (oldText: string, newText: string) =>
    replaceText('a', text, windows, once(oldText, newText)).text;
  expect(result('b', 'x\ny')).toBe('a\r\nx\r\ny\r\nc\nd\ne\r\n');
  expect(result('c\nd', 'x\ny\nz')).toBe('a\r\nb\r\nx\ny\nz\ne\r\n');
  expect(result('a\nb\n', '')).toBe('c\nd\ne\r\n');
  expect(result('\nc', '!')).toBe('a\r\nb!\nd\ne\r\n');
  expect(result('b\r\nc', 'x')).toBe('a\r\nx\nd\ne\r\n');
});

const piece = fc.constantFrom(
  'a',
  'b',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  'foo',
  '}',
  'é',
  '😀',
  '\ufeff',
);
const texts = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''));

test('an exact edit changes what it names, and no other byte', () => {
  fc.assert(
    fc.property(
      texts,
      texts,
      texts,
      fc.constantFrom(unix, windows),
      (head, tail, written, form) => {
        const now = written.replace(/\r(?!\n)/g, '');
        const text = `${head}<<\r\nhere>>${tail}`;
        const result = replaceText('a', text, form, once('<<\nhere>>', now)).text;
        expect(result.startsWith(head)).toBe(true);
        expect(result.endsWith(tail)).toBe(true);
        const inside = result.slice(head.length, result.length - tail.length);
        expect(withLineEnds(inside, '\n')).toBe(withLineEnds(now, '\n'));
      },
    ),
    { numRuns: 300 },
  );
});

test('whatever is looked for, what is not replaced stays', () => {
  fc.assert(
    fc.property(texts, texts, fc.boolean(), (text, oldText, replacesAll) => {
      const edit = { oldText, newText: '@@', replacesAll };
      let result: string;
      try {
        result = replaceText('a', text, unix, edit).text;
      } catch (reason) {
        expect(reason).toMatchObject({ name: 'RpcError' });
        return;
      }
      const [head = '', ...rest] = result.split('@@');
      expect(rest.length).toBeGreaterThan(0);
      // Indentation of the new text is given to it; all else is the file's, in its order.
      let left = text;
      for (const part of [head, ...rest]) {
        const kept = part.replace(/[ \t\r\ufeff]+$/, '');
        expect(left).toContain(kept);
        left = left.slice(left.indexOf(kept) + kept.length);
      }
      expect(text.startsWith(head.replace(/[ \t\r\ufeff]+$/, ''))).toBe(true);
      expect(text.endsWith(rest.at(-1) ?? '')).toBe(true);
    }),
    { numRuns: 500 },
  );
});
