import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import { type TestGateway, testGateway } from '../testing/test-gateway.ts';

let fixture: TestGateway;
let secret: string;

const auth = { requireAuth: true, adminApiKey: new Secret('the-admin-key-of-tests') };

beforeAll(async () => {
  fixture = await testGateway({ providers: [], settings: { auth } });
  ({ secret } = await fixture.gateway.keys.create({ name: 'k', owner: 'ada' }));
});

afterAll(() => fixture[Symbol.asyncDispose]());

async function refusalOf(response: Response): Promise<string> {
  const text = await response.text();
  expect(response.status).toBe(401);
  expect(text).toContain('Authorization: Bearer zk-…, or x-api-key, and not in ');
  expect(text).not.toContain(secret);
  expect(JSON.stringify(fixture.logged)).not.toContain(secret.slice(3));
  const { error } = JSON.parse(text) as { error: { message: string; code: string } };
  expect(error.code).toBe('invalid_api_key');
  return error.message.slice(error.message.indexOf('not in ') + 'not in '.length);
}

describe('a key in the query is refused with the place it belongs in', () => {
  test.each(['key', 'api_key', 'access_token', 'x'])('%s', async (name) => {
    const path = `/v1/models?limit=1&${name}=${encodeURIComponent(secret)}`;
    expect(await refusalOf(await fixture.get(path))).toBe(`the query's ${name}`);
    const twice = await fixture.get(path, { 'x-api-key': secret });
    expect(await refusalOf(twice)).toBe(`the query's ${name}`);
  });

  test('also where no key is needed, since it is in the logs of servers on the way now', async () => {
    fixture.configure({ auth: { requireAuth: false } });
    expect(await refusalOf(await fixture.get(`/v1/models?key=${secret}`))).toBe("the query's key");
    fixture.configure({ auth });
  });

  test('a name that is a key is not repeated', async () => {
    expect(await refusalOf(await fixture.get(`/v1/models?${secret}=${secret}`))).toBe(
      "the query's parameters",
    );
  });

  test('a credential of another kind there is named, too', async () => {
    const response = await fixture.get('/v1/models?access_token=eyJhbGciOiJub25lIn0.e30.');
    expect(await refusalOf(response)).toBe("the query's access_token");
  });

  test("Gemini's clients put it there, and are taken at their word", async () => {
    expect((await fixture.get(`/v1beta/models?key=${secret}`)).status).toBe(200);
  });
});

describe('a key in a header where none belongs is refused with the header named', () => {
  test.each<[string, () => Record<string, string>, string]>([
    ['bare', () => ({ authorization: secret }), 'the header authorization without the word Bearer'],
    ['as Token', () => ({ authorization: `Token ${secret}` }), 'the header authorization as Token'],
    [
      'as Basic',
      () => ({ authorization: `Basic ${btoa(`${secret}:`)}` }),
      'the header authorization as Basic',
    ],
    ['of its own', () => ({ 'x-zeke-key': secret }), 'the header x-zeke-key'],
    ['a cookie', () => ({ cookie: `a=b; key=${secret}` }), 'the header cookie'],
    [
      'of a proxy',
      () => ({ 'proxy-authorization': `Bearer ${secret}` }),
      'the header proxy-authorization',
    ],
  ])('%s', async (_, headers, place) => {
    expect(await refusalOf(await fixture.get('/v1/models', headers()))).toBe(place);
  });
});

test('without anything like a key the message says how to send one', async () => {
  const response = await fixture.get('/v1/models?limit=5', { 'x-other': 'zk-short' });
  expect(response.status).toBe(401);
  expect(await response.text()).toContain('an API key is needed: send it as Authorization');
});
