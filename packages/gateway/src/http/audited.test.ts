import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createLogger, Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { AuditLog } from '../governance/audit/audit-log.ts';
import { AuthFailures } from '../governance/audit/auth-failures.ts';
import { type TestStorage, testStorage } from '../governance/testing/test-storage.ts';
import { type TestGateway, testGateway } from '../testing/test-gateway.ts';

const operator = { authorization: 'Bearer the-admin-key' };
const all = { order: 'asc', limit: 1_000, all: true } as const;
const peer = () => '192.0.2.7';

let database: TestStorage;
let gateway: TestGateway;
let log: AuditLog;

beforeAll(async () => {
  database = await testStorage('sqlite');
  gateway = await testGateway({
    storage: await database.open(),
    providers: [],
    settings: { auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') } },
  });
  log = new AuditLog({ storage: database.storage, now: Date.now });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function send(method: string, path: string, body?: object, headers: object = operator) {
  const response = await gateway.gateway.handle(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
    peer,
  );
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

/** What was added meanwhile. */
async function added(act: () => Promise<unknown>) {
  const [last] = await log.list({ ...all, order: 'desc', limit: 1 });
  await act();
  return await log.list({ ...all, after: last?.seq ?? 0 });
}

test('who made and revoked a key, from where, and never its secret', async () => {
  let key: Record<string, string> = {};
  const [begun, made, ...more] = await added(async () => {
    key = (await send('POST', '/admin/keys', { name: 'laptop', owner: 'ada' })).body;
  });
  expect(more).toEqual([]);
  expect(begun).toMatchObject({ actor: 'admin-key', action: 'key.create', outcome: 'begun' });
  expect(made).toMatchObject({
    actor: 'admin-key',
    action: 'key.create',
    objectKind: 'key',
    objectId: key.id,
    address: '192.0.2.7',
    requestId: begun?.requestId,
    outcome: 'ok',
    detail: { name: 'laptop', owner: 'ada', last4: key.last4, scopes: ['inference'] },
  });
  expect(JSON.stringify([begun, made])).not.toContain(key.secret ?? '');
  const boss = await send('POST', '/admin/keys', { name: 'boss', scopes: ['admin'] });
  const headers = { authorization: `Bearer ${boss.body.secret}` };
  const entries = await added(() => send('DELETE', `/admin/keys/${key.id}`, undefined, headers));
  expect(entries.map(({ outcome }) => outcome)).toEqual(['begun', 'ok']);
  for (const entry of entries) {
    expect(entry).toMatchObject({ actor: 'key', keyId: boss.body.id, objectId: key.id });
  }
});

test('what is refused and what fails stands there with its reason', async () => {
  const failed = await added(() => send('DELETE', '/admin/keys/key_%00no'));
  expect(failed[1]).toMatchObject({
    objectId: 'key_\ufffdno',
    outcome: 'failed',
    detail: { error: 'not_found' },
  });
  const org = (await send('POST', '/admin/orgs', { name: 'acme' })).body.id;
  const user = (await send('POST', '/admin/users', { name: 'ada', org_id: org, role: 'admin' }))
    .body;
  const key = { name: 'k', user_id: user.id, scopes: ['admin'] };
  const { secret } = (await send('POST', '/admin/keys', key)).body;
  const headers = { authorization: `Bearer ${secret}` };
  const budget = { kind: 'org', id: org, period: 'day', limit_usd: 1 };
  const denied = await added(() => send('PUT', '/admin/budgets', budget, headers));
  expect(denied.map(({ outcome }) => outcome)).toEqual(['begun', 'denied']);
  expect(denied[1]).toMatchObject({ action: 'budget.set', detail: { error: 'permission_denied' } });
  const set = await added(() => send('PUT', '/admin/budgets', budget));
  expect(set[1]).toMatchObject({
    objectId: `org/${org}/day/hard`,
    detail: { limitMicroUsd: 1_000_000 },
  });
});

test('a stranger is there, and many fill no disk', async () => {
  const entries = await added(async () => {
    await send('GET', '/v1/models', undefined, {});
    await gateway.gateway.settled();
  });
  expect(entries).toMatchObject([
    {
      actor: 'unknown',
      action: 'auth.failure',
      address: '192.0.2.7',
      outcome: 'denied',
      detail: { failures: 1, endpoint: 'models', error: 'unauthenticated' },
    },
  ]);
  const failures = new AuthFailures({ audit: log, log: createLogger({ level: 'silent' }) });
  const error = new RpcError('unauthenticated', 'no');
  const many = await added(async () => {
    const refusal = { requestId: 'req_1', endpoint: 'x', caller: undefined, error };
    for (let index = 0; index < 5_000; index++) {
      const address = index % 2 === 0 ? '192.0.2.9' : `198.51.100.${index}`;
      void failures.record({ ...refusal, address });
    }
    await failures[Symbol.asyncDispose]();
  });
  expect(many).toHaveLength(2);
  const { failures: count, sources } = (many[1]?.detail ?? {}) as {
    failures: number;
    sources: object[];
  };
  expect(count).toBe(4_999);
  expect(sources).toHaveLength(20);
  expect(sources[0]).toEqual({ source: '192.0.2.9', failures: 2_499 });
});

test('a good key without the right is named', async () => {
  const { id, secret } = (await send('POST', '/admin/keys', { name: 'plain' })).body;
  const headers = { authorization: `Bearer ${secret}` };
  await using other = await testGateway({
    storage: await database.open(),
    providers: [],
    settings: { auth: { requireAuth: true } },
  });
  const entries = await added(async () => {
    await other.post('/admin/keys', { name: 'more' }, headers);
    await other.gateway.settled();
    await other.post('/admin/keys', { name: 'more' }, headers);
    await other.gateway[Symbol.asyncDispose]();
  });
  expect(entries).toMatchObject([
    { actor: 'key', keyId: id, detail: { endpoint: 'key-create', error: 'permission_denied' } },
    { actor: 'unknown', detail: { failures: 1, sources: [{ source: id, failures: 1 }] } },
  ]);
});

test('the log is read a page at a time, by the operator alone', async () => {
  const first = await send('GET', '/admin/audit?order=asc&limit=2&all=true');
  const data = first.body.data as unknown as { seq: number; detail: object }[];
  expect(data.map(({ seq }) => seq)).toEqual([1, 2]);
  const next = await send('GET', '/admin/audit?order=asc&limit=1&all=true&after=2');
  expect(next.body.data).toMatchObject([{ seq: 3 }]);
  const made = await send('GET', '/admin/audit?action=org.create&since=2020-01-01');
  expect(made.body.data).toMatchObject([{ outcome: 'ok', detail: { name: 'acme' } }]);
  const report = (await send('GET', '/admin/audit/verify')).body;
  expect(await send('GET', `/admin/audit/verify?head=${report.head}`)).toEqual({
    status: 200,
    body: report,
  });
  const { secret } = (await send('POST', '/admin/keys', { name: 'plain' })).body;
  const headers = { authorization: `Bearer ${secret}` };
  expect((await send('GET', '/admin/audit', undefined, headers)).status).toBe(403);
});

test.each([
  ['limit=0', 'limit: it must be a whole number from 1 to 1000'],
  ['limit=x', 'limit: it must be a whole number from 1 to 1000'],
  ['after=1.5', 'after: it must be the number of an entry'],
  ['since=soon', 'since: it must be a time such as 2026-01-31 or 2026-01-31T12:00:00Z'],
  ['order=up', 'order: it must be one of asc, desc'],
])('a wrong question is refused: %s', async (query, message) => {
  const { status, body } = await send('GET', `/admin/audit?${query}`);
  expect({ status, error: body.error }).toMatchObject({ status: 400, error: { message } });
});

test('what cannot be put on the log is not done', async () => {
  await database.storage.db.schema.alterTable('gateway_audit').renameTo('elsewhere').execute();
  try {
    const refused = await send('POST', '/admin/orgs', { name: 'unseen' });
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).toContain('nothing is changed');
  } finally {
    await database.storage.db.schema.alterTable('elsewhere').renameTo('gateway_audit').execute();
  }
  const { body } = await send('GET', '/admin/orgs');
  expect(JSON.stringify(body)).not.toContain('unseen');
});
