import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { lstat, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { systemPrompt } from '../agent/system-prompt.ts';
import { readSource } from '../completion/local/read-source.ts';
import { readInstructions } from '../context/instructions/read-instructions.ts';
import { listFolder } from '../context/mentions/find-paths.ts';
import { readText } from '../context/read-text.ts';
import { loadExtensions } from '../extensions/load-extensions.ts';
import { readText as readForServer } from '../lsp/documents.ts';
import { findServers } from '../lsp/find-server.ts';
import { Permissions } from '../permissions/permissions.ts';
import { CodeIndex } from '../project-index/code-index.ts';
import { ParserThread } from '../project-index/parser-thread.ts';
import { testEnvironment } from '../project-index/testing/test-project.ts';
import { runGit } from '../snapshots/run-git.ts';
import { Snapshots } from '../snapshots/snapshots.ts';
import { findRunner } from '../testgen/find-runner.ts';
import { fileTools } from '../tools/files/file-tools.ts';
import { searchTools } from '../tools/search/search-tools.ts';
import { type ToolBench, toolBench } from '../tools/testing/tool-bench.ts';
import { openProject } from './open-project.ts';

const signal = new AbortController().signal;
const path = process.env.PATH ?? '';

/** What may stand where a file is looked for. Whoever opens a pipe to read it waits for ever, and zeros never end. */
const odd: Readonly<Record<string, (at: string) => Promise<unknown>>> = {
  'a pipe': async (at) => Bun.spawnSync(['mkfifo', at]),
  'a link to zeros without end': (at) => symlink('/dev/zero', at),
  'a link to itself': (at) => symlink(at.slice(at.lastIndexOf('/') + 1), at),
  'a folder': (at) => mkdir(at),
  'a socket': (at) => new Promise<void>((done) => createServer().unref().listen(at, done)),
  '1 GiB of nothing': async (at) => {
    await writeFile(at, '');
    await truncate(at, 2 ** 30);
  },
};
const kinds = Object.entries(odd);
/** What it is called once its links are followed. */
const named = /odd\.ts|\/dev\/zero/;

const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing failed',
    (error) => String(error.message),
  );

