import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { ApiKey } from '../key-store.ts';
import { adminKey, LimitedGateway } from './testing/limited-gateway.ts';

let limited: LimitedGateway;

beforeAll(async () => {
  limited = await LimitedGateway.start({ defaultTier: 'small' });
});
afterAll(() => limited[Symbol.asyncDispose]());

const operator = { authorization: `Bearer ${adminKey}` };

async function patch(id: string, body: object, headers: Record<string, string> = operator) {
  const response = await limited.test.gateway.handle(
    new Request(`http://127.0.0.1/admin/keys/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  );
  return { status: response.status, text: await response.text() };
}

test('a tier that is given is in force for the next request', async () => {
  const key = await limited.key();
  expect(await limited.state(key)).toMatchObject([{ tier: 'small' }]);
  const changed = await patch(key.id, { tier: 'twenty' });
  expect(changed.status).toBe(200);
  expect((JSON.parse(changed.text) as ApiKey).tier).toBe('twenty');
  expect(await limited.state(key)).toMatchObject([{ tier: 'twenty' }]);
  expect(JSON.parse((await patch(key.id, { tier: null })).text)).not.toHaveProperty('tier');
  expect(await limited.state(key)).toMatchObject([{ tier: 'small' }]);
});

test.each([
  [{ tier: 'gold' }, 'tier: there is no tier gold; there are unlimited, small, '],
  [{ tier: '' }, 'tier: it is empty'],
  [{}, 'tier: '],
  [{ tier: 'small', name: 'x' }, 'name: there is no such field, but tier'],
])('%j is refused in words', async (body, message) => {
  const { id } = await limited.key();
  const { status, text } = await patch(id, body);
  expect(status).toBe(400);
  expect(text).toContain(message);
});

test('a key that is not there is told', async () => {
  expect((await patch('key_none', { tier: 'small' })).status).toBe(404);
});

test('roles make keys, but give them no tier; keys without the scope admin neither', async () => {
  const org = await made('orgs', { name: 'acme' });
  const user = await made('users', { name: 'ada', org_id: org, role: 'admin' });
  const scopes: ApiKey['scopes'] = ['inference', 'admin'];
  const { headers, id } = await limited.key({ userId: user, scopes });
  const body = { name: 'own', user_id: user };
  expect((await limited.test.post('/admin/keys', body, headers)).status).toBe(201);
  const tiered = await limited.test.post('/admin/keys', { ...body, tier: 'unlimited' }, headers);
  expect(tiered.status).toBe(403);
  expect((await patch(id, { tier: 'unlimited' }, headers)).status).toBe(403);
  const plain = await limited.key();
  expect((await patch(plain.id, { tier: 'unlimited' }, plain.headers)).status).toBe(403);
});

async function made(path: string, body: object): Promise<string> {
  const response = await limited.test.post(`/admin/${path}`, body, operator);
  return ((await response.json()) as { id: string }).id;
}
