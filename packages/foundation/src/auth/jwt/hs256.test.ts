import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { CompactSign, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { Hs256, type Hs256Options } from './hs256.ts';
import { type JwtCheck, type JwtClaims, type JwtVerdict, jwtError } from './verdict.ts';

const startMs = Date.UTC(2026, 0, 1);
const start = startMs / 1000;
const secret = Buffer.alloc(32, 'the secret of these tests');
const claims: JwtClaims = { iss: 'zeke', aud: 'api', sub: 'ada', exp: start + 60, iat: start };

function hs256(changes: Partial<Hs256Options> = {}): Hs256 {
  const now = () => startMs;
  return new Hs256({ keys: [{ secret }], issuer: 'zeke', audience: 'api', now, ...changes });
}

/** A token made by hand, signed rightly whatever is in it. */
function signed(header: string, payload: string, key: Uint8Array = secret): string {
  const parts = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`;
  return withSignature(parts, key);
}

function withSignature(parts: string, key: Uint8Array = secret): string {
  return `${parts}.${createHmac('sha256', key).update(parts).digest('base64url')}`;
}

function checkOf(verdict: JwtVerdict): JwtCheck | 'none' {
  return verdict.ok ? 'none' : verdict.check;
}

const header = '{"alg":"HS256"}';

describe('RFC 7515 appendix A.1', () => {
  const token =
    'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.' +
    'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.' +
    'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  const key =
    'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow';
  const keys = [{ secret: Buffer.from(key, 'base64url') }];

  test('is verified', () => {
    const verifier = new Hs256({ keys, now: () => 1_300_819_379_000 });
    expect(verifier.verify(token)).toEqual({
      ok: true,
      claims: { iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true },
      keyId: undefined,
    });
  });

  test('has expired since', () => {
    expect(checkOf(new Hs256({ keys }).verify(token))).toBe('exp');
  });
});

test('a token that was signed is verified', () => {
  expect(hs256().verify(hs256().sign(claims))).toEqual({ ok: true, claims, keyId: undefined });
});

test.each<[string, Record<string, unknown>, JwtCheck]>([
  ['that ended longer ago than the leeway', { exp: start - 5 }, 'exp'],
  ['without an end', { exp: undefined }, 'exp'],
  ['whose end is text', { exp: `${start + 60}` }, 'exp'],
  ['whose end is null', { exp: null }, 'exp'],
  ['whose end is beyond all time', { exp: 1e300 }, 'exp'],
  ['whose end is before all time', { exp: -1 }, 'exp'],
  ['that begins later', { nbf: start + 6 }, 'nbf'],
  ['whose beginning is a list', { nbf: [start] }, 'nbf'],
  ['of the future', { iat: start + 6 }, 'iat'],
  ['of another issuer', { iss: 'zek' }, 'iss'],
  ['of nobody', { iss: undefined }, 'iss'],
  ['whose issuer is a list', { iss: ['zeke'] }, 'iss'],
  ['for others', { aud: ['web', 'app'] }, 'aud'],
  ['for none', { aud: [] }, 'aud'],
  ['for anybody', { aud: undefined }, 'aud'],
  ['for a number', { aud: ['api', 7] }, 'aud'],
  ['of a subject that is no text', { sub: 7 }, 'sub'],
  ['with an id that is no text', { jti: {} }, 'jti'],
])('a token %s is refused', (_what, changes, check) => {
  const token = signed(header, JSON.stringify({ ...claims, ...changes }));
  expect(checkOf(hs256().verify(token))).toBe(check);
});

test('leeway and fractions of seconds count to the millisecond', () => {
  const at = (now: number, change: JwtClaims) =>
    checkOf(
      hs256({ now: () => now, leewayMs: 250 }).verify(
        signed(header, JSON.stringify({ ...claims, ...change })),
      ),
    );
  expect(at(startMs + 749, { exp: start + 0.5 })).toBe('none');
  expect(at(startMs + 750, { exp: start + 0.5 })).toBe('exp');
  expect(at(startMs, { nbf: start + 0.25 })).toBe('none');
  expect(at(startMs - 1, { nbf: start + 0.25, iat: 0 })).toBe('nbf');
});

test('the age of a token is bounded where that is wanted', () => {
  const verifier = hs256({ maxAgeMs: 10_000, leewayMs: 0 });
  const aged = (iat?: number) => signed(header, JSON.stringify({ ...claims, iat }));
  expect(checkOf(verifier.verify(aged(start - 9)))).toBe('none');
  expect(checkOf(verifier.verify(aged(start - 10)))).toBe('iat');
  expect(checkOf(verifier.verify(aged()))).toBe('iat');
});

test('an audience that nobody has configured refuses, as RFC 7519 section 4.1.3 has it', () => {
  const verifier = new Hs256({ keys: [{ secret }], now: () => startMs });
  expect(checkOf(verifier.verify(hs256().sign(claims)))).toBe('aud');
});

test('a clock that tells no time lets nobody in', () => {
  const token = hs256().sign(claims);
  expect(checkOf(hs256({ now: () => Number.NaN }).verify(token))).toBe('key');
});

test('a public key that could not be imported leaves nothing behind that fails here', async () => {
  const coordinate = Buffer.alloc(32, 1).toString('base64url');
  const noPoint = { kty: 'EC', crv: 'P-256', x: coordinate, y: coordinate };
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const importing = crypto.subtle.importKey('jwk', noPoint, algorithm, true, ['verify']);
  expect(await importing.catch(() => 'refused')).toBe('refused');
  expect(hs256().verify(hs256().sign(claims)).ok).toBe(true);
});

describe('headers', () => {
  test.each<[string, JwtCheck | 'none']>([
    ['{"alg":"HS256","typ":"JWT"}', 'none'],
    ['{"typ":"jwt" , "alg":"HS256"}', 'none'],
    ['{"alg":"HS256","typ":"application/JWT"}', 'none'],
    ['{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"unknown":[1]}', 'none'],
    ['{"alg":"none"}', 'algorithm'],
    ['{"alg":"None"}', 'algorithm'],
    ['{"alg":"hs256"}', 'algorithm'],
    ['{"alg":"HS512"}', 'algorithm'],
    ['{"alg":"RS256"}', 'algorithm'],
    ['{"alg":["HS256"]}', 'algorithm'],
    ['{"typ":"JWT"}', 'algorithm'],
    ['{"alg":"none","alg":"HS256"}', 'header'],
    ['{"alg":"HS256","crit":["exp"],"exp":1}', 'critical'],
    ['{"alg":"HS256","crit":[]}', 'critical'],
    ['{"alg":"HS256","crit":null}', 'critical'],
    ['{"alg":"HS256","typ":"at+jwt"}', 'type'],
    ['{"alg":"HS256","typ":7}', 'type'],
    ['{"alg":"HS256","kid":7}', 'header'],
    ['{"alg":"HS256","kid":""}', 'header'],
    ['{"alg":"HS256","kid":"../../dev/null"}', 'key'],
    [`{"alg":"HS256","kid":"${'k'.repeat(257)}"}`, 'header'],
    ['[]', 'header'],
    ['HS256', 'header'],
  ])('%s: %s', (text, check) => {
    expect(checkOf(hs256().verify(signed(text, JSON.stringify(claims))))).toBe(check);
  });

  test('a type that is asked for must be there', () => {
    const access = hs256({ type: 'at+jwt' });
    expect(checkOf(access.verify(access.sign(claims)))).toBe('none');
    expect(checkOf(access.verify(hs256().sign(claims)))).toBe('type');
    expect(checkOf(access.verify(signed(header, JSON.stringify(claims))))).toBe('type');
    const long = '{"alg":"HS256","typ":"application/AT+JWT"}';
    expect(checkOf(access.verify(signed(long, JSON.stringify(claims))))).toBe('none');
  });
});

describe('claims', () => {
  test.each([
    ['that are no object', '["zeke"]'],
    ['that are no JSON', 'zeke'],
    ['that are nothing', ''],
    ['with a name twice', `{"exp":${start - 60},"exp":${start + 60},"iss":"zeke","aud":"api"}`],
    ['nested very deep', `{"exp":${start + 60},"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`],
  ])('%s are refused', (_what, payload) => {
    expect(checkOf(hs256().verify(signed(header, payload)))).toBe('claims');
  });

  test('that are huge are refused before anything is read', () => {
    const token = signed(header, JSON.stringify({ ...claims, text: 'x'.repeat(6_200) }));
    expect(checkOf(hs256().verify(token))).toBe('size');
    expect(checkOf(hs256({ maxTokenLength: token.length }).verify(token))).toBe('none');
    expect(checkOf(hs256({ maxTokenLength: token.length - 1 }).verify(token))).toBe('size');
    expect(checkOf(hs256().verify('.'.repeat(50_000_000)))).toBe('size');
  });
});

