import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LanguageServers } from '../../lsp/language-servers.ts';
import { type TestProject, testProject, testServers } from '../../lsp/testing/real-servers.ts';
import { ProjectFiles } from '../files/project-files.ts';
import type { ToolContext, ToolOutput } from '../tool.ts';
import { lspTools } from './lsp-tools.ts';

const bin = join(import.meta.dir, '../../../../../node_modules/.bin');
const sources = {
  'tsconfig.json': '{"compilerOptions":{"strict":true,"types":[],"noUnusedLocals":true}}',
  'src/shape.ts': `/** A shape of the plane. */
export interface Shape {
  area(): number;
}

export class Circle implements Shape {
  constructor(readonly radius: number) {}

  area(): number {
    return Math.PI * this.radius ** 2;
  }
}
`,
  'src/main.ts': `import { Circle } from './shape.js';

const text = '𝒸ircle'; export const area: string = new Circle(1).area(); // Circle
`,
};

let files: TestProject;
let servers: LanguageServers;

beforeAll(async () => {
  files = await testProject(sources);
  servers = testServers({ environment: { ...Bun.env, PATH: `${bin}:/usr/bin:/bin` } });
});

afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await files[Symbol.asyncDispose]();
});

/** Calls a tool as the agent does; all that it says it does is allowed. */
async function call(
  name: string,
  input: unknown,
  change: Partial<ToolContext> = {},
): Promise<ToolOutput> {
  const tool = lspTools(servers, new ProjectFiles()).find((each) => each.name === name);
  if (tool === undefined) throw new Error(`no ${name}`);
  const { project } = files;
  const place = { project, cwd: join(project.root, 'src'), sessionId: 'test' };
  const parsed = tool.parse(input);
  const allowed = await tool.actions(parsed, place);
  return await tool.run(parsed, {
    ...place,
    callId: 'call',
    signal: new AbortController().signal,
    allowed,
    onProgress: () => {},
    ...change,
  });
}

test('diagnostics, with lines that can be gone to; hints only when asked for', async () => {
  expect(await call('lsp_diagnostics', { paths: ['main.ts', 'shape.ts'] })).toEqual({
    text: [
      `src/main.ts:3:7: warning: 'text' is declared but its value is never read. (ts 6133)`,
      `src/main.ts:3:37: error: Type 'number' is not assignable to type 'string'. (ts 2322)`,
      '1 error, 1 warning; 2 of 2 files checked',
    ].join('\n'),
    summary: '1 error, 1 warning; 2 of 2 files checked',
  });
  const known = await call('lsp_diagnostics', {});
  expect(known.summary).toBe('1 error, 1 warning; 2 of 2 files checked');
  expect(await call('lsp_diagnostics', { paths: ['../notes.xyz'] })).toMatchObject({
    isError: true,
    text: expect.stringContaining('notes.xyz: not checked: no language server is known for'),
  });
});

test('definition, references, hover: by symbol near a line, and by line and column', async () => {
  expect(await call('lsp_definition', { path: 'main.ts', symbol: 'Circle', line: 3 })).toEqual({
    text: [
      'Of src/main.ts:3:56:',
      'src/shape.ts:6:14: export class Circle implements Shape {',
      'src/shape.ts:7:3: constructor(readonly radius: number) {}',
    ].join('\n'),
    summary: '2 definitions of src/main.ts:3:56',
  });
  const references = await call('lsp_references', { path: 'shape.ts', line: 6, column: 14 });
  expect(references.text.split('\n')).toEqual([
    'Of src/shape.ts:6:14:',
    `src/main.ts:1:10: import { Circle } from './shape.js';`,
    `src/main.ts:3:56: ${sources['src/main.ts'].split('\n')[2]}`,
    'src/shape.ts:6:14: export class Circle implements Shape {',
  ]);
  const hidden = await call(
    'lsp_references',
    { path: 'shape.ts', symbol: 'Circle' },
    { hides: (path) => path.endsWith('main.ts') },
  );
  expect(hidden.text).not.toContain('main.ts');
  const hover = await call('lsp_hover', { path: 'shape.ts', symbol: 'Shape' });
  expect(hover.text).toContain('A shape of the plane.');
});

