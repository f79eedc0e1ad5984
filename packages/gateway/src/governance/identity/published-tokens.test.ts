import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import type { JwtIssuerConfig } from '@zeke/foundation';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';
import { sharedIssuer, TokenGateway } from './testing/token-gateway.ts';

const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
const pairs = Object.fromEntries(
  await Promise.all(
    algorithms.map(async (alg) => [alg, await generateKeyPair(alg, { extractable: true })]),
  ),
) as Record<(typeof algorithms)[number], Awaited<ReturnType<typeof generateKeyPair>>>;

/** An issuer on this machine, which may be down. */
class TestIssuer implements Disposable {
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly asked: string[] = [];
  keys: JWK[] = [];
  isDown = false;

  constructor() {
    this.#server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: ({ url }) => {
        const { pathname } = new URL(url);
        this.asked.push(pathname);
        if (this.isDown) return new Response('no', { status: 503 });
        if (pathname === '/keys') return Response.json({ keys: this.keys });
        return Response.json({ issuer: this.url, jwks_uri: `${this.url}/keys` });
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

let issuer: TestIssuer;
let gateway: TokenGateway;

const published = (changes: Partial<JwtIssuerConfig> = {}): JwtIssuerConfig =>
  sharedIssuer({
    name: 'okta',
    issuer: issuer.url,
    audience: ['zeke'],
    keys: { kind: 'published', algorithms },
    ...changes,
  });

beforeAll(async () => {
  issuer = new TestIssuer();
  for (const alg of algorithms) {
    issuer.keys.push({ ...(await exportJWK(pairs[alg].publicKey)), kid: alg });
  }
  gateway = await TokenGateway.start({ jwt: [published()] });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  issuer[Symbol.dispose]();
});

async function signed(
  alg: (typeof algorithms)[number],
  claims: object = {},
  header: object = {},
): Promise<string> {
  return await new SignJWT({
    iss: issuer.url,
    aud: 'zeke',
    sub: 'ada',
    exp: gateway.seconds(300),
    ...claims,
  })
    .setProtectedHeader({ alg, kid: alg, ...header })
    .sign(pairs[alg].privateKey);
}

test.each(algorithms)('%s: the issuer says where its keys are, once for all', async (alg) => {
  expect(await gateway.answer(await signed(alg))).toMatchObject({ status: 200 });
  expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  const row = (await gateway.test.ledger()).at(-1);
  expect(row).toMatchObject({ key_id: `jwt:okta:${gateway.ada.id}`, org_id: gateway.org.id });
});

describe('refused:', () => {
  test('an HMAC with the text of a public key for its secret', async () => {
    const claims = { iss: issuer.url, aud: 'zeke', sub: 'ada', exp: gateway.seconds(300) };
    for (const secret of [
      await exportSPKI(pairs.RS256.publicKey),
      JSON.stringify(issuer.keys[0]),
      issuer.keys[0]?.n ?? '',
    ]) {
      const text = [{ alg: 'HS256', kid: 'RS256' }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const mac = createHmac('sha256', secret).update(text).digest('base64url');
      const { status, text: body } = await gateway.answer(`${text}.${mac}`);
      expect(status).toBe(401);
      expect(body).toContain('algorithm');
    }
  });

  test.each<[string, () => Promise<string>, string]>([
    ['a key of another kind', () => signed('RS256', {}, { kid: 'ES256' }), 'signed with no key'],
    ['a key that is not in the set', () => signed('ES256', {}, { kid: 'x' }), 'signed with no key'],
    ['for another audience', () => signed('EdDSA', { aud: ['billing', 'zeke2'] }), 'audience'],
    ['for no audience', () => signed('EdDSA', { aud: undefined }), 'audience'],
    ['by another issuer', () => signed('EdDSA', { iss: `${issuer.url}/` }), 'issuer'],
    ['expired', () => signed('EdDSA', { exp: gateway.seconds(-6) }), 'expired'],
    ['not yet', () => signed('EdDSA', { nbf: gateway.seconds(60) }), 'nbf'],
    ['crit', () => signed('EdDSA', { x: 1 }, { crit: ['b64'], b64: true }), 'critical'],
    ['typ', () => signed('EdDSA', {}, { typ: 'at+jwt' }), 'typ'],
  ])('%s', async (_, make, why) => {
    const { status, text } = await gateway.answer(await make());
    expect({ status, text }).toMatchObject({ status: 401, text: expect.stringContaining(why) });
  });

  test('one that was changed, at any of its parts', async () => {
    const token = await signed('ES256');
    const parts = token.split('.');
    for (const index of [0, 1, 2]) {
      const part = parts[index] ?? '';
      const other = part.startsWith('e') ? `f${part.slice(1)}` : `e${part.slice(1)}`;
      const changed = parts.with(index, other).join('.');
      expect((await gateway.answer(changed)).status).toBe(401);
    }
  });
});

test('an issuer that is down: its last keys are used, and after a reload of the configuration too', async () => {
  issuer.isDown = true;
  const asked = issuer.asked.length;
  gateway.configure({ jwt: [published({ provision: true })] });
  expect((await gateway.answer(await signed('ES256'))).status).toBe(200);
  expect(issuer.asked.length).toBe(asked);

  gateway.configure({ jwt: [published({ leewayMs: 1_000 })] });
  const response = await gateway.chat(await signed('ES256'));
  expect(response.status).toBe(503);
  expect(await response.text()).toContain('the key set is out of reach');
  const line = gateway.test.logged.find(({ msg }) => String(msg).includes('out of reach'));
  expect(line).toMatchObject({ name: 'okta' });
  issuer.isDown = false;
});

test('two issuers of different kinds side by side, told apart by their names', async () => {
  gateway.configure({ jwt: [published(), sharedIssuer()] });
  expect((await gateway.answer(await signed('RS256'))).status).toBe(200);
  const confused = await signed('RS256', { iss: 'https://ci.example' });
  expect(await gateway.answer(confused)).toMatchObject({
    status: 401,
    text: expect.stringContaining('algorithm'),
  });
});
