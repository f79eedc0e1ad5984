import { expect, setDefaultTimeout, test } from 'bun:test';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('a key gets a new secret by its name, and the list shows the old one', async () => {
  await using home = await temporaryDirectory();
  const run = (line: string) => zeke(line.split(' '), { home: home.path });
  const before = (await run('keys create laptop')).stdout.trim();
  const rotated = await run('keys rotate laptop --grace 7d');
  const after = rotated.stdout.trim();
  expect(after).toMatch(/^zk-[\w-]{43}$/);
  expect(after).not.toBe(before);
  expect(rotated.stderr).toContain(`the one ending in ${before.slice(-4)} works until 20`);
  const list = (await run('keys list')).stdout;
  expect(list).toContain(`zk-…${after.slice(-4)}`);
  expect(list).toContain(`active; old zk-…${before.slice(-4)} works until 20`);
  expect(list).toContain(', not used since');

  expect((await run('keys rotate laptop --grace 0')).stderr).toContain(
    `the one ending in ${after.slice(-4)} works no more`,
  );
  const wrong = await run('keys rotate laptop --grace soon');
  expect(wrong).toMatchObject({ code: exitCodes.usage, stdout: '' });
  expect(wrong.stderr).toContain('--grace: "soon" is no length of time');
});
