import { beforeEach, describe, expect, test } from 'bun:test';
import type { RpcError } from '@zeke/rpc';
import { RemoteKeySet, type RemoteKeySetOptions } from './remote-key-set.ts';

const minute = 60_000;
const x = Buffer.alloc(32, 1).toString('base64url');

function keySetOf(...names: string[]): Response {
  return Response.json({ keys: names.map((kid) => ({ kty: 'OKP', crv: 'Ed25519', kid, x })) });
}

let nowMs: number;
let requests: number;
let answer: () => Response | Promise<Response>;
let faults: string[];

beforeEach(() => {
  nowMs = 0;
  requests = 0;
  faults = [];
  answer = () => keySetOf('one');
});

function keySet(changes: Partial<RemoteKeySetOptions> = {}): RemoteKeySet {
  return new RemoteKeySet({
    url: 'https://issuer.example/keys',
    fetch: async () => {
      requests += 1;
      return await answer();
    },
    monotonicMs: () => nowMs,
    onFault: (error: RpcError) => faults.push(error.message),
    ...changes,
  });
}

async function find(keys: RemoteKeySet, keyId: string): Promise<string> {
  const found = await keys.find({ algorithm: 'EdDSA', keyId });
  return found === undefined ? 'no set' : found.map(({ id }) => id).join(' ');
}

test('a set is asked for once, by callers who come together and later', async () => {
  const keys = keySet();
  expect(await Promise.all([find(keys, 'one'), find(keys, 'one')])).toEqual(['one', 'one']);
  nowMs += 9 * minute;
  expect(await find(keys, 'one')).toBe('one');
  expect(requests).toBe(1);
});

test('a key that is not in the set makes it ask again, once a minute whatever is sent', async () => {
  const keys = keySet();
  await find(keys, 'one');
  answer = () => keySetOf('one', 'two');
  expect(await find(keys, 'two')).toBe('');
  nowMs += minute - 1;
  expect(await find(keys, 'two')).toBe('');
  nowMs += 1;
  expect(await find(keys, 'two')).toBe('two');
  expect(requests).toBe(2);
  for (let i = 0; i < 50; i++) await find(keys, `stranger ${i}`);
  expect(requests).toBe(2);
  nowMs += minute;
  await Promise.all(Array.from({ length: 50 }, (_, i) => find(keys, `stranger ${i}`)));
  expect(requests).toBe(3);
});

test('an old set is used while a new one is asked for', async () => {
  const keys = keySet();
  await find(keys, 'one');
  nowMs += 10 * minute;
  const asked = Promise.withResolvers<Response>();
  answer = () => asked.promise;
  expect(await find(keys, 'one')).toBe('one');
  expect(requests).toBe(2);
  asked.resolve(keySetOf('two'));
  // A key that is not there waits for the request that is under way.
  expect(await find(keys, 'two')).toBe('two');
  expect(await find(keys, 'one')).toBe('');
  expect(requests).toBe(2);
});

test('when no new set can be had the old one is used for an hour, and asked for every 5 s', async () => {
  const keys = keySet();
  await find(keys, 'one');
  answer = () => new Response('', { status: 503 });
  nowMs += 10 * minute;
  for (let i = 0; i < 10; i++) expect(await find(keys, 'one')).toBe('one');
  expect(requests).toBe(2);
  nowMs += 5_000;
  expect(await find(keys, 'one')).toBe('one');
  expect(requests).toBe(3);
  nowMs = 60 * minute;
  // The first waits for the request that was under way already.
  for (let i = 0; i < 10; i++) expect(await find(keys, 'one')).toBe('no set');
  expect(requests).toBe(4);
  answer = () => keySetOf('one');
  nowMs += 4_999;
  expect(await find(keys, 'one')).toBe('no set');
  nowMs += 1;
  expect(await find(keys, 'one')).toBe('one');
});

test('without a first set, strangers make it ask every 5 seconds at most', async () => {
  answer = () => Promise.reject(new Error('refused'));
  const keys = keySet();
  for (let i = 0; i < 20; i++) expect(await find(keys, `${i}`)).toBe('no set');
  expect(requests).toBe(1);
  expect(faults).toEqual(['JWT key set of https://issuer.example: the request failed']);
  nowMs += 5_000;
  answer = () => keySetOf('one');
  expect(await find(keys, 'one')).toBe('one');
});

test.each<[string, () => Response, string]>([
  ['an error', () => new Response('{}', { status: 500 }), 'status 500'],
  ['a redirect', () => Response.redirect('https://elsewhere.example/'), 'status 302'],
  ['no JSON', () => new Response('<html>'), 'no key set'],
  ['no key set', () => Response.json({ keys: 7 }), 'no key set'],
  ['a list', () => Response.json([]), 'no key set'],
  ['too many keys', () => Response.json({ keys: Array(101).fill({}) }), 'no key set'],
  ['far too much', () => Response.json({ keys: [], x: 'x'.repeat(300_000) }), '262144 bytes'],
])('a server that answers with %s gives no set', async (_what, given, fault) => {
  answer = given;
  expect(await find(keySet(), 'one')).toBe('no set');
  expect(faults.join()).toContain(fault);
});

describe('over a socket', () => {
  test('a set on this machine may come by HTTP', async () => {
    await using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => keySetOf('one'),
    });
    expect(await find(new RemoteKeySet({ url: `${server.url}keys` }), 'one')).toBe('one');
  });

  test('redirects are not followed', async () => {
    await using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: ({ url }) => (url.endsWith('/keys') ? Response.redirect('/other') : keySetOf('one')),
    });
    expect(await find(new RemoteKeySet({ url: `${server.url}keys` }), 'one')).toBe('no set');
  });

  test('a server that never ends its answer is not waited for longer than told', async () => {
    const endless = () => new ReadableStream({ start: (stream) => stream.enqueue('{"keys":[') });
    await using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response(endless()),
    });
    const keys = new RemoteKeySet({ url: server.url.href, timeoutMs: 50 });
    expect(await find(keys, 'one')).toBe('no set');
    await server.stop(true);
  });
});

test.each([
  ['keys', 'no URL'],
  ['http://issuer.example/keys', 'not HTTPS'],
  ['http://127.0.0.1.example/keys', 'not HTTPS'],
  ['http://0.0.0.0/keys', 'not HTTPS'],
  ['ftp://127.0.0.1/keys', 'not HTTPS'],
  ['https://user:secret@issuer.example/keys', 'user name'],
])('%s is refused', (url, why) => {
  expect(() => keySet({ url })).toThrow(why);
  expect(() => keySet({ url })).not.toThrow('secret');
});

test.each(['cacheMs', 'staleMs', 'timeoutMs'] as const)('%s must be a time', (field) => {
  for (const wrong of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) {
    expect(() => keySet({ [field]: wrong })).toThrow(`${field} of the key set`);
  }
});
