import { beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { JwksVerifier, type JwksVerifierOptions } from './jwks-verifier.ts';
import type { JwtClaims, JwtVerdict } from './verdict.ts';

const startMs = Date.UTC(2026, 0, 1);
const start = startMs / 1000;
const claims = { iss: 'https://issuer', aud: 'api', sub: 'ada', exp: start + 60 };

interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

const pairs = new Map<string, Pair>();
let keySet: JSONWebKeySet;

beforeAll(async () => {
  for (const algorithm of ['RS256', 'ES256', 'EdDSA']) {
    pairs.set(algorithm, await makePair(algorithm, algorithm.toLowerCase()));
  }
  keySet = { keys: [...pairs.values()].map(({ jwk }) => jwk) };
});

async function makePair(algorithm: string, kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

function pairFor(algorithm: string): Pair {
  const pair = pairs.get(algorithm === 'Ed25519' ? 'EdDSA' : algorithm);
  if (pair === undefined) throw new Error(`no key for ${algorithm}`);
  return pair;
}

function verifier(changes: Partial<JwksVerifierOptions> = {}): JwksVerifier {
  const rules = { issuer: 'https://issuer', audience: 'api', now: () => startMs };
  return new JwksVerifier({ keys: { keySet }, ...rules, ...changes });
}

function signed(algorithm: string, changes: JwtClaims = {}, header = {}): Promise<string> {
  const { privateKey, jwk } = pairFor(algorithm);
  return new SignJWT({ ...claims, ...changes } as JwtClaims as Record<string, unknown>)
    .setProtectedHeader({ alg: algorithm, kid: jwk.kid ?? '', ...header })
    .sign(privateKey);
}

async function checkOf(verdict: Promise<JwtVerdict>): Promise<string> {
  const settled = await verdict;
  return settled.ok ? 'none' : settled.check;
}

test.each(['RS256', 'ES256', 'EdDSA', 'Ed25519'])(
  '%s: what was signed is verified',
  async (alg) => {
    const verdict = await verifier().verify(await signed(alg));
    expect(verdict).toEqual({ ok: true, claims, keyId: pairFor(alg).jwk.kid });
  },
);

test.each(['RS256', 'ES256', 'EdDSA'])(
  '%s: what jose signs is read, whatever it says',
  async (alg) => {
    const values = fc.dictionary(fc.string({ minLength: 8 }), fc.jsonValue({ maxDepth: 3 }));
    await fc.assert(
      fc.asyncProperty(values, async (extra) => {
        const verdict = await verifier().verify(await signed(alg, extra));
        expect(JSON.stringify(verdict.ok && verdict.claims)).toBe(
          JSON.stringify({ ...claims, ...extra }),
        );
      }),
      { numRuns: 20 },
    );
  },
);

test('a token that was changed anywhere is refused', async () => {
  const token = await signed('ES256');
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 2 });
  const changed = fc
    .tuple(fc.nat(token.length), fc.nat(2), text)
    .map(([at, cut, added]) => token.slice(0, at) + added + token.slice(at + cut))
    .filter((other) => other !== token);
  await fc.assert(
    fc.asyncProperty(changed, async (other) => {
      expect((await verifier().verify(other)).ok).toBe(false);
    }),
    { numRuns: 100 },
  );
});

test('claims are checked as those of HS256 are', async () => {
  expect(await checkOf(verifier().verify(await signed('ES256', { exp: start - 5 })))).toBe('exp');
  expect(await checkOf(verifier().verify(await signed('ES256', { iss: 'other' })))).toBe('iss');
  expect(await checkOf(verifier().verify(await signed('ES256', { aud: 'web' })))).toBe('aud');
});

