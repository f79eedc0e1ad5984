/**
 * `fuzz-process.ts SETUP`: gives inputs to one target, block after block, with a line of JSON after
 * each. It ends with 1 at the first input that does what none may do.
 */
import { fuzz } from './fuzz-run.ts';
import { fuzzTargets } from './targets.ts';

/** The process's only argument, as JSON. */
export interface FuzzSetup {
  readonly name: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  readonly blocks: number;
}

/** After each block, with all garbage collected. */
export interface FuzzBlock {
  /** Inputs so far. */
  readonly done: number;
  readonly bytes: number;
  readonly slowest: number;
  readonly slowestMs: number;
  readonly heapMb: number;
  readonly rssMb: number;
  /** The most that the process has ever had. */
  readonly peakMb: number;
}

/** A look at the clock, so that whoever waits for a block sees that inputs get done, in milliseconds. */
const aliveEveryMs = 1_000;

await main();

async function main(): Promise<void> {
  // Inputs are refused by errors, millions of times, and nobody reads where each was made.
  Error.stackTraceLimit = 3;
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const { name, seed, first, count, blocks } = JSON.parse(process.argv[2] ?? '{}') as FuzzSetup;
  const target = fuzzTargets[name]?.make();
  if (target === undefined) throw new Error(`there is no target ${name}`);
  const alive = setInterval(() => say({ alive: true }), aliveEveryMs);
  for (let block = 0; block < blocks; block++) {
    const from = first + Math.floor((count * block) / blocks);
    const until = first + Math.floor((count * (block + 1)) / blocks);
    const options = { name, target, seed, first: from, count: until - from };
    const { bytes, slowest, slowestMs } = await fuzz(options).catch(fail);
    Bun.gc(true);
    const memory = process.memoryUsage();
    const line: FuzzBlock = {
      done: until - first,
      bytes,
      slowest,
      slowestMs,
      heapMb: memory.heapUsed / 1e6,
      rssMb: memory.rss / 1e6,
      peakMb: process.resourceUsage().maxRSS / 1e3,
    };
    say({ ...line });
  }
  clearInterval(alive);
}

function fail(reason: unknown): never {
  process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exit(1);
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
