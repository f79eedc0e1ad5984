import { join } from 'node:path';
import type { FuzzBlock, FuzzSetup } from '../fuzz/fuzz-process.ts';
import { fuzzTargets } from '../fuzz/targets.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';

const file = join(import.meta.dirname, '../fuzz/fuzz-process.ts');
const blocks = 20;
/** Without a sign of life for so long a process hangs in an input; on a machine that is busy, too. */
const hangMs = 60_000;
/** No input takes longer than this, with whatever else the machine does meanwhile. */
const slowMs = 10_000;
/** More than after the second block, when all code is compiled and all tables are filled. */
const maxHeapGrowthMb = 15;
const maxGrowthMb = 80;
/** With all the garbage that a run makes between two collections. */
const maxPeakMb = 1_000;

/** One for each target. */
export const fuzzScenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(
  Object.entries(fuzzTargets).map(([name, { inputs }]) => [
    `fuzz-${name}`,
    {
      title: `${inputs} mutated inputs: nothing unforeseen is thrown, nothing hangs or is kept`,
      run: (context) => fuzzTarget(name, inputs, context),
    },
  ]),
);

async function fuzzTarget(name: string, count: number, context: ScenarioContext): Promise<void> {
  const { seed, report } = context;
  report(`seed ${seed}`);
  const begun = performance.now();
  const done = await runBlocks({ name, seed, first: 0, count, blocks });
  const seconds = (performance.now() - begun) / 1_000;
  const [, warm] = done;
  const last = done.at(-1);
  must(warm !== undefined && last !== undefined && last.done === count, `${name}: ended too early`);
  const slowest = done.reduce((most, block) => (block.slowestMs > most.slowestMs ? block : most));
  const bytes = done.reduce((sum, block) => sum + block.bytes, 0);
  report(
    `${name}: ${count} inputs, ${(bytes / 1e6).toFixed()} MB, in ${seconds.toFixed()} s (${(count / seconds).toFixed()}/s); ` +
      `heap ${warm.heapMb.toFixed(1)} → ${last.heapMb.toFixed(1)} MB, resident ${warm.rssMb.toFixed()} → ${last.rssMb.toFixed()} MB, at most ${last.peakMb.toFixed()} MB; ` +
      `slowest input ${slowest.slowest}, ${slowest.slowestMs.toFixed()} ms`,
  );
  must(slowest.slowestMs < slowMs, `${name}: input ${slowest.slowest} of seed ${seed} is slow`);
  must(last.heapMb - warm.heapMb < maxHeapGrowthMb, `${name}: the heap grows`);
  must(last.rssMb - warm.rssMb < maxGrowthMb, `${name}: the memory grows`);
  must(last.peakMb < maxPeakMb, `${name}: it once had ${last.peakMb} MB`);
}

/** @throws Error with what the process says of a bad input, or that it hangs in one. */
async function runBlocks(setup: FuzzSetup): Promise<FuzzBlock[]> {
  const child = Bun.spawn([process.execPath, file, JSON.stringify(setup)], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const done: FuzzBlock[] = [];
  let isHanging = false;
  const hang = (): void => {
    isHanging = true;
    child.kill('SIGKILL');
  };
  let watchdog = setTimeout(hang, hangMs);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of child.stdout) {
    clearTimeout(watchdog);
    watchdog = setTimeout(hang, hangMs);
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const block = JSON.parse(line) as FuzzBlock | { readonly alive: true };
      if ('done' in block) done.push(block);
    }
  }
  clearTimeout(watchdog);
  const fault = await child.stderr.text();
  const reached = done.at(-1)?.done ?? 0;
  must(!isHanging, `${setup.name}: seed ${setup.seed} hangs in the block after input ${reached}`);
  must((await child.exited) === 0, fault.trim());
  return done;
}
