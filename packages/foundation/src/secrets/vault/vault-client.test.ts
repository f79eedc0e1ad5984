import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import type { VaultConfig } from '../../config/vault-config.ts';
import { Secret } from '../secret.ts';
import { VaultClient } from './vault-client.ts';
import { VaultConnections } from './vault-connections.ts';

const config: VaultConfig = {
  address: 'http://127.0.0.1:8200',
  mount: 'secret',
  login: {
    kind: 'approle',
    mount: 'approle',
    roleId: new Secret('the-role'),
    secretId: new Secret('the-secret-id'),
  },
  timeoutMs: 1_000,
  refreshMs: 60_000,
};

const goodLogin = { auth: { client_token: 'hvs.x', lease_duration: 60, renewable: true } };

/** A Vault that answers as the script says, whatever it is asked. */
function scripted(answer: (path: string) => Response): typeof fetch {
  const answering = async (input: string | URL | Request) =>
    answer(new URL(String(input)).pathname);
  return Object.assign(answering, { preconnect: () => {} }) as typeof fetch;
}

function clientOf(answer: (path: string) => Response): VaultClient {
  return new VaultClient({ config, fetch: scripted(answer), now: () => 0, wait: async () => {} });
}

/** What is read, by key, or the error. */
async function outcome(
  client: VaultClient,
): Promise<Record<string, string | undefined> | RpcError> {
  try {
    const values = await client.read('a');
    return Object.fromEntries([...values].map(([key, value]) => [key, value?.reveal()]));
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}

describe('whatever a server answers', () => {
  const status = fc.constantFrom(200, 204, 301, 400, 403, 404, 412, 429, 472, 500, 503);
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ auth: value, data: value, errors: [value] })),
    fc.jsonValue().map((value) => JSON.stringify({ data: { data: value }, auth: goodLogin.auth })),
    fc
      .record({ client_token: fc.jsonValue(), lease_duration: fc.jsonValue() })
      .map((auth) => JSON.stringify({ auth, data: { data: { a: 'b' } } })),
  );

  test('is values or an error, and no error holds what was sent', async () => {
    await fc.assert(
      fc.asyncProperty(status, body, status, body, async (loginStatus, login, readStatus, read) => {
        const empty = (code: number) => code === 204 || code === 301;
        const found = await outcome(
          clientOf((path) => {
            const isLogin = path.endsWith('/login');
            const code = isLogin ? loginStatus : readStatus;
            const text = isLogin ? login : read;
            return new Response(empty(code) ? null : text, { status: code });
          }),
        );
        if (found instanceof RpcError) expect(found.message).not.toMatch(/the-role|the-secret-id/);
        else {
          const { data } = JSON.parse(read);
          expect(Object.keys(found)).toEqual(Object.keys(data.data));
        }
      }),
    );
  });

  test('that never ends is cut off', async () => {
    const flood = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
        }),
      );
    const found = await outcome(clientOf(flood));
    expect(found).toBeInstanceOf(RpcError);
    expect(String(found)).toContain('it says too much');
  });
});

test('what a server sends back of a credential is not told', async () => {
  const echo = () =>
    Response.json({ errors: ['invalid secret_id "the-secret-id" of the-role'] }, { status: 400 });
  const found = await outcome(clientOf(echo));
  expect(String(found)).toContain('refused the login');
  expect(String(found)).toContain('invalid secret_id "[redacted]" of [redacted]');
});

test('a path is one path, whatever is in it', async () => {
  const asked: string[] = [];
  const client = clientOf((path) => {
    asked.push(path);
    return Response.json(path.endsWith('login') ? goodLogin : { data: { data: {} } });
  });
  await client.read('a b/ü%2f/c&d');
  expect(asked[1]).toBe('/v1/secret/data/a%20b/%C3%BC%252f/c%26d');
});

test('a token without an end is never renewed, and one that is configured is asked about once', async () => {
  const asked: string[] = [];
  let time = 0;
  const fetching = scripted((path) => {
    asked.push(path);
    if (path.endsWith('lookup-self')) return Response.json({ data: { ttl: 0, renewable: false } });
    return Response.json({ data: { data: { key: 'value' } } });
  });
  const connections = new VaultConnections({ fetch: fetching, now: () => time });
  const withToken: VaultConfig = { ...config, login: { kind: 'token', token: new Secret('t') } };
  for (time = 0; time < 10 ** 12; time += 10 ** 11) {
    const reader = await connections.open(withToken);
    expect(await reader.read('a', 'key')).toEqual({ ok: true, value: 'value' });
    expect(reader.freshMs()).toBe(60_000);
  }
  expect(asked.filter((path) => path.includes('/auth/'))).toEqual(['/v1/auth/token/lookup-self']);
});

test('many who ask at once log in once', async () => {
  const asked: string[] = [];
  const client = clientOf((path) => {
    asked.push(path);
    return Response.json(path.endsWith('login') ? goodLogin : { data: { data: { a: path } } });
  });
  await Promise.all(['a', 'b', 'c'].map((path) => client.read(path)));
  expect(asked.filter((path) => path.endsWith('/login'))).toHaveLength(1);
});
