import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import type { CallHandler } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { identityOf } from './identity.ts';
import { type JwtServerOptions, jwtServer } from './jwt.ts';

const startMs = Date.UTC(2026, 0, 1);
const startSeconds = startMs / 1000;

let privateKey: CryptoKey;
let keySet: JSONWebKeySet;
let strangerKey: CryptoKey;
let checks: JwtServerOptions;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  privateKey = pair.privateKey;
  keySet = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }] };
  strangerKey = (await generateKeyPair('ES256')).privateKey;
  checks = { keys: { keySet }, issuer: 'https://issuer', audience: 'api', now: () => startMs };
});

const claims: JWTPayload = {
  iss: 'https://issuer',
  aud: 'api',
  sub: 'ada',
  exp: startSeconds + 60,
  scope: 'models.read models.write',
  roles: ['admin'],
};

function signed(changes: JWTPayload = {}, key: CryptoKey = privateKey): Promise<string> {
  const payload = { ...claims, ...changes };
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(key);
}

const sayOk: CallHandler = (call) => call.sendEnd({ error: undefined, metadata: Metadata.empty });

async function callWith(
  token: string,
  changes: Partial<JwtServerOptions> = {},
): Promise<ScriptedServerCall> {
  const call = new ScriptedServerCall({ metadata: { authorization: `Bearer ${token}` } });
  jwtServer({ ...checks, ...changes })(sayOk)(call);
  await call.end;
  return call;
}

test('a token that holds names its caller, with roles, scopes and claims', async () => {
  const call = await callWith(await signed());
  expect(call.code).toBe('ok');
  expect(identityOf(call)).toEqual({
    id: 'ada',
    scheme: 'jwt',
    roles: ['admin'],
    scopes: ['models.read', 'models.write'],
    claims,
  });
});

test.each<[string, JWTPayload, string]>([
  ['that has ended', { exp: startSeconds - 6 }, 'expired'],
  ['without an end', { exp: undefined as never }, '"exp"'],
  ['that does not hold yet', { nbf: startSeconds + 6 }, '"nbf"'],
  ['of another issuer', { iss: 'https://other' }, '"iss"'],
  ['for another audience', { aud: ['web', 'admin'] }, '"aud"'],
  ['that names nobody', { sub: undefined as never }, 'names nobody'],
])('a token %s is refused, and told why', async (_what, changes, why) => {
  const call = await callWith(await signed(changes));
  expect(call.code).toBe('unauthenticated');
  expect(call.trailer?.error?.message).toContain(why);
});

test('clocks may be apart by the tolerance', async () => {
  const token = await signed({ exp: startSeconds - 6 });
  expect((await callWith(token, { clockToleranceMs: 10_000 })).code).toBe('ok');
});

test('a token that a stranger has signed, or nobody, or that was changed, is refused', async () => {
  const stranger = await callWith(await signed({}, strangerKey));
  expect(stranger.code).toBe('unauthenticated');
  const unsecured = await callWith(new UnsecuredJWT({ ...claims }).encode());
  expect(unsecured.code).toBe('unauthenticated');
  const [header, , signature] = (await signed()).split('.');
  const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
  expect((await callWith(`${header}.${payload}.${signature}`)).code).toBe('unauthenticated');
});

test('the public key is no secret: a token that is signed with it as one is refused', async () => {
  const bytes = new TextEncoder().encode(JSON.stringify(keySet.keys[0]));
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(bytes);
  expect((await callWith(token)).code).toBe('unauthenticated');
});

test('an algorithm that is not on the list is refused, though the key knows it', async () => {
  const call = await callWith(await signed(), { algorithms: ['RS256'] });
  expect(call.code).toBe('unauthenticated');
});

test('a shared secret serves HS256', async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  expect((await callWith(token, { keys: { secret } })).code).toBe('ok');
  const other = crypto.getRandomValues(new Uint8Array(32));
  expect((await callWith(token, { keys: { secret: other } })).code).toBe('unauthenticated');
});

test('options that would let strangers in are refused at the start', () => {
  const none = ['none'] as unknown as JwtServerOptions['algorithms'] & {};
  expect(() => jwtServer({ ...checks, algorithms: none })).toThrow('none');
  expect(() => jwtServer({ ...checks, algorithms: ['HS256'] })).toThrow('HS256');
  expect(() => jwtServer({ ...checks, algorithms: [] })).toThrow('at least one');
  expect(() => jwtServer({ ...checks, keys: { secret: new Uint8Array(31) } })).toThrow('31 bytes');
  expect(() => jwtServer({ ...checks, issuer: '' })).toThrow('issuer');
  expect(() => jwtServer({ ...checks, audience: [] })).toThrow('audience');
  expect(() => jwtServer({ ...checks, keys: { url: 'http://keys.example/' } })).toThrow('HTTPS');
  expect(() => jwtServer({ ...checks, keys: { url: 'keys' } })).toThrow('no URL');
});

