import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { CertificateRuleConfig } from '@zeke/foundation';
import type { ClientCertificate } from '../client-certificate.ts';
import { operator, sharedIssuer, TokenGateway } from './testing/token-gateway.ts';

/* The listener has verified these; here it is about whose they are. */

let gateway: TokenGateway;

beforeAll(async () => {
  gateway = await TokenGateway.start({});
});

afterAll(() => gateway[Symbol.asyncDispose]());

const people: CertificateRuleConfig = {
  name: 'people',
  alternativeName: 'email:*@acme.example',
  holder: { kind: 'member', org: 'acme', user: '*', grants: ['inference'] },
};
const builds: CertificateRuleConfig = {
  name: 'builds',
  subject: ['CN=build', 'O=Acme'],
  holder: { kind: 'member', org: 'acme', team: 'research', grants: ['inference'] },
};

beforeEach(() => gateway.configure({ mtls: [people, builds] }));

let serial = 0;

function certificate(fields: Partial<ClientCertificate> = {}): ClientCertificate {
  serial += 1;
  return {
    subject: ['CN=ada'],
    alternativeNames: ['email:ada@acme.example'],
    fingerprint: serial.toString(16).padStart(64, '0'),
    expiresAtMs: gateway.clock.ms + 3_600_000,
    ...fields,
  };
}

const build = () => certificate({ subject: ['CN=build', 'O=Acme'], alternativeNames: [] });

async function chat(
  shown: ClientCertificate | undefined,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const request = new Request('https://zeke.example/v1/chat/completions', {
    method: 'POST',
    headers,
    body: JSON.stringify({
      model: 'openai/gpt-4.1-mini',
      messages: [{ role: 'user', content: 'hello' }],
    }),
  });
  const response = await gateway.test.gateway.handle(
    request,
    () => '192.0.2.1',
    () => shown,
  );
  return { status: response.status, text: await response.text() };
}

async function lastRow() {
  return (await gateway.test.ledger()).at(-1);
}

async function makeKey(): Promise<{ id: string; secret: string }> {
  const response = await gateway.test.post('/admin/keys', { name: 'ci', owner: 'ci' }, operator);
  return (await response.json()) as { id: string; secret: string };
}

test('a certificate is its user: the ledger, budgets and roles know it as they know a key', async () => {
  expect(await chat(certificate())).toMatchObject({ status: 200 });
  expect(await lastRow()).toMatchObject({
    key_id: `mtls:people:${gateway.ada.id}`,
    owner: 'ada',
    org_id: gateway.org.id,
    user_id: gateway.ada.id,
  });
  const budget = { kind: 'user', id: gateway.ada.id, period: 'day', mode: 'hard', limit_usd: 1e-4 };
  await gateway.send('PUT', '/admin/budgets', operator, budget);
  const refused = await chat(certificate());
  expect(refused.status).toBe(429);
  expect(refused.text).toContain("the day's budget of user ada");
  await gateway.send('DELETE', `/admin/budgets/user/${gateway.ada.id}/day/hard`, operator);
  expect((await chat(certificate())).status).toBe(200);
});

test('a program of a team, and a second request of the same certificate', async () => {
  const shown = build();
  expect((await chat(shown)).status).toBe(200);
  expect((await chat(shown)).status).toBe(200);
  expect(await lastRow()).toMatchObject({
    key_id: `mtls:builds:${gateway.team.id}`,
    team_id: gateway.team.id,
    user_id: null,
  });
});

test('a certificate that stands for a key is that key, until it is revoked', async () => {
  const key = await makeKey();
  gateway.configure({
    mtls: [{ ...builds, holder: { kind: 'key', id: key.id } }],
  });
  const shown = build();
  expect((await chat(shown)).status).toBe(200);
  expect(await lastRow()).toMatchObject({ key_id: key.id, owner: 'ci' });
  await gateway.send('DELETE', `/admin/keys/${key.id}`, operator);
  const refused = await chat(shown);
  expect(refused.status).toBe(401);
  expect(refused.text).toContain('was revoked');
});