describe('the form', () => {
  const [head = '', payload = '', signature = ''] = hs256().sign(claims).split('.');

  test.each<[string, string, JwtCheck]>([
    ['nothing', '', 'form'],
    ['a word', 'token', 'form'],
    ['dots', '..', 'form'],
    ['no header', `.${payload}.${signature}`, 'form'],
    ['no signature', `${head}.${payload}`, 'form'],
    ['an empty signature', `${head}.${payload}.`, 'signature'],
    ['four parts', `${head}.${payload}.${signature}.`, 'form'],
    ['a signature with padding', `${head}.${payload}.${signature}=`, 'signature'],
    ['a signature too short', `${head}.${payload}.${signature.slice(0, 42)}`, 'signature'],
    ['a header with padding', withSignature(`${head}=.${payload}`), 'form'],
    ['a payload with padding', withSignature(`${head}.${payload}=`), 'form'],
    ['a payload with white space', withSignature(`${head}. ${payload}`), 'form'],
    ['a payload in base64', withSignature(`${head}.${payload}/+`), 'form'],
    ['a payload of an impossible length', withSignature(`${head}.AAAAA`), 'form'],
    ['a payload with bits to spare', withSignature(`${head}.AB`), 'form'],
  ])('%s is refused', (_what, token, check) => {
    expect(checkOf(hs256().verify(token))).toBe(check);
  });

  test('the last character of a signature has one form only', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const taken = [...alphabet].filter(
      (last) => hs256().verify(`${head}.${payload}.${signature.slice(0, 42)}${last}`).ok,
    );
    expect(taken).toEqual([signature.slice(42)]);
  });

  test('characters beyond Latin-1 do not stand for others', () => {
    const shifted = String.fromCharCode(signature.charCodeAt(0) + 0x100) + signature.slice(1);
    expect(checkOf(hs256().verify(`${head}.${payload}.${shifted}`))).toBe('signature');
  });
});

