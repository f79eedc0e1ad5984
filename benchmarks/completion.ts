/**
 * `bun run benchmarks/completion.ts`: what a completion costs beside the model's own time. The floor is the
 * same model asked directly, in the same run, turn by turn; it begins its answer after a fixed time, and without a
 * delay where only our own time is to be seen. With the
 * local completer over this repository, related texts of open documents, and the cache. Prints a
 * Markdown table.
 */
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import {
  Completer,
  type CompletionRequest,
  type FillEvent,
  type FillRequest,
  LocalCompleters,
  type ModelClient,
} from '@zeke/assistant';
import { createLogger } from '@zeke/foundation';
import { figure, markdownTable } from './gateway/report/markdown.ts';

const rounds = 200;
const firstMs = 20;
const answer = 'const total = lines.reduce((sum, line) => sum + line.length, 0);';
const pieces = answer.match(/.{1,8}/g) ?? [];
const signal = new AbortController().signal;
const repository = join(import.meta.dirname, '..');
const project = { root: repository, name: 'zeke' };

let delayMs = firstMs;

/** Begins after a fixed time, and then answers at once. */
const model: ModelClient = {
  // biome-ignore lint/correctness/useYield: it is never asked in words.
  generate: async function* () {
    throw new Error('it fills');
  },
  fill: async function* (): AsyncGenerator<FillEvent> {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    for (const text of pieces) yield { type: 'text', text };
    yield { type: 'finish', usage: {}, model: 'scripted/coder' };
  },
  models: async () => [{ id: 'scripted/coder', canFill: true }],
};

await using local = new LocalCompleters({ environment: { PATH: process.env.PATH ?? '' } });
await local.of(repository).ready();
const rows: string[][] = [];
for (const kilobytes of [4, 100, 1_000]) rows.push(...(await measured(kilobytes)));
console.log(`Bun ${Bun.version}, Linux ${release()}, ${cpus()[0]?.model}, ${new Date().toISOString()}
${rounds} completions each; the model begins its answer after ${firstMs} ms.\n`);
const header = [
  'document',
  'what',
  'p50 ms',
  'p95 ms',
  'p50 processor ms',
  'p95 processor ms',
  'median to the floor',
];
console.log(markdownTable(header, rows));

async function measured(kilobytes: number): Promise<string[][]> {
  await using completer = new Completer({
    local: ({ root }) => local.of(root),
    models: model,
    model: 'scripted/coder',
    cache: { maxEntries: 10_000, ttlMs: 3_600_000 },
    log: createLogger({ level: 'silent' }),
  });
  const direct: Took[] = [];
  const asked: Took[] = [];
  const cached: Took[] = [];
  const alone: Took[] = [];
  const own: Took[] = [];
  for (let round = -20; round < rounds; round++) {
    const request = requestOf(kilobytes, round);
    const floor = await timed(askDirectly);
    const whole = await timed(() => completer.complete(request, signal));
    const hit = await timed(() => completer.complete(request, signal));
    const aside = await timed(() => completer.complete({ ...request, localOnly: true }, signal));
    delayMs = 0;
    const other = { ...request, prefix: `${request.prefix}/* at once */ ` };
    const atOnce = await timed(() => completer.complete(other, signal));
    delayMs = firstMs;
    if (round < 0) continue;
    direct.push(floor);
    asked.push(whole);
    cached.push(hit);
    alone.push(aside);
    own.push(atOnce);
  }
  const row = (what: string, took: readonly Took[]) => [
    `${kilobytes} KB`,
    what,
    figure(percentile(took, 0.5)),
    figure(percentile(took, 0.95)),
    figure(percentile(took, 0.5, 'processorMs')),
    figure(percentile(took, 0.95, 'processorMs')),
    figure(percentile(took, 0.5) / percentile(direct, 0.5)),
  ];
  return [
    row('floor: the model directly', direct),
    row('through the completer', asked),
    row('through the completer, model without a delay', own),
    row('out of its cache', cached),
    row('local only', alone),
  ];
}

async function askDirectly(): Promise<void> {
  const request: FillRequest = {
    model: 'scripted/coder',
    prefix: '',
    suffix: '',
    maxOutputTokens: 80,
  };
  for await (const _ of model.fill(request, signal)) {
    // Read to its end, as the completer does.
  }
}

interface Took {
  readonly ms: number;
  /** Of all threads; other programs make it no longer. */
  readonly processorMs: number;
}

async function timed(work: () => Promise<unknown>): Promise<Took> {
  const used = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  const { system, user } = process.cpuUsage(used);
  return { ms, processorMs: (system + user) / 1_000 };
}

/** Somewhere else in each round, so that nothing is known of it; a key was typed at the cursor since. */
function requestOf(kilobytes: number, round: number): CompletionRequest {
  const lines = `export function size${kilobytes}(lines: string[]): number {\n  return lines.length;\n}\n`;
  const half = lines.repeat(Math.ceil((kilobytes * 500) / lines.length));
  return {
    project,
    filePath: join(repository, `packages/assistant/src/sized-${kilobytes}.ts`),
    language: 'typescript',
    prefix: `${half}function round${round + 20}(lines: string[]): void {\n  `,
    suffix: `\n}\n${half}`,
    trigger: 'explicit',
    context: {
      openDocuments: [1, 2, 3].map((number) => ({
        filePath: join(repository, `open-${number}.ts`),
        text: half.slice(0, 20_000),
      })),
    },
  };
}

function percentile(took: readonly Took[], share: number, of: keyof Took = 'ms'): number {
  const sorted = Float64Array.from(took, (each) => each[of]).sort();
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
