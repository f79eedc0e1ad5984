import { afterAll, describe, expect, test } from 'bun:test';
import { Slices } from '../../completion/local/slices.ts';
import { CodeIndex } from '../../project-index/code-index.ts';
import { ParserThread } from '../../project-index/parser-thread.ts';
import { testEnvironment, testProject } from '../../project-index/testing/test-project.ts';
import { estimateTokens } from '../tokens/estimate-tokens.ts';
import { pageRank } from './page-rank.ts';
import { ProjectMap } from './project-map.ts';

const { signal } = new AbortController();
const parser = new ParserThread();
afterAll(async () => await parser[Symbol.asyncDispose]());

/** Many files use `openStorage`; few use what the others define. */
const files: Record<string, string> = {
  'src/storage.ts':
    'export class StorageHandle {\n  closeHandle(): void {}\n}\nexport function openStorage(): StorageHandle {\n  return new StorageHandle();\n}\n',
  'src/rare.ts': 'export function rareHelper(): void {}\nexport function neverUsed(): void {}\n',
  'src/uses-rare.ts': "import { rareHelper } from './rare.ts';\nrareHelper();\n",
  'README.md': '# x\n',
};
for (let at = 0; at < 8; at++) {
  files[`src/user${at}.ts`] =
    `import { openStorage } from './storage.ts';\nexport const user${at} = openStorage();\n`;
}

async function mapOf(
  words: readonly string[],
  options: { maxTokens?: number; paths?: readonly string[] } = {},
) {
  await using project = await testProject(files);
  await using index = new CodeIndex({
    root: project.root,
    parser,
    environment: testEnvironment,
    watches: false,
  });
  await index.build();
  const request = {
    words: new Set(words),
    paths: options.paths ?? [],
    maxTokens: options.maxTokens ?? 400,
    countTokens: estimateTokens,
  };
  const map = new ProjectMap(index);
  const text = await map.render(request, signal);
  expect(await map.render(request, signal)).toBe(text);
  expect(await new ProjectMap(index).render(request, signal)).toBe(text);
  return text;
}

describe('a map', () => {
  test('begins with what most files use, and ends with names of files', async () => {
    const text = await mapOf([]);
    expect(text.startsWith('src/storage.ts:\n')).toBe(true);
    expect(text).toContain('  4: export function openStorage(): StorageHandle');
    expect(text).toContain('README.md');
  });

  test('shows members below what they are members of', async () => {
    expect(await mapOf([], { maxTokens: 2_000 })).toContain(
      '  1: export class StorageHandle\n    2: closeHandle(): void\n',
    );
  });

  test.each([
    ['by a name', ['rareHelper'], []],
    ['by a file', ['rare.ts'], []],
    ['by what is worked on', [], ['src/uses-rare.ts']],
  ])('is weighed %s', async (_, words, paths) => {
    const text = await mapOf(words, { paths, maxTokens: 60 });
    expect(text).toContain('rareHelper');
  });

  test.each([0, 10, 30, 100, 300, 1_000])('keeps within %d tokens', async (maxTokens) => {
    expect(estimateTokens(await mapOf([], { maxTokens }))).toBeLessThanOrEqual(maxTokens);
  });
});

test('ranks are at least 0, sum to 1, and grow with interest', async () => {
  // 0 → 1 → 2, and 3 for itself.
  const graph = {
    starts: Uint32Array.of(0, 1, 2, 2, 2),
    targets: Uint32Array.of(1, 2),
    names: Uint32Array.of(0, 0),
    weights: Float64Array.of(1, 1),
  };
  const rank = async (interest: ReadonlyMap<number, number>) =>
    await pageRank(graph, () => true, { files: interest, names: new Set() }, new Slices(signal));
  const plain = await rank(new Map());
  expect([...plain].reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
  expect(plain[2]!).toBeGreaterThan(plain[1]!);
  expect(plain[1]!).toBeGreaterThan(plain[0]!);
  const personal = await rank(new Map([[3, 1]]));
  expect(personal[3]!).toBeGreaterThan(plain[3]!);
  expect([...personal].reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
});
