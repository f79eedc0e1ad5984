import { afterAll, describe, expect, test } from 'bun:test';
import { CodeIndexes } from '../../project-index/code-indexes.ts';
import { searchSymbols } from '../../project-index/search-symbols.ts';
import { testEnvironment, testProject } from '../../project-index/testing/test-project.ts';
import { estimateTokens } from '../tokens/estimate-tokens.ts';
import { findReferences } from './find-references.ts';
import { projectContext } from './project-context.ts';
import { searchCode } from './search-code.ts';

const { signal } = new AbortController();
const indexes = new CodeIndexes({ environment: testEnvironment, watches: false });
afterAll(async () => await indexes[Symbol.asyncDispose]());

const files = {
  'src/session-lock.ts':
    '/** Holds a lock file while a session is open. */\nexport class SessionLock {\n  acquire(): void {}\n  release(): void {}\n}\n',
  'src/parse-date.ts':
    'export function parseDate(text: string): Date {\n  return new Date(text);\n}\n',
  'src/main.ts':
    "import { SessionLock } from './session-lock.ts';\n// SessionLock in a comment\nexport function main(): void {\n  new SessionLock().acquire();\n  parseDateOfToday();\n}\nfunction parseDateOfToday(): void {}\n",
};

async function indexOf(root: string) {
  const index = indexes.of(root);
  await index.build();
  return index;
}

test('a question finds the stretch of code that answers it', async () => {
  await using project = await testProject(files);
  const index = await indexOf(project.root);
  const found = await searchCode(index, { query: 'where are sessions locked?' }, signal);
  expect(found[0]).toMatchObject({ path: 'src/session-lock.ts', firstLine: 1 });
  expect(found.map(({ score }) => score)).toEqual(
    found.map(({ score }) => score).toSorted((a, b) => b - a),
  );
  expect(
    (await searchCode(index, { query: 'parses text to dates', limit: 1 }, signal)).map(
      ({ path }) => path,
    ),
  ).toEqual(['src/parse-date.ts']);
  expect(await searchCode(index, { query: 'zzz' }, signal)).toEqual([]);
  expect(await searchCode(index, { query: '' }, signal)).toEqual([]);
});

describe('symbols are found', () => {
  test.each([
    ['by their name', 'parseDate', 'parseDate'],
    ['whatever the case', 'sessionlock', 'SessionLock'],
    ['by their beginning', 'acq', 'acquire'],
    ['by their humps', 'pDOT', 'parseDateOfToday'],
    ['by a part', 'OfTod', 'parseDateOfToday'],
    ['by letters in order', 'prsdtftdy', 'parseDateOfToday'],
  ])('%s', async (_, query, name) => {
    await using project = await testProject(files);
    const index = await indexOf(project.root);
    expect(searchSymbols(index.table, { query })[0]?.name).toBe(name);
  });

  test('or not', async () => {
    await using project = await testProject(files);
    const index = await indexOf(project.root);
    expect(searchSymbols(index.table, { query: 'xyz' })).toEqual([]);
    expect(searchSymbols(index.table, { query: ' ' })).toEqual([]);
    expect(searchSymbols(index.table, { query: 'a', limit: 2 })).toHaveLength(2);
  });
});

test('references are the lines with the name, in files that name it', async () => {
  await using project = await testProject({ ...files, 'notes.ts': '// SessionLock only here\n' });
  const index = await indexOf(project.root);
  expect(
    (await findReferences(index, 'SessionLock')).map(({ path, line }) => `${path}:${line}`),
  ).toEqual(['src/main.ts:1', 'src/main.ts:2', 'src/main.ts:4', 'src/session-lock.ts:2']);
  expect(await findReferences(index, 'parse')).toEqual([]);
  expect(await findReferences(index, 'a.*b(')).toEqual([]);
});

test('a context has the map and the code, within its tokens', async () => {
  await using project = await testProject(files);
  const index = await indexOf(project.root);
  const text = await projectContext(
    index,
    { question: 'How does SessionLock work?', maxTokens: 300 },
    signal,
  );
  expect(text).toContain('# Map');
  expect(text).toContain('src/session-lock.ts:\n');
  expect(text).toContain('release(): void {}');
  expect(estimateTokens(text)).toBeLessThan(330);
});