describe('refused, with the reason', () => {
  test.each([
    ['one that no rule knows', { alternativeNames: [] }, 'CN=ada names nobody who may call here'],
    [
      'one of a user that is not there',
      { alternativeNames: ['email:eve@acme.example'] },
      'the user eve, which is not there',
    ],
  ])('%s', async (_, fields, reason) => {
    const { status, text } = await chat(certificate(fields));
    expect([status, text]).toEqual([401, expect.stringContaining(reason)]);
  });

  test('one that expires while its connection is open', async () => {
    const shown = certificate({ expiresAtMs: gateway.clock.ms + 1 });
    expect((await chat(shown)).status).toBe(200);
    gateway.clock.ms += 1;
    const { status, text } = await chat(shown);
    expect([status, text]).toEqual([401, expect.stringContaining('CN=ada has expired')]);
  });

  test('none at all', async () => {
    const { status, text } = await chat(undefined);
    expect([status, text]).toEqual([401, expect.stringContaining('an API key is needed')]);
  });

  test('for what its role does not reach', async () => {
    const request = new Request('https://zeke.example/admin/providers');
    const response = await gateway.test.gateway.handle(request, undefined, () => certificate());
    expect(response.status).toBe(403);
  });

  test.each([
    [{ origin: 'https://evil.example', host: 'zeke.example' }],
    [{ origin: 'null', host: 'zeke.example' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('where a page of another origin asks: %j', async (headers) => {
    const { status, text } = await chat(certificate(), headers);
    expect([status, text]).toEqual([403, expect.stringContaining('other origins')]);
  });

  test('where nobody is known by a certificate', async () => {
    gateway.configure({});
    expect((await chat(certificate())).status).toBe(401);
  });
});

test('a page of the gateway itself may use it', async () => {
  const headers = { origin: 'https://zeke.example', host: 'zeke.example' };
  expect((await chat(certificate(), headers)).status).toBe(200);
});

describe('beside something else', () => {
  test("a key wins, and a client's dummy does not", async () => {
    const key = await makeKey();
    expect((await chat(certificate(), { 'x-api-key': key.secret })).status).toBe(200);
    expect(await lastRow()).toMatchObject({ key_id: key.id });
    expect((await chat(certificate(), { 'x-api-key': 'dummy' })).status).toBe(200);
    expect(await lastRow()).toMatchObject({ user_id: gateway.ada.id });
  });

  test('a key or a token that is no good is refused, whatever the certificate', async () => {
    gateway.configure({ mtls: [people], jwt: [sharedIssuer()] });
    expect((await chat(certificate(), { 'x-api-key': `zk-${'x'.repeat(43)}` })).status).toBe(401);
    expect((await chat(certificate(), { authorization: 'Bearer a.b.c' })).status).toBe(401);
  });
});

test('a user who is removed is heeded by the next request', async () => {
  const made = await gateway.test.post(
    '/admin/users',
    { name: 'bob', org_id: gateway.org.id },
    operator,
  );
  const bob = (await made.json()) as { id: string };
  const shown = certificate({ alternativeNames: ['email:bob@acme.example'] });
  expect((await chat(shown)).status).toBe(200);
  await gateway.send('DELETE', `/admin/users/${bob.id}`, operator);
  expect((await chat(shown)).status).toBe(401);
});

test('a refused certificate is on the audit log, with its address', async () => {
  await chat(certificate({ alternativeNames: [] }));
  await gateway.test.gateway.settled();
  const rows = await gateway.test.storage.db
    .selectFrom('gateway_audit')
    .selectAll()
    .where('action', '=', 'auth.failure')
    .execute();
  // Failures that follow soon are told together.
  expect(rows[0]).toMatchObject({ outcome: 'denied', address: '192.0.2.1' });
});
