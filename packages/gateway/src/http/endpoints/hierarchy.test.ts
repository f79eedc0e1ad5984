import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import {
  storageKinds,
  type TestStorage,
  testStorage,
} from '../../governance/testing/test-storage.ts';
import { providerConfig, type TestGateway, testGateway } from '../../testing/test-gateway.ts';

type Json = Record<string, unknown>;
type Answer = Json & { error?: { message: string } };

const operator = { authorization: 'Bearer the-admin-key' };

let database: TestStorage;
let gateway: TestGateway;
let ids: Record<'acme' | 'globex' | 'research' | 'sales' | 'boss' | 'lead' | 'ada' | 'eve', string>;

/** acme has research (lead, ada) and sales (eve), and boss above both; globex has nobody. */
async function open(kind: 'sqlite' | 'postgres'): Promise<void> {
  database = await testStorage(kind);
  gateway = await testGateway({
    storage: await database.open(),
    providers: [
      providerConfig({ name: 'rack', type: 'compatible', baseUrl: 'http://127.0.0.1:9/v1' }),
    ],
    settings: { auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') } },
  });
  const acme = await made('orgs', { name: 'acme' });
  const globex = await made('orgs', { name: 'globex' });
  const research = await made('teams', { name: 'research', org_id: acme });
  const sales = await made('teams', { name: 'sales', org_id: acme });
  const user = (name: string, fields: Json) => made('users', { name, org_id: acme, ...fields });
  ids = {
    acme,
    globex,
    research,
    sales,
    boss: await user('boss', { role: 'admin' }),
    lead: await user('lead', { role: 'manager', team_id: research }),
    ada: await user('ada', { team_id: research }),
    eve: await user('eve', { team_id: sales }),
  };
}

beforeEach(() => open('sqlite'));
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function send(
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = operator,
): Promise<{ status: number; body: Answer }> {
  const response = await gateway.gateway.handle(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  return { status: response.status, body: (await response.json()) as Answer };
}

async function made(kind: string, body: Json): Promise<string> {
  const { body: entity, status } = await send('POST', `/admin/${kind}`, body);
  expect(status).toBe(201);
  return entity.id as string;
}

/** A key of a user with both scopes: its id, and the headers that send it. */
async function keyOf(fields: Json): Promise<{ id: string; headers: Record<string, string> }> {
  const { body } = await send('POST', '/admin/keys', {
    name: 'k',
    scopes: ['admin', 'inference'],
    ...fields,
  });
  return { id: body.id as string, headers: { authorization: `Bearer ${body.secret}` } };
}

const namesIn = ({ body }: { body: Json }) =>
  (body.data as { name: string }[]).map(({ name }) => name);

describe('roles over the admin API', () => {
  test('lists have what is in reach', async () => {
    const lists = async (headers: Record<string, string>) =>
      Promise.all(
        ['orgs', 'teams', 'users'].map(async (kind) =>
          namesIn(await send('GET', `/admin/${kind}`, undefined, headers)),
        ),
      );
    const everybody = ['ada', 'boss', 'eve', 'lead'];
    expect(await lists(operator)).toEqual([['acme', 'globex'], ['research', 'sales'], everybody]);
    const boss = await keyOf({ user_id: ids.boss });
    expect(await lists(boss.headers)).toEqual([['acme'], ['research', 'sales'], everybody]);
    const ada = await keyOf({ user_id: ids.ada });
    expect(await lists(ada.headers)).toEqual([['acme'], ['research'], ['ada', 'lead']]);
  });

  test('a list for an organisation of others is that of the own', async () => {
    const globex = await made('teams', { name: 'secret', org_id: ids.globex });
    const { headers } = await keyOf({ user_id: ids.boss });
    const listed = await send('GET', `/admin/teams?org=${ids.globex}`, undefined, headers);
    expect(JSON.stringify(listed.body)).not.toContain(globex);
  });

  test.each([
    ['POST', '/admin/orgs', { name: 'x' }, [403, 403, 403]],
    ['POST', '/admin/teams', { name: 'x', org_id: 'acme' }, [201, 403, 403]],
    ['POST', '/admin/teams', { name: 'x', org_id: 'globex' }, [403, 403, 403]],
    ['POST', '/admin/users', { name: 'x', org_id: 'acme', team_id: 'research' }, [201, 201, 403]],
    ['POST', '/admin/users', { name: 'x', org_id: 'acme', team_id: 'sales' }, [201, 403, 403]],
    [
      'POST',
      '/admin/users',
      { name: 'x', org_id: 'acme', team_id: 'research', role: 'admin' },
      [201, 403, 403],
    ],
    ['PATCH', '/admin/users/ada', { role: 'admin' }, [200, 403, 403]],
    ['PATCH', '/admin/users/ada', { team_id: 'sales' }, [200, 403, 403]],
    ['PATCH', '/admin/users/ada', { name: 'ada l.' }, [200, 200, 403]],
    ['PATCH', '/admin/users/boss', { role: 'viewer' }, [200, 403, 403]],
    ['DELETE', '/admin/users/eve', undefined, [200, 403, 403]],
    ['PATCH', '/admin/teams/sales', { name: 'x' }, [200, 403, 403]],
    ['PATCH', '/admin/orgs/acme', { name: 'x' }, [403, 403, 403]],
    ['POST', '/admin/keys', { name: 'x' }, [403, 403, 403]],
    ['POST', '/admin/keys', { name: 'x', user_id: 'ada' }, [201, 201, 201]],
    ['POST', '/admin/keys', { name: 'x', user_id: 'lead' }, [201, 201, 403]],
    ['POST', '/admin/keys', { name: 'x', user_id: 'boss', scopes: ['admin'] }, [201, 403, 403]],
    ['POST', '/admin/keys', { name: 'x', team_id: 'research' }, [201, 201, 403]],
    ['PUT', '/admin/budgets', { kind: 'org', id: 'acme' }, [403, 403, 403]],
    ['PUT', '/admin/budgets', { kind: 'team', id: 'research' }, [200, 403, 403]],
    ['PUT', '/admin/budgets', { kind: 'user', id: 'ada' }, [200, 200, 403]],
    ['PUT', '/admin/budgets', { kind: 'user', id: 'eve' }, [200, 403, 403]],
    ['PUT', '/admin/budgets', { kind: 'provider', id: 'rack' }, [403, 403, 403]],
    ['PUT', '/admin/budgets', { kind: 'tag', id: 'x' }, [403, 403, 403]],
    ['GET', '/admin/providers', undefined, [403, 403, 403]],
    ['GET', '/metrics', undefined, [403, 403, 403]],
    ['GET', '/admin/usage', undefined, [200, 200, 200]],
  ] as const)('%s %s %j', async (method, path, body, expected) => {
    const byName = (text: string) => (ids as Record<string, string>)[text] ?? text;
    const last = path.split('/').at(-1) as string;
    const place = path.replace(last, byName(last));
    const sent = body && {
      ...(path === '/admin/budgets' ? { period: 'day', limit_usd: 1 } : {}),
      ...Object.fromEntries(
        Object.entries(body).map(([name, value]) => [
          name,
          typeof value === 'string' && name !== 'name' ? byName(value) : value,
        ]),
      ),
    };
    const callers = [];
    for (const name of ['boss', 'lead', 'ada'] as const) {
      callers.push(await keyOf({ user_id: ids[name] }));
    }
    // Those who may least come first, so that nothing has changed for them.
    for (const [index, { headers }] of [...callers.entries()].reverse()) {
      const unique = sent && 'name' in sent ? { ...sent, name: `${sent.name} ${index}` } : sent;
      const { body: answer, status } = await send(method, place, unique, headers);
      expect([index, status, answer.error?.message]).toEqual([
        index,
        expected[index] as number,
        status >= 400 ? expect.any(String) : undefined,
      ]);
    }
  });

  test('a viewer reads, and calls no models', async () => {
    await send('PATCH', `/admin/users/${ids.ada}`, { role: 'viewer' });
    const { headers } = await keyOf({ user_id: ids.ada });
    expect((await send('GET', '/admin/usage', undefined, headers)).status).toBe(200);
    const chat = { model: 'rack/m', messages: [{ role: 'user', content: 'hi' }] };
    const { body, status } = await send('POST', '/v1/chat/completions', chat, headers);
    expect([status, body.error?.message]).toEqual([
      403,
      'the role viewer does not include models.call',
    ]);
  });

  test('a change of role or a removal is in force with the next request', async () => {
    const { headers } = await keyOf({ user_id: ids.boss });
    const asked = () =>
      send('POST', '/admin/teams', { name: `${Math.random()}`, org_id: ids.acme }, headers);
    expect((await asked()).status).toBe(201);
    await send('PATCH', `/admin/users/${ids.boss}`, { role: 'member' });
    expect((await asked()).status).toBe(403);
    await send('DELETE', `/admin/users/${ids.boss}`, undefined);
    expect((await asked()).status).toBe(401);
  });

  test('a key of a user who is gone is never the operator', async () => {
    const { headers } = await keyOf({ user_id: ids.ada });
    // As a database might be left by hand.
    await gateway.storage.db.deleteFrom('gateway_users').where('id', '=', ids.ada).execute();
    gateway.gateway.keys.forgetAll();
    expect((await send('GET', '/metrics', undefined, headers)).status).toBe(403);
    const keys = await send('GET', '/admin/keys', undefined, headers);
    expect(keys.body.data).toEqual([]);
  });

  test('a key for some models makes none for more', async () => {
    const { headers } = await keyOf({ user_id: ids.boss, allowed_models: ['openai/*'] });
    const create = async (allowed?: string[]) =>
      (
        await send(
          'POST',
          '/admin/keys',
          { name: 'k', user_id: ids.ada, ...(allowed ? { allowed_models: allowed } : {}) },
          headers,
        )
      ).status;
    expect(await create()).toBe(400);
    expect(await create(['openai/gpt-5', '*'])).toBe(400);
    expect(await create(['openai/gpt-*'])).toBe(201);
  });
});

describe('what is wrong is told with its field', () => {
  test.each([
    ['POST', '/admin/orgs', { name: 'acme' }, 409, 'acme is the name of another organisation'],
    ['POST', '/admin/orgs', {}, 400, 'name: it is missing'],
    ['POST', '/admin/teams', { name: 'x', org_id: 'org_no' }, 404, 'no organisation has the id'],
    [
      'POST',
      '/admin/users',
      { name: 'x', org_id: 'acme', role: 'king' },
      400,
      'role: it must be one of admin, manager, member, viewer',
    ],
    [
      'POST',
      '/admin/users',
      { name: 'x', org_id: 'globex', team_id: 'sales' },
      400,
      'team_id: the team is of another organisation',
    ],
    ['DELETE', '/admin/orgs/acme', undefined, 400, 'acme still has the team'],
    ['DELETE', '/admin/teams/sales', undefined, 400, 'sales still has the user eve'],
    ['DELETE', '/admin/users/user_no', undefined, 404, 'no user has the id user_no'],
    ['PUT', '/admin/budgets', { limit_usd: -1 }, 400, 'limit_usd: it must be an amount of money'],
    ['PUT', '/admin/budgets', { limit_usd: 'NaN' }, 400, 'limit_usd: it must be an amount'],
    ['PUT', '/admin/budgets', { limit_micro_usd: 0.5 }, 400, 'limit_micro_usd: it must be'],
    ['PUT', '/admin/budgets', { limit_usd: 1e300 }, 400, 'limit_usd: it is over 1000000000 USD'],
    ['PUT', '/admin/budgets', {}, 400, 'limit_usd: say the limit once'],
    ['PUT', '/admin/budgets', { limit_usd: 1, period: 'year' }, 400, 'period: it must be one of'],
    ['PUT', '/admin/budgets', { limit_usd: 1, kind: 'king' }, 400, 'kind: it must be one of'],
    ['PUT', '/admin/budgets', { limit_usd: 1, kind: 'key', id: 'k' }, 404, 'no key has the id k'],
    [
      'PUT',
      '/admin/budgets',
      { limit_usd: 1, kind: 'provider', id: 'opnai' },
      404,
      'no provider is named opnai; there are: rack',
    ],
    ['DELETE', '/admin/budgets/tag/a%2Fb/day/hard', undefined, 404, 'tag a/b has no hard budget'],
  ] as const)('%s %s %j', async (method, path, body, status, message) => {
    const byName = (text: unknown) => (ids as Record<string, unknown>)[text as string] ?? text;
    const last = path.split('/').at(-1) as string;
    const sent = body && {
      ...(path === '/admin/budgets' ? { kind: 'tag', id: 'x', period: 'day' } : {}),
      ...Object.fromEntries(
        Object.entries(body).map(([name, value]) => [
          name,
          name === 'name' ? value : byName(value),
        ]),
      ),
    };
    const answer = await send(method, path.replace(last, byName(last) as string), sent);
    expect([answer.status, answer.body.error?.message]).toEqual([
      status,
      expect.stringContaining(message),
    ]);
  });
});

for (const { kind, skip } of storageKinds) {
  test.skipIf(skip)(`what is removed takes its keys and budgets along, on ${kind}`, async () => {
    await gateway[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await open(kind);
    const { headers } = await keyOf({ user_id: ids.eve });
    const ofTeam = await keyOf({ team_id: ids.sales, scopes: ['inference'] });
    for (const [each, id] of [
      ['user', ids.eve],
      ['team', ids.sales],
      ['org', ids.globex],
    ]) {
      const budget = { kind: each, id, period: 'month', limit_usd: 1 };
      expect((await send('PUT', '/admin/budgets', budget)).status).toBe(200);
    }
    await send('PATCH', `/admin/teams/${ids.sales}`, { name: 'shop' });
    expect(namesIn(await send('GET', '/admin/budgets', undefined)).sort()).toEqual([
      'eve',
      'globex',
      'shop',
    ]);
    for (const path of [`users/${ids.eve}`, `teams/${ids.sales}`, `orgs/${ids.globex}`]) {
      expect((await send('DELETE', `/admin/${path}`, undefined)).status).toBe(200);
    }
    for (const gone of [headers, ofTeam.headers]) {
      expect((await send('GET', '/v1/models', undefined, gone)).status).toBe(401);
    }
    expect((await send('GET', '/admin/budgets', undefined)).body.data).toEqual([]);
    expect(await database.storage.db.selectFrom('gateway_budgets').selectAll().execute()).toEqual(
      [],
    );
  });
}
