import { afterAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { CodeIndexes } from '../../project-index/code-indexes.ts';
import { testEnvironment, testProject } from '../../project-index/testing/test-project.ts';
import { ImportedDefinitions } from './imported-definitions.ts';

const indexes = new CodeIndexes({ environment: testEnvironment, watches: false });
afterAll(async () => await indexes[Symbol.asyncDispose]());

async function relatedIn(files: Record<string, string>, path: string, prefix: string) {
  await using project = await testProject(files);
  await indexes.of(project.root).build();
  const related = new ImportedDefinitions((root) => indexes.of(root));
  return await related.related({
    project: { root: project.root, name: 'test' },
    filePath: join(project.root, path),
    language: '',
    prefix,
    suffix: '\n}\n',
  });
}

test('what is imported and used near the cursor is told by its signature, members too', async () => {
  const files = {
    'src/shapes.ts':
      'export interface Shape {\n  area(): number;\n  readonly name: string;\n}\nexport function scale(shape: Shape, by: number): Shape {\n  return shape;\n}\nexport function unused(): void {}\n',
    'src/other.ts': 'export function scale(): void {}\n',
    'tool.py': 'class Shape:\n    pass\n',
  };
  const prefix =
    "import { scale, type Shape } from './shapes.ts';\n\nfunction twice(shape: Shape): Shape {\n  return sca";
  const found = await relatedIn(files, 'src/main.ts', `${prefix}le(`);
  expect(found[0]).toEqual({
    path: 'src/shapes.ts',
    text: 'export interface Shape\n  area(): number\n  readonly name: string',
  });
  expect(found[1]).toEqual({
    path: 'src/shapes.ts',
    text: 'export function scale(shape: Shape, by: number): Shape',
  });
  expect(found.map(({ path }) => path)).not.toContain('tool.py');
  expect(found.map(({ text }) => text).join()).not.toContain('unused');
});

test.each([
  [
    'Python',
    'kit/tools.py',
    'def load_all(path):\n    pass\n',
    'main.py',
    'from kit.tools import load_all\n\nload_all(',
  ],
  [
    'Go',
    'kit/kit.go',
    'package kit\n\nfunc LoadAll(path string) error { return nil }\n',
    'main.go',
    'package main\n\nimport "example.com/kit"\n\nfunc main() {\n\tkit.LoadAll(',
  ],
  [
    'Rust',
    'src/kit.rs',
    'pub fn load_all(path: &str) {}\n',
    'src/main.rs',
    'use crate::kit::load_all;\n\nfn main() {\n  load_all(',
  ],
  [
    'C',
    'kit.h',
    'int load_all(const char *path);\n',
    'main.c',
    '#include "kit.h"\n\nint main() {\n  load_all(',
  ],
])('in %s, too', async (_, path, text, at, prefix) => {
  const found = await relatedIn({ [path]: text }, at, prefix);
  expect(found).toEqual([{ path, text: expect.stringMatching(/load_?all/i) }]);
});

test('without imports, and without an index, there is nothing', async () => {
  expect(await relatedIn({ 'a.ts': 'export function far(): void {}' }, 'b.ts', 'far(')).toEqual([]);
  expect(await relatedIn({}, 'b.ts', "import { far } from './a.ts';\nfar(")).toEqual([]);
});
