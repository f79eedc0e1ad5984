import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import { type TestGateway, testGateway } from '../../testing/test-gateway.ts';

const admin = { authorization: 'Bearer the-admin-key-of-tests' };
const startMs = Date.UTC(2026, 10, 22);
const clock = { ms: startMs };
let fixture: TestGateway;

beforeAll(async () => {
  fixture = await testGateway({
    providers: [],
    settings: {
      auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key-of-tests') },
    },
    now: () => clock.ms,
  });
});

afterAll(() => fixture[Symbol.asyncDispose]());

interface Made {
  id: string;
  secret: string;
  last4: string;
}

async function made(body: object, headers: Record<string, string> = admin): Promise<Made> {
  const response = await fixture.post('/admin/keys', body, headers);
  expect(response.status).toBe(201);
  return (await response.json()) as Made;
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

test('a rotated key answers with both secrets, and says of the old one until when', async () => {
  const key = await made({ name: 'laptop' });
  const rotated = await fixture.post(`/admin/keys/${key.id}/rotate`, { grace_s: 3_600 }, admin);
  expect(rotated.status).toBe(200);
  const after = (await rotated.json()) as Made;
  expect(after).toMatchObject({ id: key.id, name: 'laptop', retired: [{ last4: key.last4 }] });

  const fresh = await fixture.get('/v1/models', bearer(after.secret));
  expect(fresh.status).toBe(200);
  expect(fresh.headers.has('x-zeke-key-deprecated')).toBe(false);
  const told = `the key ending in ${key.last4} was rotated; until=2026-11-22T01:00:00.000Z`;
  const old = await fixture.get('/v1/models', bearer(key.secret));
  expect(old.status).toBe(200);
  expect(old.headers.get('x-zeke-key-deprecated')).toBe(told);
  const refused = await fixture.post('/v1/chat/completions', '{', bearer(key.secret));
  expect(refused.status).toBe(400);
  expect(refused.headers.get('x-zeke-key-deprecated')).toBe(told);

  const lines = fixture.logged.filter(({ msg }) => String(msg).includes('before its rotation'));
  expect(lines).toMatchObject([{ keyId: key.id, last4: key.last4 }]);
  const metrics = await (await fixture.get('/metrics', admin)).text();
  expect(metrics).toContain('zeke_gateway_retired_secret_uses_total 2');
  const audit = await (await fixture.get('/admin/audit?action=key.rotate', admin)).text();
  expect(audit).toContain(key.id);
  for (const { secret } of [key, after]) {
    expect(audit).not.toContain(secret);
    expect(JSON.stringify(fixture.logged)).not.toContain(secret);
  }

  clock.ms = startMs + 3_600_000;
  const ended = await fixture.get('/v1/models', bearer(key.secret));
  expect(ended.status).toBe(401);
  expect(await ended.text()).toContain(`ending in ${key.last4} was rotated at`);
  expect((await fixture.get('/v1/models', bearer(after.secret))).status).toBe(200);
});

test('without a body the grace is a day', async () => {
  const key = await made({ name: 'ci' });
  const request = new Request(`http://127.0.0.1/admin/keys/${key.id}/rotate`, {
    method: 'POST',
    headers: admin,
  });
  const rotated = await fixture.gateway.handle(request);
  expect(await rotated.json()).toMatchObject({
    retired: [{ retiredAtMs: clock.ms, validUntilMs: clock.ms + 86_400_000 }],
  });
});

test.each([
  [{ grace_s: -1 }, 'grace_s: it is less than 0'],
  [{ grace_s: 2_592_001 }, 'which is 30 days'],
  [{ grace_s: 1.5 }, 'grace_s: it must be a whole number of seconds'],
  [{ grace: '24h' }, 'grace: there is no such field, but grace_s'],
] as const)('%j is refused by name, and nothing is rotated', async (body, message) => {
  const key = await made({ name: 'x' });
  const response = await fixture.post(`/admin/keys/${key.id}/rotate`, body, admin);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain(message);
  expect((await fixture.get('/v1/models', bearer(key.secret))).status).toBe(200);
});

test('who may not revoke a key may not rotate it', async () => {
  const orgResponse = await fixture.post('/admin/orgs', { name: 'acme' }, admin);
  const org = (await orgResponse.json()) as { id: string };
  const user = async (name: string, role: string) => {
    const body = { name, org_id: org.id, role };
    return (await (await fixture.post('/admin/users', body, admin)).json()) as { id: string };
  };
  const scopes = ['inference', 'admin'];
  const ada = await made({ name: 'a', scopes, user_id: (await user('ada', 'member')).id });
  const bob = await made({ name: 'b', scopes, user_id: (await user('bob', 'member')).id });
  const rotate = (id: string, secret: string) =>
    fixture.post(`/admin/keys/${id}/rotate`, {}, bearer(secret));
  expect((await rotate(bob.id, ada.secret)).status).toBe(403);
  expect((await rotate('key_none', ada.secret)).status).toBe(404);
  expect((await rotate(ada.id, ada.secret)).status).toBe(200);
});
