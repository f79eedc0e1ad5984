import { afterAll, beforeEach, expect, test } from 'bun:test';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const repository = join(import.meta.dirname, '../..');
const timeoutMs = 120_000;
const minuteMs = 60_000;
const main = 'packages/cli/src/main.ts';
const worker = 'packages/assistant/src/project-index/parser-worker.ts';
const folders: string[] = [];
let root: string;

/** A checkout whose command says what it is. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zeke-launcher-'));
  folders.push(root);
  for (const path of ['zeke', 'scripts/build-program.ts']) {
    await cp(join(repository, path), join(root, path));
  }
  await mkdir(join(root, 'node_modules/.bin'), { recursive: true });
  await symlink(process.execPath, join(root, 'node_modules/.bin/bun'));
  await write('bun.lock', '');
  await write('bunfig.toml', '');
  await write(worker, "postMessage('it works');\n");
  await write(main, says('first'));
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

test(
  'sources that nobody edits are built, once, and the program runs',
  async () => {
    await age(20);
    expect(await zeke()).toMatchObject({
      said: 'first program',
      noted: expect.stringMatching(/building its program/),
    });
    expect(await zeke()).toEqual({ said: 'first program', noted: '' });
    expect(await contents()).toEqual(['stamp', 'zeke']);
  },
  timeoutMs,
);

test(
  'an edited source runs at once as it is, and is built when its editor has been quiet',
  async () => {
    await age(20);
    await zeke();
    await write(main, says('second'));
    expect(await zeke()).toEqual({ said: 'second sources', noted: '' });
    await age(15);
    await utimes(join(root, 'node_modules/.zeke-program/stamp'), ...agoOf(20));
    expect(await zeke()).toMatchObject({
      said: 'second program',
      noted: expect.stringMatching(/building its program/),
    });
    // What is gone makes the folder newer, though no file is.
    await rm(join(root, worker));
    expect(await zeke()).toEqual({ said: 'second sources', noted: '' });
  },
  timeoutMs,
);

test(
  '--install-only builds what was edited just now, and starts nothing',
  async () => {
    expect(await zeke('--install-only')).toMatchObject({
      said: '',
      noted: expect.stringMatching(/building its program/),
    });
    expect(await zeke()).toEqual({ said: 'first program', noted: '' });
  },
  timeoutMs,
);

test(
  'two that start at once both run, with one build',
  async () => {
    await age(20);
    const both = await Promise.all([zeke(), zeke()]);
    for (const { said } of both) expect(said).toMatch(/^first (program|sources)$/);
    expect(await zeke()).toEqual({ said: 'first program', noted: '' });
    expect(await contents()).toEqual(['stamp', 'zeke']);
  },
  timeoutMs,
);

test(
  'what cannot be built runs from its sources, and the fault is told once',
  async () => {
    await write(worker, 'not a program\n');
    await age(20);
    expect(await zeke()).toMatchObject({
      said: 'first sources',
      noted: expect.stringMatching(/parser-worker\.ts/),
    });
    expect(await zeke()).toEqual({ said: 'first sources', noted: '' });
  },
  timeoutMs,
);

test(
  'where no program can be kept, the sources run',
  async () => {
    await write('node_modules/.zeke-program', 'a file');
    await age(20);
    expect(await zeke()).toMatchObject({ said: 'first sources' });
  },
  timeoutMs,
);

test(
  'a module of the program finds its files, packages and workers where its source does',
  async () => {
    await write('packages/cli/src/place.ts', placeSource);
    await write('packages/cli/node_modules/dependency/package.json', '{"main": "./it.js"}');
    await write('packages/cli/node_modules/dependency/it.js', '');
    await write(main, "import { place } from './place.ts';\nconsole.log(await place());\n");
    await write('packages/assistant/src/project-index/thread.ts', threadSource);
    await age(20);
    const { said } = await zeke();
    expect(JSON.parse(said)).toEqual({
      standalone: true,
      url: pathToFileURL(join(root, 'packages/cli/src/place.ts')).href,
      found: pathToFileURL(join(root, 'packages/cli/node_modules/dependency/it.js')).href,
      answer: 'it works',
    });
  },
  timeoutMs,
);

const placeSource = `
import { thread } from '../../assistant/src/project-index/thread.ts';
export async function place(): Promise<string> {
  const standalone = Bun.isStandaloneExecutable;
  const found = import.meta.resolve('dependency');
  return JSON.stringify({ standalone, url: import.meta.url, found, answer: await thread() });
}
`;

const threadSource = `
export function thread(): Promise<string> {
  const worker = new Worker(new URL('./parser-worker.ts', import.meta.url));
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
  });
}
`;

function says(word: string): string {
  return `console.log('${word}', Bun.isStandaloneExecutable ? 'program' : 'sources');\n`;
}

async function write(path: string, text: string): Promise<void> {
  await Bun.write(join(root, path), text);
}

/** All sources were changed so many minutes ago. */
async function age(minutes: number): Promise<void> {
  const folder = join(root, 'packages');
  const paths = await readdir(folder, { recursive: true });
  const all = [folder, ...paths.map((path) => join(folder, path))];
  all.push(join(root, 'bun.lock'), join(root, 'scripts/build-program.ts'));
  for (const path of all) await utimes(path, ...agoOf(minutes));
}

function agoOf(minutes: number): [Date, Date] {
  const at = new Date(Date.now() - minutes * minuteMs);
  return [at, at];
}

async function contents(): Promise<string[]> {
  return (await readdir(join(root, 'node_modules/.zeke-program'))).sort();
}

async function zeke(...args: string[]): Promise<{ said: string; noted: string }> {
  const child = Bun.spawn([join(root, 'zeke'), ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, HOME: root },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [said, noted, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect(code).toBe(0);
  return { said: said.trim(), noted: noted.trim() };
}