test('a call without a token is refused, or goes on where none is required', () => {
  const refused = new ScriptedServerCall();
  jwtServer(checks)(sayOk)(refused);
  expect(refused.code).toBe('unauthenticated');
  const anonymous = new ScriptedServerCall();
  jwtServer({ ...checks, required: false })(sayOk)(anonymous);
  expect([anonymous.code, identityOf(anonymous)]).toEqual(['ok', undefined]);
});

test('a verified token is believed at once the second time, until it ends', async () => {
  let nowMs = startMs;
  const intercepted = jwtServer({ ...checks, now: () => nowMs, clockToleranceMs: 0 })(sayOk);
  const metadata = { authorization: `Bearer ${await signed({ exp: startSeconds + 10 })}` };
  const first = new ScriptedServerCall({ metadata });
  intercepted(first);
  expect(first.paused).toBe(true);
  await first.end;
  const second = new ScriptedServerCall({ metadata });
  intercepted(second);
  expect([second.code, identityOf(second)?.id]).toEqual(['ok', 'ada']);
  nowMs += 10_000;
  const third = new ScriptedServerCall({ metadata });
  intercepted(third);
  await third.end;
  expect(third.trailer?.error?.message).toContain('expired');
});

test('no more tokens are remembered than allowed', async () => {
  const intercepted = jwtServer({ ...checks, maxCached: 1 })(sayOk);
  const tokens = [await signed({ sub: 'ada' }), await signed({ sub: 'grace' })];
  const paused: boolean[] = [];
  for (const token of [tokens[0], tokens[1], tokens[1], tokens[0]]) {
    const call = new ScriptedServerCall({ metadata: { authorization: `Bearer ${token}` } });
    intercepted(call);
    paused.push(call.paused);
    await call.end;
  }
  expect(paused).toEqual([true, true, false, true]);
});

test('whatever is sent as a token, the answer is unauthenticated', async () => {
  const token = await signed();
  // The bits of a signature can be written in more ways than one; what it signs cannot.
  const damaged = fc
    .tuple(fc.nat(token.lastIndexOf('.') - 1), fc.string({ maxLength: 3, unit: 'grapheme-ascii' }))
    .map(([at, text]) => token.slice(0, at) + text + token.slice(at + 1))
    .filter((text) => text.trim() !== token);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'grapheme-ascii' }), damaged), async (text) => {
      const call = await callWith(text);
      expect(call.code).toBe('unauthenticated');
    }),
    { numRuns: 60 },
  );
});

describe('a key set by URL', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };
  let requests: number;

  beforeAll(async () => {
    server = createServer((_request, response) => {
      requests += 1;
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });

  afterAll(() => {
    server.close();
  });

  test('is fetched once for calls that come together and later', async () => {
    requests = 0;
    answer = { status: 200, body: JSON.stringify(keySet) };
    const intercepted = jwtServer({ ...checks, keys: { url } })(sayOk);
    const call = async (changes: JWTPayload) => {
      const metadata = { authorization: `Bearer ${await signed(changes)}` };
      const each = new ScriptedServerCall({ metadata });
      intercepted(each);
      await each.end;
      return each.code;
    };
    const codes = await Promise.all([call({ sub: 'ada' }), call({ sub: 'grace' })]);
    codes.push(await call({ sub: 'alan' }));
    expect(codes.join(' ')).toBe('ok ok ok');
    expect(requests).toBe(1);
  });

  test.each([
    ['an error', 503, '{}'],
    ['no JSON', 200, '<html>'],
    ['no key set', 200, '{"keys":7}'],
    ['far too much', 200, `{"keys":[],"x":"${'x'.repeat(300_000)}"}`],
  ])('that answers with %s: calls may be sent again later', async (_what, status, body) => {
    answer = { status, body };
    const call = await callWith(await signed(), { keys: { url } });
    expect([call.code, call.trailer?.error?.retryable]).toEqual(['unavailable', true]);
  });

  test('in which the key is not: the token is refused', async () => {
    answer = { status: 200, body: '{"keys":[]}' };
    expect((await callWith(await signed(), { keys: { url } })).code).toBe('unauthenticated');
  });

  test('that is nobody: calls may be sent again later', async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
    const { port } = dead.address() as AddressInfo;
    await new Promise<void>((resolve) => dead.close(() => resolve()));
    const keys = { url: `http://127.0.0.1:${port}/` };
    expect((await callWith(await signed(), { keys })).code).toBe('unavailable');
  });
});
