import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { governed } from './contenders/governed.ts';
import { zeke } from './contenders/zeke.ts';
import { measures } from './measures.ts';
import type { Options } from './options.ts';
import { figure, markdownTable } from './report/markdown.ts';
import type { Rig } from './rig.ts';
import { Session } from './session.ts';

/** How many functions are shown for each measurement. */
const shown = 60;

/**
 * Runs each measurement on a zeke of its own, that with all rules where the plain one is not asked
 * for, under Bun's profiler; gives tables of the time of functions.
 */
export async function profile(options: Options, rig: Rig, folder: string): Promise<string> {
  const tables: string[] = [];
  for (const name of options.measures) {
    const own = join(folder, name);
    const result = await underProfiler(options, rig, own, name);
    const files = (await readdir(own)).filter((file) => file.endsWith('.cpuprofile'));
    const profiles = await Promise.all(
      files.map(async (file) => (await Bun.file(join(own, file)).json()) as CpuProfile),
    );
    const longest = profiles.sort((a, b) => b.samples.length - a.samples.length)[0];
    const micros = (result.processorMs * 1_000) / result.answers;
    tables.push(
      `${measures[name].title}: ${figure(micros)} µs each under the profiler\n\n` +
        (longest ? times(longest) : 'no profile was written'),
    );
  }
  return tables.join('\n\n');
}

async function underProfiler(
  { seconds, zeke: command, contenders }: Options,
  rig: Rig,
  folder: string,
  name: keyof typeof measures,
) {
  const environment = { BUN_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
  const own = { emulatorPort: rig.emulatorPort, folder, command, environment };
  await using server = contenders.includes('zeke') ? await zeke(own, 0) : await governed(own);
  const session = new Session(server, rig);
  return await session.measure(measures[name], { seconds, leadInSeconds: 0.5 }, []);
}

/** The format of Chrome's DevTools protocol, `Profiler.Profile`. Times are microseconds. */
interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

/** Self time, and that of all a function called: what stands twice on a stack counts once. */
function times({ nodes, samples, timeDeltas }: CpuProfile): string {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((c) => [c, id])));
  const self = new Map<string, number>();
  const total = new Map<string, number>();
  let all = 0;
  for (const [index, sample] of samples.entries()) {
    const micros = timeDeltas[index] ?? 0;
    all += micros;
    add(self, names.get(sample) ?? '?', micros);
    const stack = new Set<string>();
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      stack.add(names.get(id) ?? '?');
    }
    for (const name of stack) add(total, name, micros);
  }
  return [self, total]
    .map((sums, index) => table(sums, all, index === 0 ? 'self' : 'total'))
    .join('\n\n');
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  return `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}

function table(sums: ReadonlyMap<string, number>, all: number, kind: string): string {
  const sorted = [...sums].sort((a, b) => b[1] - a[1]).slice(0, shown);
  return markdownTable(
    ['function', `${kind} %`],
    sorted.map(([name, micros]) => [name, ((micros * 100) / all).toFixed(1)]),
  );
}
