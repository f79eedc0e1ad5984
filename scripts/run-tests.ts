/**
 * Runs all checks and all tests, and ends with the line `N passed, N failed`. A check counts as one
 * test. With `CI=true` a skipped test is a failure.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lineCoverage } from './line-coverage.ts';
import { filesBlamedForRuntime, testFailures } from './test-failures.ts';

/** Of the lines of `packages/rpc`, which is a library for others. */
const leastRpcCoverage = 0.9;

const checks: [name: string, command: string[]][] = [
  ['biome', ['biome', 'check', '.']],
  ['tsc', ['tsc', '--noEmit']],
  ['tsc of the published package', ['tsc', '--noEmit', '-p', 'packages/rpc']],
  ['knip', ['knip']],
];

let passed = 0;
let failed = 0;

for (const [name, command] of checks) {
  const startedAt = performance.now();
  const { exitCode, output } = await run(command);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`${exitCode === 0 ? 'pass' : 'FAIL'} ${name} (${seconds} s)`);
  if (exitCode === 0) passed++;
  else {
    failed++;
    console.log(output);
  }
}

const workers = String(Math.min(4, availableParallelism()));
const selection = Bun.argv.slice(2);
const reports = mkdtempSync(join(tmpdir(), 'zeke-coverage-'));
const coverage = ['--coverage', '--coverage-reporter=lcov', `--coverage-dir=${reports}`];
const tests = await run(
  [
    ...['bun', 'test', `--parallel=${workers}`, '--timeout=20000', '--dots'],
    ...(selection.length === 0 ? coverage : selection),
  ],
  true,
);
const count = (word: string) =>
  Number(new RegExp(`^ *(\\d+) ${word}$`, 'm').exec(tests.output)?.[1] ?? 0);
const skipped = count('skip');
const failures = await failuresLeft(count('fail'));
passed += count('pass') + count('fail') - failures;
failed += failures;
if (selection.length === 0) {
  const { share, unloaded } = lineCoverage(join(reports, 'lcov.info'), 'packages/rpc/src');
  const percent = (share * 100).toFixed(1);
  const isEnough = share >= leastRpcCoverage;
  console.log(`${isEnough ? 'pass' : 'FAIL'} line coverage of packages/rpc: ${percent} %`);
  if (unloaded.length > 0) console.log(`     run by other processes only: ${unloaded.join(', ')}`);
  if (isEnough) passed++;
  else failed++;
}
rmSync(reports, { recursive: true });
if (count('pass') + count('fail') === 0 || (tests.exitCode !== 0 && count('fail') === 0)) failed++;
if (skipped > 0 && process.env.CI === 'true') {
  console.log(`${skipped} tests were skipped, which is a failure where CI=true`);
  failed += skipped;
}
if (failures > 0) {
  for (const { file, test } of testFailures(tests.output)) console.log(`FAIL ${file}: ${test}`);
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

/** How many failures are left after files that only the runtime made fail were run once more, alone. */
async function failuresLeft(before: number): Promise<number> {
  const files = filesBlamedForRuntime(testFailures(tests.output));
  if (files === undefined) return before;
  console.log(`once more, since the runtime's QUIC threw: ${files.join(', ')}`);
  const again = ['bun', 'test', '--timeout=20000', '--dots', ...files];
  return (await run(again, true)).exitCode === 0 ? 0 : before;
}

/** Runs a command of `node_modules/.bin`; with `live`, its output is shown as it comes. */
async function run(command: string[], live = false): Promise<{ exitCode: number; output: string }> {
  const child = Bun.spawn(command, {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, PATH: `${process.cwd()}/node_modules/.bin:${process.env.PATH}` },
  });
  let output = '';
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true });
      output += text;
      if (live) process.stdout.write(text);
    }
  };
  await Promise.all([collect(child.stdout), collect(child.stderr)]);
  return { exitCode: await child.exited, output };
}
