import { describe, expect, test } from 'bun:test';
import type { RpcError } from '@zeke/rpc';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { claimedIssuer } from './claimed-issuer.ts';
import { issuerKeySet } from './issuer-key-set.ts';
import { JwksVerifier } from './jwks-verifier.ts';

const { privateKey, publicKey } = await generateKeyPair('ES256');
const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] };

/** An issuer on this machine whose metadata is what `metadata` makes of its address. */
function startIssuer(metadata: (url: string) => unknown) {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      if (pathname === '/keys') return Response.json(keySet);
      if (pathname !== '/tenant/.well-known/openid-configuration') {
        return new Response('', { status: 404 });
      }
      const body = metadata(`http://127.0.0.1:${server.port}`);
      return typeof body === 'string' ? new Response(body) : Response.json(body);
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    asked,
    url,
    issuer: `${url}/tenant`,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

async function verdictOf(issuer: string) {
  const faults: RpcError[] = [];
  const keys = issuerKeySet(issuer, { onFault: (error) => faults.push(error) });
  const verifier = new JwksVerifier({ keys, issuer });
  const token = await new SignJWT({ sub: 'ada' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setIssuer(issuer)
    .setExpirationTime('1m')
    .sign(privateKey);
  return { verdict: await verifier.verify(token), faults: faults.map(({ message }) => message) };
}

test('the key set is where the metadata of the issuer says', async () => {
  using issuer = startIssuer((url) => ({ issuer: `${url}/tenant`, jwks_uri: `${url}/keys` }));
  const { faults, verdict } = await verdictOf(issuer.issuer);
  expect(faults).toEqual([]);
  expect(verdict).toMatchObject({ ok: true, claims: { sub: 'ada' } });
  expect(issuer.asked).toEqual(['/tenant/.well-known/openid-configuration', '/keys']);
});

describe('no key set is had, and the fault says why, where the metadata', () => {
  test.each<[string, (url: string) => unknown, string]>([
    ['is of another issuer', (url) => ({ issuer: url, jwks_uri: `${url}/keys` }), 'another issuer'],
    ['names no key set', (url) => ({ issuer: `${url}/tenant` }), 'names no key set'],
    [
      'leads elsewhere without TLS',
      (url) => ({ issuer: `${url}/tenant`, jwks_uri: 'http://keys.example/keys' }),
      'is not HTTPS',
    ],
    ['is no JSON', () => 'hello', 'another issuer'],
    ['is null', () => 'null', 'another issuer'],
    ['is endless', () => 'x'.repeat(300_000), 'longer than'],
  ])('%s', async (_, metadata, why) => {
    using issuer = startIssuer(metadata);
    const { faults, verdict } = await verdictOf(issuer.issuer);
    expect(verdict).toMatchObject({ ok: false, check: 'key-set' });
    expect(faults.join()).toContain(why);
    expect(issuer.asked).not.toContain('/keys');
  });
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('what a token claims as its issuer', () => {
  expect(claimedIssuer(`${part({})}.${part({ iss: 'a' })}.x`)).toBe('a');
  for (const [token, check] of [
    ['', 'form'],
    ['a.b', 'form'],
    ['a.!.c', 'form'],
    [`a.${part([])}.c`, 'claims'],
    [`a.${part({})}.c`, 'iss'],
    [`a.${part({ iss: 1 })}.c`, 'iss'],
    [`a.${'b'.repeat(9_000)}.c`, 'size'],
  ] as const) {
    expect(claimedIssuer(token)).toMatchObject({ ok: false, check });
  }
});
