import { expect, setDefaultTimeout, test } from 'bun:test';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('explained, listed, trusted and forgotten, without a daemon', async () => {
  await using home = await temporaryDirectory();
  const cwd = join(home.path, 'shop');
  await mkdir(join(cwd, '.zeke'), { recursive: true });
  await writeFile(join(home.path, 'permissions.toml'), 'deny = [\n  "shell(git push *)",\n]\n');
  await writeFile(join(cwd, '.zeke/permissions.toml'), 'allow = ["shell(npm test *)"]\n');
  const run = (...args: string[]) => zeke(['permissions', ...args], { home: home.path, cwd });

  const before = await run('explain', 'npm test && ls');
  expect(before.stdout).toMatch(
    /^VERDICT +PART +WHY\nask +npm test +no rule allows it\nallow +ls +it only reads\n\nyou would be asked \(mode ask\)\n$/,
  );
  expect(before.stderr).toContain('would remember shell(npm test *)');
  expect(before.stderr).toContain('zeke permissions trust');
  expect((await run('list')).stdout).toContain('not in force: the file is not trusted');

  expect((await run('trust')).stdout).toContain('.zeke/permissions.toml is in force');
  const after = JSON.parse((await run('explain', '--json', '--mode', 'plan', 'git push')).stdout);
  expect(after).toMatchObject({
    mode: 'plan',
    verdict: 'deny',
    parts: [{ text: 'git push', rule: 'shell(git push *)', origin: 'permissions.toml:2' }],
  });
  expect((await run('explain', 'npm test')).stdout).toContain('it would run (mode ask)');

  expect(await run('forget')).toMatchObject({ code: exitCodes.usage });
  expect(await run('forget', 'shell(x)')).toMatchObject({ code: exitCodes.notFound });
  expect((await run('forget', '--all')).stdout).toBe('forgot 0 rules\n');

  await writeFile(join(home.path, 'permissions.toml'), 'deny = [\n  "shell(",\n]\n');
  const faulty = await run('list');
  expect(faulty.code).toBe(exitCodes.configuration);
  expect(faulty.stderr).toContain('permissions.toml:2 deny: "shell(" is no rule');
});
