import { expect, setDefaultTimeout, test } from 'bun:test';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

const masterKey = 'ab'.repeat(32);

/** Runs commands on one `$ZEKE_HOME`, and gathers all they say. */
function commandsIn(home: string) {
  const said: string[] = [];
  const run = async (
    line: string,
    input?: string,
    environment = { ZEKE_SECRETS_KEY: masterKey },
  ) => {
    const options = { home, environment, ...(input === undefined ? {} : { input }) };
    const result = await zeke(line.split(' '), options);
    said.push(result.stderr, line.startsWith('secrets get') ? '' : result.stdout);
    return result;
  };
  return { run, said };
}

test('secrets are kept, read, listed, given new values and forgotten, and nothing tells them', async () => {
  await using home = await temporaryDirectory();
  const { run, said } = commandsIn(home.path);
  await writeFile(
    join(home.path, 'zeke.toml'),
    '[providers.a]\ntype = "openai"\napi_key = "secret:a"\n',
  );
  expect((await run('secrets list')).stderr).toContain('there is no secret yet');
  expect(await run('secrets set a', 'sk-planted-1\n')).toMatchObject({
    code: 0,
    stdout: 'kept a, version 1\n',
  });
  expect((await run('secrets rotate a', 'sk-planted-2')).stdout).toBe('kept a, version 2\n');
  await run('secrets set multi', 'planted line one\nplanted line two\n');
  expect((await run('secrets get a')).stdout).toBe('sk-planted-2');
  expect((await run('secrets get multi')).stdout).toBe('planted line one\nplanted line two');
  expect(JSON.parse((await run('secrets get a --json')).stdout).secret).toEqual({
    name: 'a',
    version: 2,
    createdAtMs: expect.any(Number),
    updatedAtMs: expect.any(Number),
  });
  const revealed = await run('secrets get a --json --reveal');
  expect(JSON.parse(revealed.stdout).secret.value).toBe('sk-planted-2');
  expect((await run('secrets list')).stdout).toMatch(/^NAME +VERSION +AGE +SINCE\na +2 +\d+ \w+ /);
  expect((await run('config show')).stdout).toContain('secret:a');
  const deleted = await run('secrets delete a');
  expect(deleted.stdout).toBe('deleted a\n');
  expect(deleted.stderr).toContain('the configuration refers to it: providers.a.api_key');
  expect((await run('config show')).stderr).toContain(
    'zeke.toml:3 providers.a.api_key: there is no secret called a;',
  );
  expect(said.join('')).not.toContain('planted');
  expect(await readFile(join(home.path, 'secrets.json'), 'utf8')).not.toContain('planted');
});

test('what was done is on the audit log, without values', async () => {
  await using home = await temporaryDirectory();
  const { run } = commandsIn(home.path);
  await run('secrets set a', 'sk-planted');
  await run('secrets get a');
  const moved = { ZEKE_SECRETS_KEY: `${'cd'.repeat(32)},${masterKey}` };
  const rotated = await run('secrets rotate', undefined, moved);
  expect(rotated.stdout).toMatch(/^the new master key [0-9a-f]{16}, in ZEKE_SECRETS_KEY, seals 1/);
  await run('secrets delete a', undefined, moved);
  const log = (await run('audit export')).stdout;
  const entries = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const told = entries.map(({ actor, action, objectId, detail }) => [
    actor,
    action,
    objectId,
    detail.version ?? detail.place,
  ]);
  expect(told).toEqual([
    ['local', 'secret.set', 'a', 1],
    ['local', 'secret.read', 'a', 1],
    ['local', 'secret.rotate-master-key', undefined, 'environment'],
    ['local', 'secret.delete', 'a', undefined],
  ]);
  expect(log).not.toContain('planted');
});

test('mistakes change nothing and end with their exit codes', async () => {
  await using home = await temporaryDirectory();
  const { run } = commandsIn(home.path);
  expect((await run('secrets get a')).code).toBe(exitCodes.notFound);
  expect((await run('secrets rotate a', 'x')).code).toBe(exitCodes.notFound);
  expect((await run('secrets delete a')).code).toBe(exitCodes.notFound);
  expect((await run('secrets set a', '')).code).toBe(exitCodes.usage);
  expect((await run('secrets set a value', 'x')).code).toBe(exitCodes.usage);
  expect((await run('secrets set ../a', 'x')).code).toBe(exitCodes.usage);
  expect((await run('secrets rotate')).code).toBe(exitCodes.configuration);
  expect((await run('secrets list')).stderr).toContain('there is no secret yet');
  await run('secrets set a', 'x');
  const other = await run('secrets get a', undefined, { ZEKE_SECRETS_KEY: 'cd'.repeat(32) });
  expect(other).toMatchObject({ code: exitCodes.configuration, stdout: '' });
  expect(other.stderr).toContain('ZEKE_SECRETS_KEY has another');
  // A secret can be kept while the configuration is faulty, which the log then lacks.
  await writeFile(join(home.path, 'zeke.toml'), 'x = 1');
  const faulty = await run('secrets set b', 'y');
  expect(faulty.code).toBe(0);
  expect(faulty.stderr).toContain('not on the audit log: zeke.toml:1 x: there is no such key');
});

test('a person at a terminal types without being seen, and sees a value only when asked to', async () => {
  await using home = await temporaryDirectory();
  /** Runs a command at a terminal, types once the pattern is there, and gives all that was shown. */
  const atTerminal = async (args: string[], pattern?: RegExp, typed = '') => {
    let shown = '';
    let hasTyped = false;
    const child = Bun.spawn([join(import.meta.dir, '../../../zeke'), ...args], {
      cwd: home.path,
      env: { PATH: process.env.PATH ?? '', ZEKE_HOME: home.path, TERM: 'xterm' },
      terminal: {
        data(terminal, bytes) {
          shown += new TextDecoder().decode(bytes);
          if (hasTyped || !pattern?.test(shown)) return;
          hasTyped = true;
          terminal.write(typed);
        },
      },
    });
    await child.exited;
    return shown;
  };
  const asked = await atTerminal(['secrets', 'set', 'a'], /The value of a/, 'sk-planted\r');
  expect(asked).toContain('kept a, version 1');
  expect(asked).not.toContain('planted');
  const facts = await atTerminal(['secrets', 'get', 'a']);
  expect(facts).toMatch(/a, version 1, of \d+ s ago/);
  expect(facts).not.toContain('planted');
  expect(await atTerminal(['secrets', 'get', 'a', '--reveal'])).toContain('sk-planted');
});
