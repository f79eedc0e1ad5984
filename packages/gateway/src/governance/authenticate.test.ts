import { beforeAll, describe, expect, test } from 'bun:test';
import { openStorage, Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { type AuthSettings, authenticate, checkModelAllowed } from './authenticate.ts';
import { KeyStore } from './key-store.ts';
import { gatewayMigrations } from './migrations.ts';
import type { GatewayTables } from './tables.ts';

let keys: KeyStore;
let secret: string;
let adminSecret: string;

beforeAll(async () => {
  const storage = await openStorage<GatewayTables>('sqlite::memory:');
  await storage.migrate([gatewayMigrations]);
  keys = new KeyStore({ storage, now: () => 0 });
  ({ secret } = await keys.create({ name: 'k', owner: 'ada', allowedModels: ['gpt-*'] }));
  ({ secret: adminSecret } = await keys.create({ name: 'a', owner: 'eve', scopes: ['admin'] }));
});

const open: AuthSettings = { requireAuth: false };
const closed: AuthSettings = { requireAuth: true, adminApiKey: new Secret('the admin key') };

async function outcome(
  headers: Record<string, string>,
  settings = closed,
  query = '',
  url = 'http://127.0.0.1/v1',
) {
  try {
    const request = new Request(url, { headers });
    return await authenticate(request, query, { auth: settings, keys }, true);
  } catch (reason) {
    expect(reason).toBeInstanceOf(RpcError);
    const { code, message } = reason as RpcError;
    return { code, message };
  }
}

const ada = { owner: 'ada', admin: false, inference: true, allowedModels: ['gpt-*'] };

type Row = [name: string, headers: Record<string, string>, extra?: string];

function rows(...table: Row[]) {
  return table.map(([name, headers, extra]) => ({ name, headers, extra }));
}

describe('a key is taken from', () => {
  test.each<[string, () => [Record<string, string>, string?]]>([
    ['Bearer', () => [{ authorization: `Bearer ${secret}` }]],
    ['bearer, with blanks', () => [{ authorization: `bEARER   ${secret} ` }]],
    ['x-api-key', () => [{ 'x-api-key': secret }]],
    ['x-goog-api-key', () => [{ 'x-goog-api-key': secret }]],
    ['api-key', () => [{ 'api-key': secret }]],
    ['?key=', () => [{}, `alt=sse&key=${secret}`]],
    [
      'the second of two, where the first is a dummy',
      () => [{ authorization: 'Bearer dummy', 'x-api-key': secret }],
    ],
    [
      'the query, where the header is a dummy',
      () => [{ 'x-goog-api-key': 'dummy' }, `key=${secret}`],
    ],
    [
      'x-api-key, beside a login of another kind',
      () => [{ authorization: 'Basic eDp5', 'x-api-key': secret }],
    ],
  ])('%s', async (_, make) => {
    const [headers, query] = make();
    expect(await outcome(headers, closed, query)).toMatchObject(ada);
    expect(await outcome(headers, open, query)).toMatchObject(ada);
  });
});

test('scopes say what a key may', async () => {
  expect(await outcome({ 'x-api-key': adminSecret })).toMatchObject({
    admin: true,
    inference: false,
  });
  const admin = { owner: 'admin', admin: true, inference: true };
  expect(await outcome({ authorization: 'Bearer the admin key' })).toEqual(admin);
});

describe('refused, and the token is in no message', () => {
  const huge = 'x'.repeat(100_000);
  test.each(
    rows(
      ['nothing', {}],
      ['an empty token', { authorization: 'Bearer ' }],
      ['a scheme alone', { authorization: 'Bearer' }],
      ['a key of a vendor', { authorization: 'Bearer sk-secret-of-a-vendor' }],
      ['a key that nobody made', { 'x-api-key': `zk-${'s'.repeat(43)}` }],
      ['a huge token', { 'x-api-key': huge }],
      ['a huge key', { 'x-api-key': `zk-${huge}` }],
      ['odd characters', { 'x-api-key': 'zk-\u00e9\u00ff%00' }],
      ['a query that is no query', {}, 'key=%E0%A4%A&key=secret&=&&'],
      ['almost the admin key', { 'x-api-key': 'the admin kez' }],
    ),
  )('$name', async ({ headers, extra: query }) => {
    const { code, message } = (await outcome(headers, closed, query)) as {
      code: string;
      message: string;
    };
    expect(code).toBe('unauthenticated');
    expect(message.length).toBeLessThan(200);
    expect(message).not.toMatch(/secret|sss|xxx|kez|\u00e9/);
  });

  test('a key of ours that is wrong, also where none is needed', async () => {
    expect(await outcome({ 'x-api-key': `zk-${'s'.repeat(43)}` }, open)).toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('without keys', () => {
  test.each(
    rows(
      ['a program on this machine', {}],
      ["a client's dummy key", { authorization: 'Bearer dummy' }],
      ['localhost', { host: 'localhost:8080' }],
      ['IPv6', { host: '[::1]:8080' }],
      ['a page of this machine', { host: '127.0.0.1:8080', origin: 'http://localhost:3000' }],
      ['a page of its own', { 'sec-fetch-site': 'same-origin' }],
    ),
  )('$name is answered', async ({ headers, extra: url }) => {
    expect(await outcome(headers, open, '', url)).toMatchObject({ admin: true, inference: true });
  });

  test.each(
    rows(
      ['another name', { host: 'evil.example' }],
      ['a name that looks like ours', { host: '127.0.0.1.evil.example:8080' }],
      ['localhost as a part', { host: 'localhost.evil.example' }],
      ['an address of the network', { host: '192.168.1.5:8080' }],
      ['no header but another name in the address', {}, 'http://evil.example/v1'],
      ['a page elsewhere', { origin: 'https://evil.example' }],
      ['a page without origin', { origin: 'null' }],
      ['a page whose name looks like ours', { origin: 'http://localhost.evil.example' }],
      ['an extension', { origin: 'chrome-extension://abc' }],
      ['a link of a page elsewhere', { 'sec-fetch-site': 'cross-site' }],
    ),
  )('$name is not', async ({ headers, extra: url }) => {
    expect(await outcome(headers, open, '', url)).toMatchObject({ code: 'permission_denied' });
  });

  test('an admin key in the configuration keeps others from administration', async () => {
    const settings = { requireAuth: false, adminApiKey: new Secret('the admin key') };
    expect(await outcome({}, settings)).toMatchObject({ admin: false, inference: true });
  });
});

describe('allowed models', () => {
  const allowed = (patterns: string[], ...names: string[]): boolean => {
    const caller = { admin: false, inference: true, allowedModels: patterns };
    try {
      checkModelAllowed(caller, names);
      return true;
    } catch (reason) {
      expect(reason).toMatchObject({ code: 'permission_denied' });
      return false;
    }
  };

  test('any of the names may fit any of the patterns', () => {
    expect(allowed(['gpt-5', 'claude-*'], 'fast', 'openai/gpt-5', 'gpt-5')).toBe(true);
    expect(allowed(['gpt-5'], 'gpt-5-mini', 'openai/gpt-5-mini')).toBe(false);
    expect(allowed([], 'gpt-5')).toBe(false);
  });

  test('a pattern fits what the same regular expression fits', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '/'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const escaped = pattern.replace(/[.*/]/g, (char) => (char === '*' ? '[^]*' : `\\${char}`));
        expect(allowed([pattern], name)).toBe(new RegExp(`^${escaped}$`).test(name));
      }),
      { numRuns: 2_000 },
    );
  });

  test('a pattern goes through a name once', () => {
    // To go back in it, by the power of a hundred, would not end before the test's time does.
    expect(allowed([`${'*a'.repeat(100)}b`], 'a'.repeat(100_000))).toBe(false);
  });
});