describe('forged', () => {
  test('a token that is not signed is refused', async () => {
    expect(await checkOf(verifier().verify(new UnsecuredJWT(claims).encode()))).toBe('algorithm');
  });

  test('a public key is no shared secret', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(pairFor('RS256').jwk));
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    expect(await checkOf(verifier().verify(token))).toBe('algorithm');
  });

  test('a key of one type serves no algorithm of another', async () => {
    const token = await signed('ES256', {}, { kid: 'rs256' });
    expect(await checkOf(verifier().verify(token))).toBe('key');
  });

  test('a key that the token brings is not used', async () => {
    const stranger = await makePair('ES256', 'es256');
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'es256', jwk: stranger.jwk })
      .sign(stranger.privateKey);
    expect(await checkOf(verifier().verify(token))).toBe('signature');
  });

  test('critical extensions are refused', async () => {
    const parts = (await signed('ES256')).split('.');
    const header = { alg: 'ES256', kid: 'es256', crit: ['b64'], b64: false };
    parts[0] = Buffer.from(JSON.stringify(header)).toString('base64url');
    expect(await checkOf(verifier().verify(parts.join('.')))).toBe('critical');
  });

  test('a signature in another form of base64 is refused', async () => {
    const token = await signed('RS256');
    expect(await checkOf(verifier().verify(`${token}==`))).toBe('form');
    expect(await checkOf(verifier().verify(`${token.slice(0, -1)} ${token.at(-1)}`))).toBe('form');
  });
});

describe('the key', () => {
  test('need not be named where only one fits', async () => {
    const token = await signed('ES256', {}, { kid: undefined });
    expect(await checkOf(verifier().verify(token))).toBe('none');
    const two = { keys: [...keySet.keys, (await makePair('ES256', 'second')).jwk] };
    expect(await checkOf(verifier({ keys: { keySet: two } }).verify(token))).toBe('key');
  });

  test('may share its name with others', async () => {
    const others = [(await makePair('ES256', 'es256')).jwk, (await makePair('RS256', 'es256')).jwk];
    const shared = { keys: { keySet: { keys: [...others, ...keySet.keys] } } };
    expect(await checkOf(verifier(shared).verify(await signed('ES256')))).toBe('none');
  });

  test('is looked for among four of the same name, and no more', async () => {
    const others = await Promise.all([1, 2, 3, 4].map(() => makePair('ES256', 'es256')));
    const { jwk } = pairFor('ES256');
    const token = await signed('ES256');
    const among = (count: number) =>
      verifier({
        keys: { keySet: { keys: [...others.slice(0, count).map((pair) => pair.jwk), jwk] } },
      });
    expect(await checkOf(among(3).verify(token))).toBe('none');
    expect(await checkOf(among(4).verify(token))).toBe('signature');
  });

  test('that is no point of its curve has signed nothing', async () => {
    const jwk = { ...pairFor('ES256').jwk, x: Buffer.alloc(32, 1).toString('base64url') };
    const broken = verifier({ keys: { keySet: { keys: [jwk] } } });
    expect(await checkOf(broken.verify(await signed('ES256')))).toBe('signature');
  });

  test.each<[string, JWK]>([
    ['for encryption', { use: 'enc' }],
    ['that may only sign', { key_ops: ['sign'] }],
    ['for another algorithm', { alg: 'PS256' }],
    ['with a private part', { d: 'AQAB' }],
    ['of 1,024 bits', { n: Buffer.alloc(128, 1).toString('base64url') }],
    ['of 16,384 bits', { n: Buffer.alloc(2_048, 1).toString('base64url') }],
    ['with a huge exponent', { e: Buffer.alloc(64, 1).toString('base64url') }],
    ['without an exponent', { e: undefined as never }],
    ['of another type', { kty: 'oct', k: 'AAAA' }],
  ])('%s is left out', async (_what, changes) => {
    const keys = [{ ...pairFor('RS256').jwk, ...changes }, pairFor('ES256').jwk];
    const checked = verifier({ keys: { keySet: { keys } } });
    expect(await checkOf(checked.verify(await signed('RS256')))).toBe('key');
  });
});

test('an algorithm that is not on the list is refused, though its key is there', async () => {
  const some = verifier({ algorithms: ['RS256', 'EdDSA'] });
  expect(await checkOf(some.verify(await signed('ES256')))).toBe('algorithm');
  expect(await checkOf(some.verify(await signed('Ed25519')))).toBe('none');
});

test('wrong options are refused by name', () => {
  const hmac = ['HS256'] as unknown as JwksVerifierOptions['algorithms'] & {};
  expect(() => verifier({ algorithms: [] })).toThrow('algorithms');
  expect(() => verifier({ algorithms: hmac })).toThrow('HS256');
  expect(() => verifier({ maxTokenLength: 0 })).toThrow('maxTokenLength');
  expect(() => verifier({ keys: { keySet: { keys: [] } } })).toThrow('keySet');
  const many = { keys: Array.from({ length: 101 }, () => pairFor('ES256').jwk) };
  expect(() => verifier({ keys: { keySet: many } })).toThrow('keySet');
});