describe.each(kinds)('%s in place of a file', (_kind, make) => {
  let bench: ToolBench;
  let size: number;
  beforeAll(async () => {
    bench = await toolBench([...fileTools(), ...searchTools()], { 'src/b.ts': 'let b;\n' });
    await make(join(bench.root, 'odd.ts'));
    size = (await lstat(join(bench.root, 'odd.ts'))).size;
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const patch = `*** Begin Patch\n*** Update File: odd.ts\n@@\n-a\n+b\n*** End Patch`;
  const edit = { path: 'odd.ts', old_string: 'a', new_string: 'b' };
  const calls: [string, object][] = [
    ['read_file', { path: 'odd.ts' }],
    ['write_file', { path: 'odd.ts', content: 'x' }],
    ['edit', edit],
    [
      'multi_edit',
      { edits: [{ ...edit, path: 'src/b.ts', old_string: 'let b', new_string: 'let c' }, edit] },
    ],
    ['apply_patch', { patch }],
  ];
  test.each(calls)('is told by %s, and left as it is', async (name, input) => {
    const told = await bench
      .call(name, input)
      .catch((error) => ({ isError: true, text: error.message }));
    expect(told).toMatchObject({ isError: true, text: expect.stringMatching(named) });
    expect((await lstat(join(bench.root, 'odd.ts'))).size).toBe(size);
    expect(await bench.read('src/b.ts')).toBe('let b;\n');
  });

  test('stops no search, and is listed', async () => {
    const { text } = await bench.call('grep', { pattern: 'let' });
    expect(text).toContain('src/b.ts:1:let b;');
    expect((await bench.call('glob', { pattern: '*.ts' })).text).toContain('src/b.ts');
    expect((await bench.call('list_directory', {})).text).toContain('odd.ts');
  });

  test('is told by a search in it', async () => {
    const told = await bench
      .call('grep', { pattern: 'let', path: 'odd.ts' })
      .catch((error) => ({ text: error.message }));
    expect(told.text).toMatch(named);
  });

  test('is not read as context, for servers or to learn from', async () => {
    const place = { project: bench.context.project, cwd: bench.root };
    expect((await readText(place, 'odd.ts', 1_000)).kind).not.toBe('text');
    expect(await failureOf(readForServer(join(bench.root, 'odd.ts')))).toMatch(/odd\.ts/);
    expect(await readSource(bench.root, 'odd.ts')).toBeUndefined();
    expect(await listFolder(place, '.', undefined)).toMatchObject({
      text: expect.stringContaining('odd.ts'),
    });
  });

  test('leaves the rest of the project in the index, and in snapshots', async () => {
    await using parser = new ParserThread();
    await using index = new CodeIndex({
      root: bench.root,
      parser,
      environment: testEnvironment,
      watches: false,
    });
    await index.build();
    expect(index.stats()).toMatchObject({ parsedFiles: 1 });
    const folder = join(bench.root, '../snapshots');
    const snapshots = new Snapshots({
      project: bench.context.project,
      folder,
      path,
      now: Date.now,
    });
    const { tree } = await snapshots.take(signal);
    await bench.write('src/b.ts', 'let c;\n');
    const after = await snapshots.take(signal, [join(bench.root, 'odd.ts')]);
    const changes = await snapshots.diff(tree, after.tree, signal);
    expect(changes.map((each) => each.path)).toEqual(['src/b.ts']);
    await bench.write('src/b.ts', 'let b;\n');
  });
});

describe.each(kinds)('%s in place of what zeke looks for in a project', (kind, make) => {
  const names = [
    '.git',
    'AGENTS.md',
    'package.json',
    '.zeke/permissions.toml',
    '.zeke/agents/a.md',
    'node_modules/.bin/tsc',
    'repository/.git/HEAD',
    'repository/.git/info/exclude',
  ];
  let bench: ToolBench;
  beforeAll(async () => {
    bench = await toolBench([], { 'a.ts': '' });
    Bun.spawnSync(['git', 'init', '-q', 'repository'], { cwd: bench.root });
    for (const name of names) {
      const at = join(bench.root, name);
      await mkdir(join(at, '..'), { recursive: true });
      Bun.spawnSync(['rm', '-rf', at]);
      await make(at);
    }
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test('the project, its prompt, instructions, extensions and tests are found without it', async () => {
    const { root } = bench;
    const project = await openProject(root);
    const prompt = { project, cwd: root, mode: 'ask' as const, nowMs: 0 };
    const agent = { name: 'a', description: 'a', prompt: 'a', isReadOnly: true };
    expect(await systemPrompt({ ...prompt, agent })).toContain('Working folder');
    const repository = { root: join(root, 'repository'), name: 'repository' };
    expect(await systemPrompt({ ...prompt, project: repository, agent })).toContain('Working');
    const { found } = await readInstructions(
      [{ root, origin: 'project', candidates: ['AGENTS.md'] }],
      new Set(),
    );
    expect(found).toEqual([]);
    const zekeHome = join(root, '../home');
    const { faults } = await loadExtensions({
      zekeHome,
      project: bench.context.project,
      toolNames: [],
    });
    expect(faults).toHaveLength(1);
    const target = join(root, 'a.ts');
    expect(await failureOf(findRunner({ root, target, cwd: root }))).toContain('nothing says');
    const tsc = { name: 'tsc', command: ['tsc'] as const, extensions: ['.ts'] };
    const specs = [{ ...tsc, package: { name: 'typescript', atLeast: 7 } }];
    const found2 = await findServers(target, {
      specs,
      project: bench.context.project,
      searchPath: '',
    });
    expect(found2).toEqual([]);
  });

  test('rules that cannot be read stop all, and say so', async () => {
    const zekeHome = join(bench.root, '../home');
    const opened = Permissions.open({ project: bench.context.project, zekeHome, home: zekeHome });
    expect(await failureOf(opened)).toContain('permissions.toml');
  });

  test('snapshots and git go on without the list of ignored files', async () => {
    const root = join(bench.root, 'repository');
    const project = { root, name: 'repository' };
    if (kind !== 'a pipe') await writeFile(join(root, '.git/HEAD'), '').catch(() => {});
    await bench.write('repository/b.ts', 'b');
    const folder = join(bench.root, '../snapshots');
    const { tree } = await new Snapshots({ project, folder, path, now: Date.now }).take(signal);
    expect(tree).toHaveLength(40);
  });
});

test('git that waits for a pipe is ended, and why is told', async () => {
  const bench = await toolBench([]);
  await using _bench = bench;
  Bun.spawnSync(['git', 'init', '-q'], { cwd: bench.root });
  Bun.spawnSync(['mkfifo', join(bench.root, '.gitignore')]);
  const listing = ['ls-files', '--others', '--exclude-standard'];
  const options = { cwd: bench.root, environment: { PATH: path }, signal, limitMs: 100 };
  expect(await failureOf(runGit(listing, options))).toContain('a pipe is named .gitignore');
});

test('a file of 1 GiB that begins as text is never held, wherever it is met', async () => {
  const program = join(import.meta.dir, 'testing/huge-file-program.ts');
  const child = Bun.spawn([process.execPath, program], { stdout: 'pipe', stderr: 'inherit' });
  const { grownMiB, said } = JSON.parse(await new Response(child.stdout).text());
  expect(grownMiB).toBeLessThan(200);
  const [first, beyond, found, edited, mentioned, parsed, tree] = said;
  expect(first).toContain('let number');
  expect(beyond).toContain('has no line 9000');
  expect(found).toBe('src/b.ts:1:let b;');
  expect(edited).toContain('1024 MiB are too many to change here');
  expect([mentioned, parsed]).toEqual(['text', '1']);
  expect(tree).toHaveLength(40);
}, 60_000);
