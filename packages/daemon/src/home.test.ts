import { expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, loadConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { compose } from './compose.ts';
import { home } from './home.ts';

const toml = `[auth]
require_auth = true
admin_api_key = "the-admin-key-of-this-test"
signing_keys = { k = "a-signing-key-of-32-bytes-or-more" }
[auth.oidc]
issuer = "https://login.example"
client_id = "zeke"
org = "acme"
[providers.rack]
type = "compatible"
base_url = "http://127.0.0.1:9/v1"
models = ["m"]
`;

test('who is logged in in this browser is greeted, and sees the providers; nobody else does', async () => {
  await using folder = await temporaryDirectory();
  await writeFile(join(folder.path, 'zeke.toml'), toml);
  const environment = { ZEKE_HOME: folder.path };
  const loaded = await loadConfig({ cwd: folder.path, environment });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  await using parts = await compose({
    config: loaded.config,
    environment,
    fetch,
    now: Date.now,
    log: createLogger({ level: 'silent' }),
  });
  const page = async (cookie?: string) => {
    const request = new Request('http://127.0.0.1:8080/', cookie ? { headers: { cookie } } : {});
    return await (await home(request, parts, false)).text();
  };
  const keys = parts.gateway.keys;
  const login = await keys.create({ name: 'login', owner: 'ada', login: 'browser' });
  const key = await keys.create({ name: 'key', owner: 'eve' });

  const inside = await page(`other=1; zeke_session=${login.secret}`);
  expect(inside).toContain('Logged in as <b>ada</b>');
  expect(inside).toContain('<b>rack</b>');
  expect(inside).not.toContain(login.secret);

  await keys.revoke(login.key.id);
  for (const cookie of [
    undefined,
    'other=1',
    `zeke_session=${key.secret}`,
    `zeke_session=${login.secret}`,
  ]) {
    const outside = await page(cookie);
    expect(outside).toContain('/auth/login">Log in</a>');
    expect(outside).not.toContain('rack');
  }
});
