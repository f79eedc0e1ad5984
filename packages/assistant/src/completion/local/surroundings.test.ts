import { expect, test } from 'bun:test';
import { addCodeTokens, CodeTokens } from './code-tokens.ts';
import { languageOf, unknownLanguage } from './languages.ts';
import { SegmentStore } from './segment-store.ts';
import { viewCount } from './surroundings.ts';

const [shapes, argument, nesting, line, skip] = [0, 1, 2, 3, 4];
const store = new SegmentStore();

/** What the views see behind a text. */
function seenBehind(text: string): Int32Array {
  const tokens = new CodeTokens();
  addCodeTokens(tokens, text, languageOf('a.ts') ?? unknownLanguage, store.vocabulary);
  const surroundings = store.fileStart();
  for (const id of tokens.ids.subarray(0, tokens.length)) surroundings.push(id);
  const row = new Int32Array(viewCount);
  surroundings.hash(row, 0);
  return row;
}

/** The views that see the same behind both. */
function alike(one: string, other: string): number[] {
  const seen = [seenBehind(one), seenBehind(other)];
  return [shapes, argument, nesting, line, skip].filter(
    (view) => seen[0]?.[view] === seen[1]?.[view],
  );
}

test('names are alike by their shape, keywords and signs only to themselves', () => {
  expect(alike('const total ', 'const other ')).toContain(shapes);
  expect(alike('const total ', 'let total ')).not.toContain(shapes);
  expect(alike('const total ', 'const Total ')).not.toContain(shapes);
  expect(alike('use("a"', "use('b'")).toContain(shapes);
});

test('the part of a call is told from the others, whatever stood before it', () => {
  expect(alike('copy(first, ', 'copy(second.third, ')).toContain(argument);
  expect(alike('copy(first, ', 'copy(first, second, ')).not.toContain(argument);
  expect(alike('copy(first, ', 'move(first, ')).not.toContain(argument);
});

test('a bracket that is closed does not count any more', () => {
  expect(alike('copy(list[0], ', 'copy(make(1, 2), ')).toContain(argument);
  expect(alike('run({ name: ', 'run({ other: 1, name: ')).toContain(nesting);
});

test('lines are alike by how they and those above begin', () => {
  expect(alike('expect(a);\nexpect(b);\n', 'expect(c.d);\nexpect(e)\n')).toContain(line);
  expect(alike('expect(a);\nexpect(b);\n', 'return a;\nexpect(b);\n')).not.toContain(line);
});

test('what stands before the last name counts, not the name', () => {
  expect(alike('import { one', 'import { two')).toContain(skip);
  expect(alike('import { one', 'export { one')).not.toContain(skip);
});

test('more closing brackets than open ones do no harm', () => {
  expect(alike(')))]}', '))))]}')).toContain(argument);
});