describe('rotation', () => {
  const newer = Buffer.alloc(32, 'a newer secret');
  const before = hs256({ keys: [{ id: 'old', secret }] });
  const between = (now: () => number) =>
    hs256({
      keys: [
        { id: 'new', secret: newer },
        { id: 'old', secret, verifyUntilMs: startMs + 30_000 },
      ],
      now,
    });

  test('the first key signs, and the old one is taken until its date', () => {
    let now = startMs;
    const rotated = between(() => now);
    expect(rotated.verify(rotated.sign(claims))).toMatchObject({ ok: true, keyId: 'new' });
    const old = before.sign(claims);
    now += 29_999;
    expect(rotated.verify(old)).toMatchObject({ ok: true, keyId: 'old' });
    now += 1;
    expect(checkOf(rotated.verify(old))).toBe('key');
  });

  test('a token is tried on the key that it names and no other', () => {
    const rotated = between(() => startMs);
    const misnamed = signed('{"alg":"HS256","kid":"new"}', JSON.stringify(claims), secret);
    expect(checkOf(rotated.verify(misnamed))).toBe('signature');
    expect(checkOf(rotated.verify(hs256().sign(claims)))).toBe('key');
    expect(checkOf(hs256().verify(before.sign(claims)))).toBe('key');
  });

  test('a retired key signs nothing', () => {
    const retired = hs256({ keys: [{ secret, verifyUntilMs: startMs }] });
    expect(() => retired.sign(claims)).toThrow('retired');
  });
});

test.each<[string, Partial<Hs256Options>]>([
  ['keys', { keys: [] }],
  ['keys', { keys: Array.from({ length: 17 }, (_, i) => ({ id: `${i}`, secret })) }],
  ['keys[0].secret', { keys: [{ secret: secret.subarray(1) }] }],
  ['keys[0].secret', { keys: [{ secret: new Uint8Array(1_025) }] }],
  ['keys[1].id', { keys: [{ secret }, { id: '', secret }] }],
  ['two have the same id', { keys: [{ secret }, { secret }] }],
  ['keys[0].verifyUntilMs', { keys: [{ secret, verifyUntilMs: Number.NaN }] }],
  ['issuer', { issuer: [] }],
  ['audience', { audience: '' }],
  ['leewayMs', { leewayMs: Number.NaN }],
  ['leewayMs', { leewayMs: -1 }],
  ['leewayMs', { leewayMs: 300_001 }],
  ['maxAgeMs', { maxAgeMs: 0 }],
  ['maxTokenLength', { maxTokenLength: Number.NaN }],
])('%s: a wrong option is refused by name', (name, changes) => {
  expect(() => hs256(changes)).toThrow(name);
});

