import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { Secret } from '@zeke/foundation';
import { SignJWT } from 'jose';
import { Users } from '../entities/users.ts';
import { testStorage } from '../testing/test-storage.ts';
import { operator, sharedIssuer, sharedSecret, TokenGateway } from './testing/token-gateway.ts';

const second = 'a-second-secret-of-32-bytes-or-more';
let gateway: TokenGateway;

beforeAll(async () => {
  gateway = await TokenGateway.start({});
});

beforeEach(() => gateway.configure({ jwt: [sharedIssuer()] }));

afterAll(() => gateway[Symbol.asyncDispose]());

interface Signing {
  secret?: string;
  header?: Record<string, unknown>;
}

/** A token of ada for five minutes; a claim that is null is left out. */
async function signed(claims: object = {}, { header, secret }: Signing = {}): Promise<string> {
  const all = {
    iss: 'https://ci.example',
    sub: 'ada',
    exp: gateway.seconds(300),
    ...claims,
  };
  const said = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  return new SignJWT(said)
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(Buffer.from(secret ?? sharedSecret));
}

/** What jose would never make: any header, any claims, an HMAC over them. */
function forged(header: object, claims: object, key: string | undefined): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(claims)}`;
  const mac = key === undefined ? '' : createHmac('sha256', key).update(text).digest('base64url');
  return `${text}.${mac}`;
}

const statusOf = async (token: string) => (await gateway.chat(token)).status;

test('a token is its user: ledger, limits and budgets know it as they know a key', async () => {
  const token = await signed();
  expect(await gateway.answer(token)).toMatchObject({ status: 200 });
  expect((await gateway.test.post('/v1/messages', '{', { 'x-api-key': token })).status).toBe(400);
  const row = (await gateway.test.ledger()).find(({ outcome }) => outcome === 'ok');
  expect(row).toMatchObject({
    key_id: `jwt:ci:${gateway.ada.id}`,
    owner: 'ada',
    org_id: gateway.org.id,
    user_id: gateway.ada.id,
  });
  const budget = {
    kind: 'user',
    id: gateway.ada.id,
    period: 'day',
    mode: 'hard',
    limit_usd: 0.0001,
  };
  await gateway.send('PUT', '/admin/budgets', operator, budget);
  const refused = await gateway.answer(token);
  expect(refused.status).toBe(429);
  expect(refused.text).toContain("the day's budget of user ada");
  const path = `/admin/budgets/user/${gateway.ada.id}/day/hard`;
  expect((await gateway.send('DELETE', path, operator)).status).toBe(200);
  expect(await statusOf(token)).toBe(200);
});

test('the rates of its tier hold a token back', async () => {
  await using limited = await TokenGateway.start(
    { jwt: [sharedIssuer({ tier: 'one' })] },
    {
      settings: {
        rateLimits: {
          enabled: true,
          defaultTier: 'unlimited',
          authFailuresPerMinute: 20,
          tiers: { unlimited: {}, one: { requests: { limit: 1, periodMs: 60_000 } } },
          owners: {},
          users: {},
          teams: {},
          models: {},
          trustedProxies: [],
        },
      },
    },
  );
  // The first gateway's clock stands at the same time.
  const token = await signed();
  const other = await signed({ jti: 'another token of the same user' });
  const statuses = [token, other].map((each) => limited.chat(each).then(({ status }) => status));
  expect((await Promise.all(statuses)).sort()).toEqual([200, 429]);
});

describe('a role', () => {
  const users = (token: string) =>
    gateway.test.get('/admin/users', { authorization: `Bearer ${token}` });

  test('is that of the user, and another one holds from the next request on', async () => {
    const token = await signed();
    const change = (role: string) =>
      gateway.send('PATCH', `/admin/users/${gateway.ada.id}`, operator, { role });
    expect((await users(token)).status).toBe(200);
    expect((await gateway.test.get('/admin/providers', { 'x-api-key': token })).status).toBe(403);
    await change('viewer');
    expect(await statusOf(token)).toBe(403);
    await change('member');
    expect(await statusOf(token)).toBe(200);
  });

  test('of a claim wins, and never reaches another organisation or the operator', async () => {
    gateway.configure({ jwt: [sharedIssuer({ roleClaim: 'role' })] });
    const token = await signed({ role: 'admin' });
    const made = await gateway.test.post('/admin/orgs', { name: 'mine' }, { 'x-api-key': token });
    expect(made.status).toBe(403);
    const other = await gateway.test.post('/admin/orgs', { name: `o${Math.random()}` }, operator);
    const { id } = (await other.json()) as { id: string };
    const body = { name: 'eve', org_id: id, role: 'member' };
    const stranger = await gateway.test.post('/admin/users', body, { 'x-api-key': token });
    expect(stranger.status).toBe(403);
    const own = { name: 'bob', org_id: gateway.org.id, role: 'member' };
    expect((await gateway.test.post('/admin/users', own, { 'x-api-key': token })).status).toBe(201);
    const audit = await gateway.test.get('/admin/audit?action=user.create', operator);
    expect(await audit.text()).toContain(`"actor":"token","keyId":"jwt:ci:${gateway.ada.id}"`);
  });

  test('without the grant admin none of it', async () => {
    gateway.configure({ jwt: [sharedIssuer({ grantsClaim: 'scope', roleClaim: 'role' })] });
    const token = await signed({ role: 'admin', scope: 'openid inference' });
    expect((await users(token)).status).toBe(403);
    expect(await statusOf(token)).toBe(200);
    const other = await signed({ role: 'admin', scope: 'admin' });
    expect((await users(other)).status).toBe(200);
    expect(await statusOf(other)).toBe(403);
  });
});

test('models that a claim does not list are refused', async () => {
  gateway.configure({ jwt: [sharedIssuer({ modelsClaim: 'models' })] });
  expect(await statusOf(await signed({ models: ['claude-*'] }))).toBe(403);
  expect(await statusOf(await signed({ models: ['openai/*'] }))).toBe(200);
});

test('a team of a claim is what its requests count for, also without a user', async () => {
  gateway.configure({ jwt: [sharedIssuer({ teamClaim: 'team' })] });
  expect(await statusOf(await signed({ sub: null, team: 'research' }))).toBe(200);
  const row = (await gateway.test.ledger()).at(-1);
  expect(row).toMatchObject({ team_id: gateway.team.id, user_id: null, org_id: gateway.org.id });
  expect(await gateway.answer(await signed({ team: 'sales' }))).toMatchObject({
    status: 401,
    text: expect.stringContaining('the team sales, which is not there'),
  });
});

describe('a user who is not there', () => {
  test('is refused unless users of the issuer are made', async () => {
    const { status, text } = await gateway.answer(await signed({ sub: 'newcomer' }));
    expect(status).toBe(401);
    expect(text).toContain('the user newcomer, which is not there; zeke users create makes it');
  });

  test('is made once, by however many requests at once, and that is on the audit log', async () => {
    gateway.configure({ jwt: [sharedIssuer({ provision: true })] });
    const token = await signed({ sub: 'grace' });
    const all = await Promise.all(Array.from({ length: 8 }, () => statusOf(token)));
    expect(all).toEqual(Array(8).fill(200));
    const users = await (await gateway.test.get('/admin/users', operator)).json();
    const made = (users as { data: { name: string; role: string }[] }).data;
    expect(made.filter(({ name }) => name === 'grace')).toMatchObject([{ role: 'member' }]);
    const audit = await gateway.test.get('/admin/audit?action=user.provision', operator);
    expect(await audit.text()).toContain('"name":"grace"');
  });

  test('an organisation is never made', async () => {
    gateway.configure({ jwt: [sharedIssuer({ provision: true, orgClaim: 'org' })] });
    const { status, text } = await gateway.answer(await signed({ org: 'evil' }));
    expect({ status, text }).toMatchObject({
      status: 401,
      text: expect.stringContaining('the organisation evil, which is not there'),
    });
  });

  test('any more, is refused by the next request', async () => {
    const body = { name: 'leaver', org_id: gateway.org.id };
    const made = await gateway.test.post('/admin/users', body, operator);
    const { id } = (await made.json()) as { id: string };
    const token = await signed({ sub: 'leaver' });
    expect(await statusOf(token)).toBe(200);
    await gateway.send('DELETE', `/admin/users/${id}`, operator);
    expect(await statusOf(token)).toBe(401);
  });
});

test('what another process changes about its user is heeded by the next request', async () => {
  await using fixture = await testStorage('sqlite');
  await using one = await TokenGateway.start(
    { jwt: [sharedIssuer()] },
    { storage: await fixture.open() },
  );
  const token = await signed();
  // What is written after an answer would wait for a lock that this very thread has.
  const statusOfChat = async () => {
    one.clock.ms += 5;
    const { status } = await one.answer(token);
    await one.test.gateway.settled();
    return status;
  };
  expect(await statusOfChat()).toBe(200);
  const other = new Users({ storage: fixture.storage, now: () => 0 });
  await other.change(one.ada.id, { role: 'viewer' });
  expect(await statusOfChat()).toBe(403);
  await other.remove(one.ada.id);
  expect(await statusOfChat()).toBe(401);
});

describe('a token that is known', () => {
  test('ends with its exp, to the second', async () => {
    const token = await signed({ exp: gateway.seconds(60) });
    expect(await statusOf(token)).toBe(200);
    gateway.clock.ms += 64_999;
    expect(await statusOf(token)).toBe(200);
    gateway.clock.ms += 1;
    const { status, text } = await gateway.answer(token);
    expect(status).toBe(401);
    expect(text).toContain('has expired');
  });

  test('ends with the secret that has signed it; kid says which of several that is', async () => {
    const secrets = (...pairs: [string, string][]) =>
      gateway.configure({
        jwt: [
          sharedIssuer({
            keys: {
              kind: 'shared',
              secrets: new Map(pairs.map(([id, secret]) => [id, new Secret(secret)])),
            },
          }),
        ],
      });
    secrets(['old', sharedSecret]);
    const old = await signed({}, { header: { kid: 'old' } });
    const fresh = await signed({}, { header: { kid: 'new' }, secret: second });
    expect([await statusOf(old), await statusOf(fresh)]).toEqual([200, 401]);
    secrets(['new', second], ['old', sharedSecret]);
    expect([await statusOf(old), await statusOf(fresh)]).toEqual([200, 200]);
    const swapped = await signed({}, { header: { kid: 'new' }, secret: sharedSecret });
    expect(await statusOf(swapped)).toBe(401);
    secrets(['new', second]);
    expect([await statusOf(old), await statusOf(fresh)]).toEqual([401, 200]);
  });
});

describe('refused, without a word of the token in answer or log', () => {
  const good = () => ({ iss: 'https://ci.example', sub: 'ada', exp: gateway.seconds(300) });
  test.each<[string, () => string | Promise<string>, string]>([
    ['alg none', () => forged({ alg: 'none' }, good(), undefined), 'algorithm'],
    ['alg none with a signature', () => forged({ alg: 'none' }, good(), sharedSecret), 'algorithm'],
    ['another hash', () => forged({ alg: 'HS512' }, good(), sharedSecret), 'algorithm'],
    ['another secret', () => signed({}, { secret: second }), 'signature'],
    ['no signature', () => forged({ alg: 'HS256' }, good(), undefined), 'signature'],
    ['crit', () => forged({ alg: 'HS256', crit: ['exp'] }, good(), sharedSecret), 'crit'],
    ['an unknown kid', () => signed({}, { header: { kid: 'x' } }), 'kid'],
    ['another typ', () => signed({}, { header: { typ: 'at+jwt' } }), 'typ'],
    ['expired', () => signed({ exp: gateway.seconds(-6) }), 'expired'],
    ['without end', () => signed({ exp: null }), 'exp'],
    [
      'an end that is text',
      () => forged({ alg: 'HS256' }, { ...good(), exp: 'never' }, sharedSecret),
      'exp',
    ],
    ['not yet', () => signed({ nbf: gateway.seconds(6) }), 'nbf'],
    ['of tomorrow', () => signed({ iat: gateway.seconds(86_400) }), 'iat'],
    ['another issuer', () => signed({ iss: 'https://evil.example' }), 'iss'],
    ['no issuer', () => signed({ iss: null }), 'iss'],
    ['for somebody else', () => signed({ aud: 'billing' }), 'aud'],
    ["zeke's own issuer", () => signed({ iss: 'zeke' }), 'iss'],
    ['huge', () => signed({ padding: 'x'.repeat(9_000) }), 'longer than 8192'],
    ['three parts of nothing', () => 'a.b.c', 'base64url'],
    [
      'a claim twice',
      () => `x.${Buffer.from('{"iss":"a","iss":"b"}').toString('base64url')}.y`,
      'twice',
    ],
    [
      'deep',
      () =>
        forged(
          { alg: 'HS256' },
          { ...good(), x: JSON.parse('['.repeat(40) + ']'.repeat(40)) },
          sharedSecret,
        ),
      'deep',
    ],
  ])('%s', async (_, make, why) => {
    const token = await make();
    const response = await gateway.chat(token);
    const text = await response.text();
    expect(response.status).toBe(401);
    expect(text).toContain(why);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'invalid_api_key' } });
    const log = JSON.stringify(gateway.test.logged);
    for (const part of token.split('.').filter((each) => each.length > 8)) {
      expect(text).not.toContain(part);
      expect(log).not.toContain(part);
    }
  });

  test('the same also where no key is asked for: who sends a token wants to be known', async () => {
    gateway.configure({ jwt: [sharedIssuer()], requireAuth: false });
    expect(await statusOf(await signed({}, { secret: second }))).toBe(401);
    expect(await statusOf('dummy')).toBe(200);
    gateway.configure({ jwt: [], requireAuth: false });
    expect(await statusOf(await signed({}, { secret: second }))).toBe(200);
  });
});

test('wrong tokens are throttled by address as wrong keys are, good ones are not', async () => {
  const from = async (token: string) => {
    const request = new Request('http://127.0.0.1/v1/models', { headers: { 'x-api-key': token } });
    return (await gateway.test.gateway.handle(request, () => '203.0.113.9')).status;
  };
  const wrong = await signed({}, { secret: second });
  const statuses = [];
  for (let count = 0; count < 21; count++) statuses.push(await from(wrong));
  expect(statuses).toEqual([...Array(20).fill(401), 429]);
  expect(await from(await signed())).toBe(200);
});
