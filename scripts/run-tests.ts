/**
 * Runs all checks and all tests, and ends with the line `N passed, N failed`. A check counts as one
 * test. With `CI=true` a skipped test is a failure.
 */
import { availableParallelism } from 'node:os';

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
const tests = await run(
  ['bun', 'test', `--parallel=${workers}`, '--timeout=20000', '--dots', ...Bun.argv.slice(2)],
  true,
);
const count = (word: string) =>
  Number(new RegExp(`^ *(\\d+) ${word}$`, 'm').exec(tests.output)?.[1] ?? 0);
const skipped = count('skip');
passed += count('pass');
failed += count('fail');
if (count('pass') + count('fail') === 0 || (tests.exitCode !== 0 && count('fail') === 0)) failed++;
if (skipped > 0 && process.env.CI === 'true') {
  console.log(`${skipped} tests were skipped, which is a failure where CI=true`);
  failed += skipped;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

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
