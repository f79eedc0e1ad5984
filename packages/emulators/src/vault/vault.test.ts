import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import createClient from 'node-vault';
import { startVaultEmulator, type VaultEmulator } from './vault.ts';

let time = Date.UTC(2026, 10, 22);
let vault: VaultEmulator;

const role = { roleId: 'role', secretId: 'secret-id', reads: ['secret/data/zeke/'] };

beforeEach(async () => {
  await vault?.stop();
  vault = startVaultEmulator({
    now: () => time,
    rootToken: 'root',
    appRoles: [
      { ...role, ttlSeconds: 60, maxTtlSeconds: 100 },
      { ...role, roleId: 'short', ttlSeconds: 60, renewable: false },
    ],
  });
});
afterAll(() => vault.stop());

const client = (token?: string) =>
  createClient({ endpoint: vault.url, ...(token === undefined ? {} : { token }) });

async function refusalOf(work: Promise<unknown>): Promise<{ status: number; errors: string[] }> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  return { status: error?.response?.statusCode, errors: error?.response?.body?.errors };
}

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(vault.url + path, init);
  return { status: response.status, body: (await response.json()) as { errors?: string[] } };
}

describe('through a client that others wrote', () => {
  test('logs in, reads, renews up to the longest life, and gives back', async () => {
    vault.write('zeke/openai', { api_key: 'sk-1' });
    vault.write('zeke/openai', { api_key: 'sk-2' });
    const node = client();
    const { auth } = await node.approleLogin({ role_id: 'role', secret_id: 'secret-id' });
    expect(auth).toMatchObject({ lease_duration: 60, renewable: true, token_type: 'service' });
    const { data } = await node.read('secret/data/zeke/openai');
    expect(data).toMatchObject({ data: { api_key: 'sk-2' }, metadata: { version: 2 } });
    time += 30_000;
    expect((await node.tokenRenewSelf()).auth.lease_duration).toBe(60);
    time += 50_000;
    const last = await node.tokenRenewSelf();
    expect(last.auth.lease_duration).toBe(20);
    expect(last.warnings[0]).toContain('max_ttl');
    expect((await node.tokenLookupSelf()).data).toMatchObject({ ttl: 20, renewable: true });
    await node.tokenRevokeSelf();
    expect(vault.tokens.map(({ token }) => token)).toEqual(['root']);
    expect(await refusalOf(node.read('secret/data/zeke/openai'))).toEqual({
      status: 403,
      errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'],
    });
  });

  test('refuses logins, paths and tokens', async () => {
    const node = client();
    const wrong = await refusalOf(node.approleLogin({ role_id: 'role', secret_id: 'x' }));
    expect(wrong).toEqual({ status: 400, errors: ['invalid role or secret ID'] });
    await node.approleLogin({ role_id: 'short', secret_id: 'secret-id' });
    const { status, errors } = await refusalOf(node.tokenRenewSelf());
    expect([status, errors]).toEqual([400, ['lease is not renewable']]);
    expect((await refusalOf(node.read('secret/data/other'))).status).toBe(403);
    expect(await refusalOf(node.read('secret/data/zeke/none'))).toEqual({
      status: 404,
      errors: [],
    });
    time += 61_000;
    expect((await refusalOf(node.read('secret/data/zeke/none'))).status).toBe(403);
  });
});

describe('says what is wrong with a request', () => {
  const root = { headers: { 'x-vault-token': 'root' } };

  test('its path, method and body', async () => {
    const post = (body: string) => ask('/v1/auth/approle/login', { method: 'POST', body });
    expect((await post('{')).body.errors).toEqual(['error parsing JSON']);
    expect((await post('{}')).body.errors).toEqual(['missing role_id']);
    expect((await post('{"role_id":"role"}')).body.errors).toEqual(['missing secret_id']);
    expect((await ask('/v1/auth/approle/login')).status).toBe(405);
    expect((await ask('/other')).status).toBe(404);
    expect((await ask('/v1/secret/zeke/x', root)).body).toMatchObject({
      warnings: [expect.stringContaining('Invalid path for a versioned K/V secrets engine')],
    });
    const unknown = await ask('/v1/other/data/x', root);
    expect(unknown.body.errors?.[0]).toContain('no handler for route "other/data/x"');
    expect((await ask('/v1/secret/data/x?version=a', root)).status).toBe(400);
  });

  test('a deleted version, another namespace, a seal', async () => {
    vault.write('zeke/x', { a: 'b' });
    vault.delete('zeke/x');
    const gone = await ask('/v1/secret/data/zeke/x', root);
    expect(gone).toMatchObject({ status: 404, body: { data: { data: null } } });
    const elsewhere = { headers: { ...root.headers, 'x-vault-namespace': 'other' } };
    expect((await ask('/v1/secret/data/zeke/x', elsewhere)).status).toBe(403);
    expect((await ask('/v1/secret/data/zeke/x')).status).toBe(403);
    vault.sealed = true;
    expect(await ask('/v1/secret/data/zeke/x', root)).toEqual({
      status: 503,
      body: { errors: ['Vault is sealed'] },
    });
  });
});
