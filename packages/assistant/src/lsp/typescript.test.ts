import { afterAll, beforeAll, expect, test } from 'bun:test';
import { unlink } from 'node:fs/promises';
import { diagnosticsOf } from './diagnostics.ts';
import type { LanguageServers } from './language-servers.ts';
import { definitionsAt, hoverAt, referencesAt } from './queries.ts';
import { documentSymbols, workspaceSymbols } from './symbols.ts';
import { install, type TestProject, testProject, testServers } from './testing/real-servers.ts';

let files: TestProject;
let servers: LanguageServers;
const never = new AbortController().signal;

beforeAll(async () => {
  files = await testProject({
    'tsconfig.json':
      '{"compilerOptions":{"strict":true,"types":[],"allowImportingTsExtensions":true,"noEmit":true}}',
    'package.json': '{"type":"module"}',
    'greet.ts': [
      '/** Says hello. */',
      'export function greet(name: string): string {',
      `  return "𝒽ello " + name;`,
      '}',
      'export class Greeter {',
      '  greet(): string {',
      `    return greet('x');`,
      '  }',
      '}',
      '',
    ].join('\n'),
    'main.ts': [
      `import { greet } from './greet.ts';`,
      `const 𝓍 = '𝓍'; export const text: number = greet('Ada'); // greet`,
      '',
    ].join('\n'),
  });
  await install(files, 'typescript-language-server');
  await install(files, 'typescript-classic', 'typescript');
  servers = testServers();
});

afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await files[Symbol.asyncDispose]();
});

const at = (name: string, target: object) => ({
  project: files.project,
  path: files.path(name),
  ...target,
});

test('diagnostics are those of the file as it is on the disk now', async () => {
  const { project, path } = files;
  const first = await diagnosticsOf(servers, project, [path('main.ts'), path('greet.ts')], never);
  expect(first).toEqual({
    unchecked: [],
    diagnostics: [
      {
        path: path('main.ts'),
        // Columns count characters: two of the line are two UTF-16 units each.
        span: { start: { line: 2, column: 29 }, end: { line: 2, column: 33 } },
        severity: 'error',
        message: "Type 'string' is not assignable to type 'number'.",
        code: '2322',
        source: 'typescript',
      },
    ],
  });
  await files.write({
    'greet.ts': 'export function greet(name: string): number {\n  return 1;\n}\n',
  });
  const second = await diagnosticsOf(servers, project, [path('main.ts')], never);
  expect(second.diagnostics).toEqual([]);
  await files.write({ 'greet.ts': 'export function greet(): number {\n  return 1;\n}\n' });
  const third = await diagnosticsOf(servers, project, [path('main.ts')], never);
  expect(third.diagnostics.map(({ code }) => code)).toEqual(['2554']);
});

test('definition, references and hover, by place and by name', async () => {
  const definition = await definitionsAt(servers, at('main.ts', { line: 2, column: 44 }), never);
  expect(definition).toMatchObject({
    total: 1,
    locations: [
      {
        path: files.path('greet.ts'),
        isInside: true,
        span: { start: { line: 1, column: 17 }, end: { line: 1, column: 22 } },
        text: 'export function greet(): number {',
      },
    ],
  });
  const references = await referencesAt(servers, at('greet.ts', { symbol: 'greet' }), never);
  expect(references.place).toEqual({ line: 1, column: 17 });
  expect(
    references.locations.map(
      ({ path, span: { start } }) => `${path} ${start.line}:${start.column}`,
    ),
  ).toEqual([
    `${files.path('greet.ts')} 1:17`,
    `${files.path('main.ts')} 1:10`,
    `${files.path('main.ts')} 2:44`,
  ]);
  const hover = await hoverAt(servers, at('main.ts', { line: 9, symbol: 'text' }), never);
  expect(hover.place).toEqual({ line: 2, column: 29 });
  expect(hover.text).toContain('const text: number');
});

test('a file that an editor has changed is asked about as the editor has it', async () => {
  const text = `import { greet } from './greet.ts';\n\n\nconst later = greet();\n`;
  const query = at('main.ts', { line: 4, symbol: 'greet', text });
  const { locations } = await definitionsAt(servers, query, never);
  expect(locations.map(({ path }) => path)).toEqual([files.path('greet.ts')]);
  const { diagnostics } = await diagnosticsOf(
    servers,
    files.project,
    [files.path('main.ts')],
    never,
  );
  expect(diagnostics.map(({ code }) => code)).toEqual(['2554']);
});

test('symbols of a file, and of the project', async () => {
  await files.write({ 'shapes.ts': 'export class Round {\n  radius = 1;\n}\n' });
  const { project, path } = files;
  const found = await documentSymbols(servers, project, path('shapes.ts'), never);
  expect(found.map(({ name, kind, depth }) => [name, kind, depth])).toEqual([
    ['Round', 'class', 0],
    ['radius', 'property', 1],
  ]);
  const query = { project, name: 'Round' };
  const round = [{ name: 'Round', kind: 'class', path: path('shapes.ts') }];
  expect(await workspaceSymbols(servers, query, never)).toMatchObject(round);
  const asked = { ...query, path: path('main.ts') };
  expect(await workspaceSymbols(servers, asked, never)).toMatchObject(round);
});

test('what cannot be checked is said, file by file', async () => {
  await files.write({ 'gone.ts': 'export {};', 'notes.xyz': '' });
  await unlink(files.path('gone.ts'));
  await Bun.write(files.path('latin.ts'), new Uint8Array([0x22, 0xe9, 0x22]));
  const names = ['gone.ts', 'notes.xyz', 'latin.ts', 'greet.ts'];
  const { project, path } = files;
  const { diagnostics, unchecked } = await diagnosticsOf(servers, project, names.map(path), never);
  expect(diagnostics).toEqual([]);
  expect(unchecked).toEqual([
    { path: path('gone.ts'), reason: expect.stringContaining('cannot be read (ENOENT)') },
    { path: path('notes.xyz'), reason: expect.stringContaining('no language server is known') },
    { path: path('latin.ts'), reason: expect.stringContaining('is not UTF-8 text') },
  ]);
});

test('a question that is canceled ends at once, and the server goes on', async () => {
  const query = at('greet.ts', { symbol: 'greet' });
  await expect(referencesAt(servers, query, AbortSignal.abort())).rejects.toMatchObject({
    code: 'canceled',
  });
  expect((await referencesAt(servers, query, never)).total).toBe(3);
  expect(servers.status()).toMatchObject([
    { name: 'typescript-language-server', state: 'running', crashes: 0 },
  ]);
});
