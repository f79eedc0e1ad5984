import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import fc from 'fast-check';
import { operator, TokenGateway } from '../../governance/identity/testing/token-gateway.ts';

const signingKeys = new Map([['k1', new Secret('a-signing-key-of-32-bytes-or-more')]]);
const oauth = { tokenTtlMs: 600_000 };

interface Client {
  id: string;
  secret: string;
}

let gateway: TokenGateway;
let client: Client;

beforeAll(async () => {
  gateway = await TokenGateway.start({ oauth, signingKeys });
  client = await made({ name: 'ci', scopes: ['inference', 'admin'], user_id: gateway.ada.id });
});

afterAll(() => gateway[Symbol.asyncDispose]());

async function made(body: object, from = gateway): Promise<Client> {
  const response = await from.test.post('/admin/keys', body, operator);
  return (await response.json()) as Client;
}

const basic = ({ id, secret }: Client) => ({
  authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`,
});

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function ask(
  form: Record<string, string> | string,
  headers: Record<string, string> = {},
  { from = gateway, peer }: { from?: TokenGateway; peer?: string } = {},
): Promise<Answer> {
  const request = new Request('http://127.0.0.1/oauth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
  const response = await from.test.gateway.handle(request, peer ? () => peer : undefined);
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

const grant = { grant_type: 'client_credentials' };

async function tokenOf(of = client, form: object = {}, from = gateway): Promise<string> {
  const { body } = await ask({ ...grant, ...form }, basic(of), { from });
  return String(body.access_token);
}

const models = (token: string, from = gateway) =>
  from.test.get('/v1/models', { authorization: `Bearer ${token}` });

test('a client gets a token by a header and in the body, which stands for its key', async () => {
  const form = { ...grant, client_id: client.id, client_secret: client.secret };
  for (const { body, headers, status } of [await ask(grant, basic(client)), await ask(form)]) {
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toStartWith('application/json');
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'inference admin',
    });
    expect(String(body.access_token)).not.toContain(client.secret.slice(3));
  }
  const answer = await gateway.answer(await tokenOf());
  expect(answer.status).toBe(200);
  const row = (await gateway.test.ledger()).at(-1);
  expect(row).toMatchObject({ key_id: client.id, user_id: gateway.ada.id, org_id: gateway.org.id });
});

test('a token ends with its time, with its key, and with the signing key', async () => {
  const short = await made({ name: 'short' });
  const token = await tokenOf(short);
  expect((await models(token)).status).toBe(200);
  gateway.clock.ms += 604_999;
  expect((await models(token)).status).toBe(200);
  gateway.clock.ms += 1;
  expect((await models(token)).status).toBe(401);

  const other = await tokenOf(short);
  expect((await models(other)).status).toBe(200);
  await gateway.send('DELETE', `/admin/keys/${short.id}`, operator);
  const revoked = await models(other);
  expect(revoked.status).toBe(401);
  expect(await revoked.text()).toContain('was revoked');

  const third = await tokenOf();
  expect((await models(third)).status).toBe(200);
  const next = new Map([['k2', new Secret('another-signing-key-of-32-bytes-or')]]);
  gateway.configure({ signingKeys: new Map([...next, ...signingKeys]) });
  expect((await models(third)).status).toBe(200);
  expect((await models(await tokenOf())).status).toBe(200);
  gateway.configure({ signingKeys: next });
  expect((await models(third)).status).toBe(401);
  gateway.configure({ signingKeys });
});

test('a token that outlives its key ends with it', async () => {
  const expires = new Date(gateway.clock.ms + 60_000).toISOString();
  const brief = await made({ name: 'brief', expires_at: expires });
  const { body } = await ask(grant, basic(brief));
  expect(body.expires_in).toBe(60);
  const token = String(body.access_token);
  expect((await models(token)).status).toBe(200);
  gateway.clock.ms += 60_000;
  const ended = await models(token);
  expect(ended.status).toBe(401);
  expect(await ended.text()).toContain('has expired');
});

test('a client that uses the secret from before a rotation is told so', async () => {
  const key = await made({ name: 'rotated' });
  await gateway.test.post(`/admin/keys/${key.id}/rotate`, {}, operator);
  const { headers, status } = await ask(grant, basic(key));
  expect(status).toBe(200);
  expect(headers.get('x-zeke-key-deprecated')).toContain('was rotated; until=2026-11-23T');
});

describe('scope', () => {
  test('narrows what the token may', async () => {
    const token = await tokenOf(client, { scope: 'inference' });
    expect((await models(token)).status).toBe(200);
    const keys = await gateway.test.get('/admin/keys', { authorization: `Bearer ${token}` });
    expect(keys.status).toBe(403);
  });

  test('beyond what the key has is refused', async () => {
    const plain = await made({ name: 'plain' });
    for (const scope of ['admin', 'inference admin', 'openid']) {
      expect(await ask({ ...grant, scope }, basic(plain))).toMatchObject({
        status: 400,
        body: { error: 'invalid_scope', error_description: expect.stringContaining('scope') },
      });
    }
  });
});

describe('refused as RFC 6749 has it', () => {
  const wrong = { id: 'key_none', secret: `zk-${'A'.repeat(43)}` };
  const own = () => ({ ...grant, client_id: client.id, client_secret: client.secret });
  test.each<
    [string, () => [Record<string, string> | string, Record<string, string>?], number, string]
  >([
    ['no grant_type', () => [{}, basic(client)], 400, 'invalid_request'],
    [
      'another grant_type',
      () => [{ grant_type: 'password' }, basic(client)],
      400,
      'unsupported_grant_type',
    ],
    ['no client', () => [grant], 401, 'invalid_client'],
    ['a wrong client', () => [grant, basic(wrong)], 401, 'invalid_client'],
    [
      'the key of another id',
      () => [grant, basic({ ...client, id: 'key_other' })],
      401,
      'invalid_client',
    ],
    ['an id without its key', () => [{ ...grant, client_id: client.id }], 401, 'invalid_client'],
    [
      'a bearer',
      () => [grant, { authorization: `Bearer ${client.secret}` }],
      401,
      'invalid_client',
    ],
    ['a Basic that is none', () => [grant, { authorization: 'Basic %%%' }], 401, 'invalid_client'],
    [
      'a Basic without colon',
      () => [grant, { authorization: `Basic ${btoa('x')}` }],
      401,
      'invalid_client',
    ],
    [
      'a Basic with a broken escape',
      () => [grant, { authorization: `Basic ${btoa('a%:b')}` }],
      401,
      'invalid_client',
    ],
    ['both ways', () => [own(), basic(client)], 400, 'invalid_request'],
    ['two ids', () => [{ ...grant, client_id: 'other' }, basic(client)], 400, 'invalid_request'],
    [
      'a parameter twice',
      () => ['grant_type=client_credentials&grant_type=x', basic(client)],
      400,
      'invalid_request',
    ],
    [
      'JSON',
      () => [JSON.stringify(grant), { ...basic(client), 'content-type': 'application/json' }],
      400,
      'invalid_request',
    ],
    [
      'a long body',
      () => [{ ...grant, x: 'x'.repeat(20_000) }, basic(client)],
      413,
      'invalid_request',
    ],
    [
      'many parameters',
      () => [Array.from({ length: 60 }, (_, n) => `p${n}=1`).join('&'), basic(client)],
      400,
      'invalid_request',
    ],
  ])('%s', async (_, make, status, error) => {
    const answer = await ask(...make());
    expect(answer).toMatchObject({ status, body: { error } });
    expect(answer.body).not.toHaveProperty('access_token');
    expect(String(answer.body.error_description)).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.has('www-authenticate')).toBe(status === 401);
    const said = JSON.stringify([answer.body, gateway.test.logged]);
    expect(said).not.toContain(client.secret.slice(3));
    expect(said).not.toContain('AAAAAAAA');
  });

  test('whatever the header is, an error of the table and no token', async () => {
    const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
    const authorization = fc.oneof(
      printable,
      printable.map((text) => `Basic ${text}`),
      printable.map((text) => `Basic ${btoa(text)}`),
    );
    await fc.assert(
      fc.asyncProperty(authorization, async (header) => {
        const { body, status } = await ask(grant, { authorization: header });
        expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_client' });
      }),
      { numRuns: 100 },
    );
  });

  test('whatever a body is, an error of the table and no token', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        const { body, status } = await ask(text);
        expect([400, 401]).toContain(status);
        expect(body.error).toBeString();
      }),
      { numRuns: 100 },
    );
  });
});

test('wrong clients are throttled by address and on the audit log', async () => {
  await using fresh = await TokenGateway.start({ oauth, signingKeys });
  const good = await made({ name: 'ci' }, fresh);
  const wrong = { ...good, secret: `zk-${'B'.repeat(43)}` };
  const place = { from: fresh, peer: '203.0.113.7' };
  const statuses = [];
  for (let count = 0; count < 21; count++) {
    statuses.push((await ask(grant, basic(wrong), place)).status);
  }
  expect(statuses).toEqual([...Array(20).fill(401), 429]);
  const last = await ask(grant, basic(wrong), place);
  expect(last.body.error).toBe('temporarily_unavailable');
  expect(last.headers.has('retry-after')).toBe(true);
  await fresh.test.gateway.settled();
  const audit = await (await fresh.test.get('/admin/audit?action=auth.failure', operator)).text();
  expect(audit).toContain('oauth-token');
  expect((await ask(grant, basic(good), place)).status).toBe(200);
});

test('what another kind of our tokens is, is no access token', async () => {
  const { OwnTokens } = await import('../../governance/identity/own-tokens.ts');
  const own = new OwnTokens(signingKeys, () => gateway.clock.ms);
  const claims = { sub: client.id, scope: 'inference' };
  expect((await models(own.issue('access', claims, 60_000))).status).toBe(200);
  for (const kind of ['login', 'code'] as const) {
    expect((await models(own.issue(kind, claims, 60_000))).status).toBe(401);
  }
  expect((await models(own.issue('access', { scope: 'inference' }, 60_000))).status).toBe(401);
});

test('the metadata of RFC 8414, by the address that was asked or the one that is configured', async () => {
  const get = async () =>
    (await (await gateway.test.get('/.well-known/oauth-authorization-server')).json()) as object;
  expect(await get()).toEqual({
    issuer: 'http://127.0.0.1',
    token_endpoint: 'http://127.0.0.1/oauth/token',
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    scopes_supported: ['inference', 'admin'],
  });
  gateway.configure({ publicUrl: 'https://zeke.example.com' });
  expect(await get()).toMatchObject({ token_endpoint: 'https://zeke.example.com/oauth/token' });
});

test('where it is off there is neither token nor metadata', async () => {
  await using off = await TokenGateway.start({});
  const { body, status } = await ask(grant, basic(client), { from: off });
  expect(status).toBe(404);
  expect(body.error_description).toContain('auth.oauth.enabled');
  expect((await off.test.get('/.well-known/oauth-authorization-server')).status).toBe(404);
});
