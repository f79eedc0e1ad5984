import { lstat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { readBoundedFile } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { isWithin } from '../project/resolve-path.ts';
import { quote } from './quote.ts';
import type { RunnerName } from './runner-kinds.ts';
import { languageOf } from './test-files.ts';

/** How the tests of a project are run. */
export interface TestRunner {
  readonly name: RunnerName;
  /** Absolute: its commands run there. */
  readonly cwd: string;
  /** For bash: runs all tests. */
  readonly command: string;
  /** The rest of the command that runs all, where files can be named in its place. */
  readonly all: string;
}

export interface FindRunnerOptions {
  /** Absolute. */
  readonly root: string;
  /** The file that tests are for, absolute. */
  readonly target: string;
  /** What the user says runs the tests, from `cwd`: nothing is looked for then. */
  readonly command?: string;
  readonly cwd: string;
}

/** A larger `package.json` is none. */
const maxManifestBytes = 1_000_000;

/**
 * How the tests around a file are run: what the user says, else what the nearest manifests name, from the
 * file's folder up to the project's root. Throws `failed_precondition` where nothing is found.
 */
export async function findRunner(options: FindRunnerOptions): Promise<TestRunner> {
  const { command, cwd, target } = options;
  if (command !== undefined) return { name: nameIn(command), cwd, command, all: '' };
  const folders = foldersUp(options);
  const language = languageOf(target);
  const found =
    language === 'javascript'
      ? await findJavaScript(folders)
      : language === 'python'
        ? await findPython(folders)
        : language === 'go'
          ? await findBy('go.mod', folders, { name: 'go', command: 'go test -v', all: './...' })
          : language === 'rust'
            ? await findBy('Cargo.toml', folders, { name: 'cargo', command: 'cargo test', all: '' })
            : undefined;
  if (found !== undefined) return found;
  const message = `nothing says how the tests of ${relative(options.root, target)} are run: say it with --command, as in --command "bun test"`;
  throw new RpcError('failed_precondition', message);
}

/** From that of the file to the project's root. */
function foldersUp({ root, target }: FindRunnerOptions): string[] {
  const folders: string[] = [];
  for (let at = dirname(target); isWithin(root, at); at = dirname(at)) {
    folders.push(at);
    if (at === root) break;
  }
  return folders;
}

const words: readonly (readonly [RunnerName, RegExp])[] = [
  ['vitest', /\bvitest\b/],
  ['jest', /\bjest\b/],
  ['bun', /\bbun (?:--\S+ )*test\b/],
  ['node', /\bnode\b.* --test\b/],
  ['pytest', /\b(?:pytest|py\.test)\b/],
  ['go', /\bgo test\b/],
  ['cargo', /\bcargo (?:\+\S+ )?test\b/],
];

/** A command line of several commands is one of its own: files and flags at its end would go astray. */
function nameIn(command: string): RunnerName {
  if (/[;&|<>()`\n]/.test(command)) return 'own';
  return words.find(([, pattern]) => pattern.test(command))?.[0] ?? 'own';
}

async function findJavaScript(folders: readonly string[]): Promise<TestRunner | undefined> {
  for (const cwd of folders) {
    const manifest = await readText(join(cwd, 'package.json'));
    const name = manifest === undefined ? undefined : await nameOf(manifest, cwd);
    if (name === undefined) continue;
    if (name === 'bun') return { name, cwd, command: 'bun test', all: '' };
    if (name === 'node') return { name, cwd, command: 'node --test', all: '' };
    const program = await installed(name, cwd, folders);
    return { name, cwd, command: name === 'vitest' ? `${program} run` : program, all: '' };
  }
  return undefined;
}

type JavaScriptRunner = 'bun' | 'vitest' | 'jest' | 'node';

async function nameOf(text: string, folder: string): Promise<JavaScriptRunner | undefined> {
  const { dependencies, test } = readManifest(text);
  const inScript = words.find(([, pattern]) => pattern.test(test))?.[0];
  if (inScript === 'vitest' || inScript === 'jest' || inScript === 'bun' || inScript === 'node') {
    return inScript;
  }
  if (dependencies.has('vitest')) return 'vitest';
  if (dependencies.has('jest')) return 'jest';
  const names = ['bun.lock', 'bun.lockb', 'bunfig.toml'];
  const has = await Promise.all(names.map((name) => exists(join(folder, name))));
  return dependencies.has('@types/bun') || has.includes(true) ? 'bun' : undefined;
}

/** Tolerant: a manifest with faults has no test runner. */
function readManifest(text: string): { dependencies: ReadonlySet<string>; test: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const whole = fieldsOf(json);
  const { test } = fieldsOf(whole.scripts);
  const dependencies = { ...fieldsOf(whole.dependencies), ...fieldsOf(whole.devDependencies) };
  return {
    dependencies: new Set(Object.keys(dependencies)),
    test: typeof test === 'string' ? test : '',
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** The program, as bash is told it in `cwd`. */
async function installed(name: string, cwd: string, folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const path = join(folder, 'node_modules/.bin', name);
    if (!(await exists(path))) continue;
    const near = relative(cwd, path);
    return quote(near.startsWith('.') ? near : `./${near}`);
  }
  const message = `${cwd}: its package.json names ${name}, which is not installed: install the project's dependencies`;
  throw new RpcError('failed_precondition', message);
}

const pythonFiles = ['pyproject.toml', 'pytest.ini', 'setup.cfg', 'tox.ini', 'setup.py'];

async function findPython(folders: readonly string[]): Promise<TestRunner | undefined> {
  for (const cwd of folders) {
    const has = await Promise.all(pythonFiles.map((name) => exists(join(cwd, name))));
    const isLast = cwd === folders.at(-1);
    if (!has.includes(true) && !isLast) continue;
    for (const python of ['.venv/bin/python', 'venv/bin/python']) {
      if (await exists(join(cwd, python))) return pytest(cwd, python);
    }
    return pytest(cwd, 'python3');
  }
  return undefined;
}

function pytest(cwd: string, python: string): TestRunner {
  return { name: 'pytest', cwd, command: `${python} -m pytest`, all: '' };
}

async function findBy(
  manifest: string,
  folders: readonly string[],
  runner: Omit<TestRunner, 'cwd'>,
): Promise<TestRunner | undefined> {
  for (const cwd of folders) if (await exists(join(cwd, manifest))) return { ...runner, cwd };
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readBoundedFile(path, maxManifestBytes)).toString();
  } catch {
    return undefined;
  }
}