test('symbols of a file, and by name', async () => {
  expect(await call('lsp_symbols', { path: 'shape.ts' })).toMatchObject({
    text: [
      'interface Shape 2-4',
      '  method area 3-3',
      'class Circle 6-12',
      '  constructor constructor 7-7',
      '  property radius 7-7',
      '  method area 9-11',
    ].join('\n'),
  });
  const found = await call('lsp_symbols', { query: 'Circle' });
  expect(found.text).toContain('src/shape.ts:6: class Circle');
  expect(await call('lsp_symbols', {})).toMatchObject({ isError: true });
});

test('what leads nowhere is told to the model, with what to do', async () => {
  const outside = await call('lsp_hover', { path: '/etc/hostname', line: 1, column: 1 });
  expect(outside).toMatchObject({ isError: true, text: expect.stringContaining('outside') });
  const missing = await call('lsp_hover', { path: 'main.ts', symbol: 'Square' });
  expect(missing).toMatchObject({ isError: true, text: expect.stringContaining('no "Square"') });
  const nowhere = await call('lsp_hover', { path: 'main.ts' });
  expect(nowhere).toMatchObject({
    isError: true,
    text: expect.stringContaining('give a symbol, or a line and a column'),
  });
  await symlink('/etc', files.path('src/away'));
  const away = await call('lsp_definition', { path: 'away/hostname', symbol: 'x' });
  expect(away).toMatchObject({ isError: true, text: expect.stringContaining('outside') });
});

test('a rename says what it would write, and writes all of it', async () => {
  const tool = lspTools(servers, new ProjectFiles()).find(({ name }) => name === 'lsp_rename');
  const { project, path } = files;
  const place = { project, cwd: project.root, sessionId: 'test' };
  const input = tool?.parse({ path: 'src/shape.ts', symbol: 'Circle', new_name: 'Disc' });
  expect(await tool?.actions(input, place)).toEqual([
    { kind: 'read', path: path('src/shape.ts') },
    { kind: 'write', path: path('src/main.ts'), change: 'modify' },
    { kind: 'write', path: path('src/shape.ts'), change: 'modify' },
  ]);
  expect(await tool?.preview?.(input, place)).toHaveLength(2);
  expect(await Bun.file(path('src/main.ts')).text()).toBe(sources['src/main.ts']);

  const done = await call('lsp_rename', { path: 'shape.ts', symbol: 'Circle', new_name: 'Disc' });
  expect(done.text).toBe(
    'src/shape.ts: 1 line added, 1 removed\nsrc/main.ts: 2 lines added, 2 removed',
  );
  expect(done.changes?.[0]?.diff).toContain('+export class Disc implements Shape {');
  const main = sources['src/main.ts'].replaceAll('{ Circle }', '{ Disc }');
  expect(await readFile(path('src/main.ts'), 'utf8')).toBe(main.replace('new Circle', 'new Disc'));
  const after = await call('lsp_references', { path: 'shape.ts', symbol: 'Disc' });
  expect(after.summary).toBe('3 references of src/shape.ts:6:14');
});

test('a rename that may not write every file writes none', async () => {
  const allowed = [
    { kind: 'read', path: files.path('src/shape.ts') },
    { kind: 'write', path: files.path('src/shape.ts'), change: 'modify' },
  ] as const;
  const before = await readFile(files.path('src/shape.ts'), 'utf8');
  const input = { path: 'shape.ts', symbol: 'Disc', new_name: 'Round' };
  expect(await call('lsp_rename', input, { allowed })).toMatchObject({ isError: true });
  expect(await readFile(files.path('src/shape.ts'), 'utf8')).toBe(before);
  const library = { path: 'shape.ts', symbol: 'PI', new_name: 'TAU' };
  const refused = call('lsp_rename', library);
  await expect(refused).rejects.toThrow();
});
