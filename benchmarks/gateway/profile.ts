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
const shown = 30;

/**
 * Runs each measurement on a zeke of its own, that with all rules where the plain one is not asked
 * for, under Bun's profiler; gives tables of self time.
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
        (longest ? selfTimes(longest) : 'no profile was written'),
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
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples: number[];
  timeDeltas: number[];
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): string {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`,
    ]),
  );
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    const micros = timeDeltas[index] ?? 0;
    times.set(name, (times.get(name) ?? 0) + micros);
    total += micros;
  }
  const sorted = [...times].sort((a, b) => b[1] - a[1]).slice(0, shown);
  return markdownTable(
    ['function', 'self %'],
    sorted.map(([name, micros]) => [name, ((micros * 100) / total).toFixed(1)]),
  );
}
