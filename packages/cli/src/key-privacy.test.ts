import { expect, setDefaultTimeout, test } from 'bun:test';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('a key is made local only, and let go again', async () => {
  await using stack = new AsyncDisposableStack();
  const { path: home } = stack.use(await temporaryDirectory());
  const run = (args: string) => zeke(args.split(' '), { home });
  await run('keys create laptop --privacy local_only');
  expect((await run('keys list')).stdout).toContain('active; local only\n');
  expect((await run('keys privacy laptop any')).stdout).toContain('has the privacy any\n');
  expect((await run('keys list')).stdout).not.toContain('local only');
  const wrong = await run('keys privacy laptop some');
  expect(wrong.code).toBe(exitCodes.usage);
  expect(wrong.stderr).toContain('any, local_only');
});
