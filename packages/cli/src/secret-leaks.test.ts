import { expect, setDefaultTimeout, test } from 'bun:test';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startOpenAiEmulator, startVaultEmulator } from '@zeke/emulators';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { processTimeoutMs, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

/** Every secret of this test has the word in it, but for master keys, which have no words. */
const word = 'planted';
const masterKey = 'a1b2c3d4'.repeat(8);
const adminKey = `admin-key-${word}-1`;

test('no output of a run tells a secret, also where keys are replaced, refused and missing', async () => {
  await using home = await temporaryDirectory();
  const apiKeys = [`sk-${word}-old-0001`];
  await using vendor = startOpenAiEmulator({ apiKeys });
  await using vault = startVaultEmulator({
    appRoles: [
      {
        roleId: `role-${word}`,
        secretId: `secret-id-${word}`,
        reads: ['secret/data/zeke/'],
        ttlSeconds: 600,
      },
    ],
  });
  vault.write('zeke/openai', { key: apiKeys[0] });
  await writeFile(join(home.path, 'header'), `header-${word}`, { mode: 0o600 });
  await writeFile(
    join(home.path, 'zeke.toml'),
    `[auth]
require_auth = true
admin_api_key = "secret:admin"
[telemetry]
log_level = "trace"
[budgets]
webhook_url = "http://127.0.0.1:9/"
webhook_secret = "env:HOOK_SECRET"
[vault]
address = "${vault.url}"
role_id = "env:VAULT_ROLE"
refresh_interval_ms = 1000
[providers.a]
type = "openai"
base_url = "${vendor.url}/v1"
api_key = "vault:zeke/openai#key"
[providers.a.headers]
x-extra = "file:header"
[providers.b]
type = "openai"
base_url = "${vendor.url}/v1"
api_key = "sk-${word}-wrong-0002"
`,
  );
  const environment = {
    ZEKE_SECRETS_KEY: masterKey,
    ZEKE_VAULT_SECRET_ID: `secret-id-${word}`,
    VAULT_ROLE: `role-${word}`,
    HOOK_SECRET: `hook-${word}`,
  };
  const run = (line: string, input?: string) =>
    zeke(line.split(' '), {
      home: home.path,
      environment,
      ...(input === undefined ? {} : { input }),
    });
  const said: string[] = [];
  const tell = async (line: string, input?: string) => {
    const { code, stderr, stdout } = await run(line, input);
    said.push(stdout, stderr);
    return code;
  };
  // What is missing yet is told by its name.
  await tell('up');
  expect(said.join('')).toContain('there is no secret called admin');
  await tell('secrets set admin', adminKey);
  await using server = await zekeUp([], { home: home.path, environment });
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(server.url + path, {
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    said.push(text, JSON.stringify([...response.headers]));
    return { status: response.status, text };
  };
  const chat = async (model: string) => {
    const messages = [{ role: 'user', content: 'hi' }];
    return (await ask('/v1/chat/completions', { model, messages })).status;
  };
  expect(await chat('a/gpt-4o')).toBe(200);
  apiKeys[0] = `sk-${word}-new-0003`;
  vault.write('zeke/openai', { key: apiKeys[0] });
  expect(await chat('a/gpt-4o')).toBe(200);
  expect(await chat('b/gpt-4o')).toBe(502);
  vault.delete('zeke/openai');
  await server.stderr.until(/has nothing for zeke\/openai/);
  expect(await chat('a/gpt-4o')).toBe(200);
  for (const path of ['/metrics', '/status', '/health', '/omen/providers', '/admin/audit', '/']) {
    expect((await ask(path)).status).toBe(200);
  }
  const { pid } = JSON.parse(await readFile(join(home.path, 'running.json'), 'utf8'));
  said.push(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  for (const line of [
    'config show',
    'doctor',
    'providers test b',
    'audit export',
    'secrets list',
  ]) {
    await tell(line);
  }
  vault.write('zeke/openai', { key: apiKeys[0] });
  await tell('config show --json');
  expect(said.join('')).toContain('vault:zeke/openai#key');
  server.kill('SIGTERM');
  await server.exited;
  // The token of the login was given back.
  expect(vault.tokens).toEqual([]);
  said.push(server.stdout.text, server.stderr.text);
  const all = said.join('\n');
  expect(all.length).toBeGreaterThan(5_000);
  expect(all).not.toContain(word);
  expect(all).not.toContain(masterKey.slice(0, 16));
  expect(all).not.toContain('hvs.');
});
