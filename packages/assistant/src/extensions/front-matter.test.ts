import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { z } from 'zod';
import { readFrontMatter } from './front-matter.ts';

const schema = z.strictObject({ description: z.string(), tools: z.array(z.string()).optional() });

test('head and body, with comments, windows lines and without a head', () => {
  const text =
    '---\r\n# why\r\ndescription: looks\r\ntools: [a, b]\r\n---\r\n\r\nDo it.\r\n---\r\nMore\r\n';
  expect(readFrontMatter(text, schema)).toEqual({
    ok: true,
    head: { description: 'looks', tools: ['a', 'b'] },
    body: 'Do it.\n---\nMore',
  });
  const open = z.strictObject({ description: z.string().optional() });
  expect(readFrontMatter('Do it.\n', open)).toEqual({ ok: true, head: {}, body: 'Do it.' });
  expect(readFrontMatter('---\n---\nDo it.', open)).toEqual({ ok: true, head: {}, body: 'Do it.' });
});

test.each([
  ['---\ndescription: x', 1, 'the head is not closed'],
  ['---\ndescription: x\ntools: [a\n---\n', 3, 'not valid YAML'],
  ['---\n\n# x\ndescription: 3\n---\n', 4, 'description: '],
  ['---\ndescription: x\ntools:\n  - a\n  - 4\n---\n', 5, 'tools.1: '],
  ['---\ndescription: x\ntool: [a]\n---\n', 3, 'tool: no such key: did you mean tools?'],
  ['---\ndescription: &x a\ntools: [*x]\n---\n', 2, 'not valid YAML'],
  ['---\n- a\n---\n', 1, 'the head: '],
  [`---\n# ${'x'.repeat(16_400)}\n---\n`, 1, 'the head is over 16384 characters'],
])('a fault has its line: %#', (text, line, message) => {
  const read = readFrontMatter(text, schema);
  expect(read).toEqual({ ok: false, fault: { line, message: expect.stringContaining(message) } });
});

test('no text makes it throw', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '---',
      'description: x',
      'tools: [',
      '  - a',
      '&a [*a]',
      '? :',
      '!!x',
      '"',
      '{',
      '%YAML',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (lines) => {
      const text = ['---', ...lines].join('\n');
      const read = readFrontMatter(text, schema);
      if (read.ok) expect(typeof read.head.description).toBe('string');
      else expect(read.fault.line).toBeGreaterThanOrEqual(1);
    }),
    { numRuns: 500 },
  );
});
