import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { startOpenAiEmulator } from '@zeke/emulators';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('providers list counts the keys of a pool, and test says which one is refused', async () => {
  await using stack = new AsyncDisposableStack();
  const { path: home } = stack.use(await temporaryDirectory());
  const openai = stack.use(startOpenAiEmulator({ apiKeys: ['sk-good-key-of-main'] }));
  const file = join(home, 'zeke.toml');
  await Bun.write(
    file,
    `[providers.work]\ntype = "openai"\nbase_url = "${openai.url}/v1"\n[providers.work.api_keys]\nmain = "sk-good-key-of-main"\nspare = "sk-bad-key-of-spare"\n`,
  );
  const options = { home, environment: {} };
  const list = await zeke(['providers', 'list', '--config', file], options);
  expect(list.stdout).toContain('zeke.toml:2, 2 keys\n');
  const tested = await zeke(['providers', 'test', '--config', file], options);
  expect(tested.code).toBe(exitCodes.ok);
  expect(tested.stdout).toMatch(/ok +work, key main \([0-9a-f]{8}\)/);
  expect(tested.stdout).toMatch(
    /failed +work, key spare \([0-9a-f]{8}\) +the provider refuses the key/,
  );
  expect(tested.stdout + tested.stderr).not.toContain('sk-');
});