test('what could not be verified is not signed', () => {
  const deep = JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`);
  expect(() => hs256().sign({ sub: 'ada' })).toThrow('"exp"');
  expect(() => hs256().sign({ ...claims, exp: Number.NaN })).toThrow('"exp"');
  expect(() => hs256().sign({ ...claims, nbf: Number.POSITIVE_INFINITY })).toThrow('"nbf"');
  expect(() => hs256().sign({ ...claims, deep })).toThrow('deep');
  expect(() => hs256().sign({ ...claims, text: 'x'.repeat(8_000) })).toThrow('8192');
});

test('refusals become errors that name the check, and hold nothing of the token', () => {
  const token = signed('{"alg":"HS256","kid":"a-name"}', '{"sub":"ada"}');
  const verdict = hs256().verify(token);
  const error = verdict.ok ? undefined : jwtError(verdict);
  expect(error).toMatchObject({ code: 'unauthenticated', retryable: false });
  expect(error?.detail('jwt')).toEqual({ check: 'key' });
  expect(error?.message).not.toMatch(/a-name|ada|eyJ/);
});

test('printing a signer shows no secret', () => {
  const text = `${Bun.inspect(hs256())}${JSON.stringify(hs256())}`;
  expect(text).not.toContain(secret.toString('latin1').slice(0, 8));
  expect(text).not.toContain([...secret.subarray(0, 4)].join(', '));
});

describe('with jose as oracle', () => {
  const anyClaims = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })).map((extra) => {
    const { exp, nbf, iat, iss, aud, sub, jti, ...rest } = extra;
    return { ...rest, ...claims };
  });
  const options = { currentDate: new Date(startMs), issuer: 'zeke', audience: 'api' };

  test('jose reads what we sign', async () => {
    await fc.assert(
      fc.asyncProperty(anyClaims, async (given) => {
        const { payload, protectedHeader } = await jwtVerify(hs256().sign(given), secret, options);
        expect(JSON.stringify(payload)).toBe(JSON.stringify(given));
        expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
      }),
    );
  });

  test('we read what jose signs', async () => {
    const headers = fc.record(
      { typ: fc.constantFrom('JWT', 'jwt', 'application/jwt'), cty: fc.string(), x: fc.string() },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(anyClaims, headers, async (given, extra) => {
        const token = await new SignJWT(given as JWTPayload)
          .setProtectedHeader({ ...extra, alg: 'HS256' })
          .sign(secret);
        const verdict = hs256().verify(token);
        expect(JSON.stringify(verdict.ok && verdict.claims)).toBe(JSON.stringify(given));
      }),
    );
  });

  test('times, issuers and audiences are judged alike', async () => {
    const around = fc.integer({ min: start - 10, max: start + 10 });
    const names = fc.constantFrom('zeke', 'api', 'other');
    const given = fc.record(
      {
        exp: around,
        nbf: around,
        iat: fc.integer({ min: 0, max: start }),
        iss: names,
        aud: fc.oneof(names, fc.array(names, { maxLength: 3 })),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(given, fc.integer({ min: 0, max: 8 }), async (payload, leeway) => {
        const token = signed(header, JSON.stringify(payload));
        const checks = { ...options, clockTolerance: leeway, requiredClaims: ['exp'] };
        const isTakenByJose = await jwtVerify(token, secret, checks).then(
          () => true,
          () => false,
        );
        expect(hs256({ leewayMs: leeway * 1000 }).verify(token).ok).toBe(isTakenByJose);
      }),
      { numRuns: 300 },
    );
  });

  test('whatever bytes are signed, we take no token that jose refuses', async () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => Buffer.from(JSON.stringify(value)));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), json);
    const lax = new Hs256({ keys: [{ secret }], now: () => startMs, requireExpiry: false });
    await fc.assert(
      fc.asyncProperty(bytes, async (payload) => {
        const signing = new CompactSign(payload).setProtectedHeader({ alg: 'HS256' });
        const token = await signing.sign(secret);
        const isTakenByJose = await jwtVerify(token, secret, {
          currentDate: new Date(startMs),
        }).then(
          () => true,
          () => false,
        );
        expect(isTakenByJose || !lax.verify(token).ok).toBe(true);
      }),
    );
  });

  test('a token that was changed anywhere, in any way, is refused', () => {
    const token = hs256().sign(claims);
    const text = fc.string({ unit: 'grapheme', maxLength: 3 });
    const changed = fc
      .tuple(fc.nat(token.length), fc.nat(3), text)
      .map(([at, cut, added]) => token.slice(0, at) + added + token.slice(at + cut))
      .filter((other) => other !== token);
    fc.assert(
      fc.property(changed, (other) => {
        expect(hs256().verify(other).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
