/**
 * `build-program.ts FOLDER`: makes one executable of the sources, `FOLDER/zeke`, with its bytecode, so
 * that a start neither reads nor parses thousands of files. The launcher runs it after an installation
 * and after an update, and takes the sources where there is no such program.
 *
 * `FOLDER/stamp` is as old as the beginning of the last build, failed or not: sources that are not newer
 * need no other. What is in the folder is replaced whole, so any number may be started or built meanwhile.
 */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

const root = join(import.meta.dir, '..');
/** By their paths in the repository. */
const workers = ['packages/assistant/src/project-index/parser-worker.ts'];
const entries = ['packages/cli/src/main.ts', ...workers];
/** Modules that may ask where they are: ours, and those of these dependencies. */
const placed =
  /\/(packages\/[^/]+\/src\/.*\.ts|node_modules\/(@vscode\/ripgrep|web-tree-sitter)\/.*\.js)$/;
/** Where Bun has what is part of an executable. */
const embedded = 'file:///$bunfs/root';
/** A build that was killed leaves its lock behind; after so long, in milliseconds, it counts no more. */
const lockLimitMs = 10 * 60_000;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: build-program.ts FOLDER');
await build(resolve(folder));

async function build(into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const lock = join(into, 'building');
  if (!(await take(lock))) return;
  const work = join(into, 'work');
  try {
    await rm(work, { recursive: true, force: true });
    await mkdir(work);
    await replace(into, work);
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(lock, { force: true });
  }
}

/** False where another build is under way. */
async function take(lock: string): Promise<boolean> {
  const now = Date.now();
  const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: now }));
  if (now - mtimeMs > lockLimitMs) await rm(lock, { force: true });
  try {
    await (await open(lock, 'wx')).close();
    return true;
  } catch {
    return false;
  }
}

/** The stamp is last: when this ends before, the build is made again. */
async function replace(into: string, work: string): Promise<void> {
  const stamp = join(work, 'stamp');
  await Bun.write(stamp, '');
  // It finds its sources from the folder that it will be in.
  const program = join(into, 'untried');
  if (await compile(into, join(work, 'zeke'), program)) await rename(program, join(into, 'zeke'));
  else await rm(join(into, 'zeke'), { force: true });
  await rm(program, { force: true });
  await rename(stamp, join(into, 'stamp'));
}

/** False where there is none, or it cannot be run. */
async function compile(into: string, outfile: string, program: string): Promise<boolean> {
  try {
    await Bun.build({
      entrypoints: entries.map((entry) => join(root, entry)),
      root,
      target: 'bun',
      format: 'esm',
      splitting: true,
      bytecode: true,
      sourcemap: 'inline',
      plugins: [{ name: 'places', setup: (builder) => keepPlaces(builder, into) }],
      compile: {
        outfile,
        // As the launcher says it to Bun where it runs the sources.
        autoloadBunfig: false,
        autoloadDotenv: false,
        // By it packages are found that are on the disk.
        autoloadPackageJson: true,
        execArgv: ['--max-http-header-size=65536'],
      },
    });
    await rename(outfile, program);
    const { stderr, success } = Bun.spawnSync([program, 'version']);
    if (!success) process.stderr.write(stderr);
    return success;
  } catch (error) {
    process.stderr.write(`${Bun.inspect(error)}\n`);
    return false;
  }
}

/**
 * A module's address, and what it resolves, stays that of its source: the files that it reads lie there,
 * and packages that it looks for are found from there. Sources are found from the program's own place.
 */
function keepPlaces(builder: Bun.PluginBuilder, into: string): void {
  builder.onLoad({ filter: placed }, async ({ loader, path }) => {
    const text = await Bun.file(path).text();
    const source = JSON.stringify(relative(into, path));
    const address = `new URL(${source}, Bun.pathToFileURL(process.execPath)).href`;
    const contents = text
      .replaceAll(/new URL\('(\.\/[^']+-worker\.ts)', import\.meta\.url\)/g, (whole, name) => {
        const worker = relative(root, join(dirname(path), name));
        return workers.includes(worker) ? `new URL('${embedded}/${worker}')` : whole;
      })
      .replaceAll(/import\.meta\.resolve\(([^()]+)\)/g, `import.meta.resolve($1, ${address})`)
      .replaceAll('import.meta.url', `(${address})`);
    return { contents, loader };
  });
}
