/**
 * `bun run benchmarks/project-index.ts`: the index of a project against how many files it has, beside the
 * floor of reading the same files; from the cache of an earlier start; one file that changes; how long the
 * thread that answers is held up meanwhile; and the memory of many projects. Prints Markdown tables.
 * `--help` tells the options.
 */
import { appendFile, copyFile, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CodeIndex, CodeIndexes } from '@zeke/assistant';
import { figure, markdownTable } from './gateway/report/markdown.ts';

const usage = `bun run benchmarks/project-index.ts [options]

--project PATH   whose tracked files are taken. Default: this repository
--files A,B,C    sizes (250,1000,2500)
--rounds N       each size (5); medians are told
--projects N     open at once, each of the first size (20)`;

const { values: options } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    project: { type: 'string', default: join(import.meta.dirname, '..') },
    files: { type: 'string', default: '250,1000,2500' },
    rounds: { type: 'string', default: '5' },
    projects: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
/** Processor time, of all threads, unless it says otherwise: it survives noisy neighbours. */
const columns = [
  'files',
  'MB',
  'reading them (ms)',
  'build (ms)',
  'ratio',
  'a file (ms)',
  'from the cache (ms)',
  'one change (ms)',
  'build, by the clock (ms)',
  'held up p99, by the clock (ms)',
];
const environment = { PATH: process.env.PATH ?? '', GIT_CONFIG_NOSYSTEM: '1' };
if (options.help) console.log(usage);
else await run();

async function run(): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'zeke-index-')));
  try {
    const paths = trackedFiles();
    const sizes = options.files.split(',').map(Number);
    console.log(
      `${process.versions.bun} on ${release()}, ${cpus()[0]?.model}, ${new Date().toISOString()}\n`,
    );
    const rows = [];
    for (const size of sizes) rows.push(await measureSize(folder, paths.slice(0, size)));
    console.log(markdownTable(columns, rows));
    console.log(`\n${await manyProjects(folder, paths.slice(0, sizes[0]))}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Source files, spread over the project, so that each size has the same mixture. */
function trackedFiles(): string[] {
  const listed = Bun.spawnSync(['git', 'ls-files', '-z'], { cwd: options.project });
  const paths = listed.stdout.toString().split('\0');
  const sources = paths.filter((path) =>
    /\.(ts|tsx|js|py|go|rs|java|c|cc|h|rb|sh|lua)$/.test(path),
  );
  return sources.toSorted((a, b) => Number(Bun.hash(a) - Bun.hash(b)));
}

async function makeProject(root: string, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(join(options.project, path), join(root, path));
    bytes += Bun.file(join(root, path)).size;
  }
  Bun.spawnSync(['git', 'init', '--quiet'], { cwd: root, env: environment });
  return bytes;
}

async function measureSize(folder: string, paths: readonly string[]): Promise<string[]> {
  const root = join(folder, `size-${paths.length}`);
  const bytes = await makeProject(root, paths);
  const reads: number[] = [];
  const builds: number[] = [];
  const cached: number[] = [];
  const changes: number[] = [];
  const held: number[] = [];
  const clock: number[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    const home = join(folder, `home-${paths.length}-${round}`);
    reads.push(await timed(() => readAll(root, paths)));
    await using cold = new CodeIndexes({ environment, home });
    const loop = watchLoop();
    const startedAt = performance.now();
    builds.push(await timed(() => cold.of(root).build()));
    clock.push(performance.now() - startedAt);
    held.push(...loop());
    await using warm = new CodeIndexes({ environment, home });
    cached.push(await timed(() => warm.of(root).build()));
    const changed = paths[0] ?? '';
    await appendFile(join(root, changed), '\n\n');
    changes.push(await timed(() => cold.of(root).update([changed])));
  }
  const [read, build] = [median(reads), median(builds)];
  const gaps = held.toSorted((a, b) => a - b);
  return [
    String(paths.length),
    figure(bytes / 1e6),
    figure(read),
    figure(build),
    figure(build / read),
    figure(build / paths.length),
    figure(median(cached)),
    figure(median(changes)),
    figure(median(clock)),
    figure(gaps[Math.floor(gaps.length * 0.99)] ?? 0),
  ];
}

/** How late a timer of one millisecond is, each time, until it is stopped. */
function watchLoop(): () => number[] {
  const late: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - last - 1));
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return late;
  };
}

async function readAll(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await readFile(join(root, path), 'utf8');
}

/** Processor time in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

async function manyProjects(folder: string, paths: readonly string[]): Promise<string> {
  const roots = Array.from({ length: Number(options.projects) }, (_, at) => join(folder, `p${at}`));
  for (const root of roots) await makeProject(root, paths);
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  await using indexes = new CodeIndexes({ environment });
  const open: CodeIndex[] = roots.map((root) => indexes.of(root));
  await Promise.all(open.map((index) => index.build()));
  const most = process.memoryUsage().rss;
  // The thread that parses ends ten seconds after its last work.
  await Bun.sleep(11_000);
  Bun.gc(true);
  const usage = process.cpuUsage();
  await Bun.sleep(10_000);
  const idle = process.cpuUsage(usage);
  const after = process.memoryUsage().rss;
  const watched = open.reduce((sum, index) => sum + index.stats().watchedFolders, 0);
  const percent = (idle.user + idle.system) / 10_000_000;
  return `${roots.length} projects of ${paths.length} files, ${watched} folders watched: ${mb(before)} before, ${mb(most)} when all were built, ${mb(after)} 21 s later; idle ${(percent * 100).toFixed(2)} % of a core.`;
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
