import { expect, setDefaultTimeout, test } from 'bun:test';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('a key that has used up its requests goes on after a reset by its name', async () => {
  await using home = await temporaryDirectory();
  await Bun.write(
    `${home.path}/zeke.toml`,
    '[auth]\nrequire_auth = true\nadmin_api_key = "the-admin-key-of-tests"\n\n' +
      '[limits]\nenabled = true\ndefault_tier = "one"\n\n' +
      '[limits.tiers.one]\nrequests_per_minute = 1\n',
  );
  const run = (...args: string[]) => zeke(args, { home: home.path });
  await using server = await zekeUp([], { home: home.path });
  const secret = (await run('keys', 'create', 'laptop')).stdout.trim();
  // There is no provider, so who is let through is told 503.
  const ask = async () => {
    const headers = { authorization: `Bearer ${secret}` };
    const body = JSON.stringify({ model: 'none/none', messages: [] });
    const url = `${server.url}/v1/chat/completions`;
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };
  expect([await ask(), await ask()]).toEqual([503, 429]);
  const reset = await run('keys', 'reset', 'laptop');
  expect(reset).toMatchObject({ code: exitCodes.ok, stderr: '' });
  expect(reset.stdout).toMatch(/^key key_\w+: has all its requests again\n$/);
  expect(await ask()).toBe(503);
  expect((await run('keys', 'reset', '--address', '203.0.113.7')).stdout).toBe(
    'address 203.0.113.7: nothing was lacking\n',
  );

  for (const args of [[], ['laptop', '--address', '203.0.113.7']]) {
    const wrong = await run('keys', 'reset', ...args);
    expect(wrong).toMatchObject({ code: exitCodes.usage, stdout: '' });
    expect(wrong.stderr).toContain('name one to reset: a key, or one by --user');
  }
});
