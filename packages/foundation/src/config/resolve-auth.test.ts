import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { formatFault } from './config-fault.ts';
import { loadConfig } from './load-config.ts';

const secret = 'a-secret-of-thirty-two-bytes-or-more';

async function load(toml: string, environment: Record<string, string> = {}) {
  await using folder = await temporaryDirectory();
  await Bun.write(join(folder.path, 'zeke.toml'), toml);
  return await loadConfig({ cwd: folder.path, environment });
}

async function loaded(toml: string, environment: Record<string, string> = {}) {
  const result = await load(toml, environment);
  if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'));
  return result;
}

test('nothing of it is there unless it is written', async () => {
  const { config } = await loaded('');
  expect(config.auth).toEqual({ requireAuth: false });
});

test('issuers of tokens, with shared secrets and with public keys', async () => {
  const { config } = await loaded(
    `[auth.jwt.own]
issuer = "ci"
org = "acme"
secret = "env:CI_SECRET"
secrets = { next = "env:CI_SECRET" }
[auth.jwt.okta]
issuer = "https://acme.okta.example/oauth2"
audience = ["zeke"]
type = "at+jwt"
org_claim = "org"
user_claim = "email"
role_claim = "realm_access.roles"
roles = { ops = "admin" }
grants_claim = "scope"
provision = true
`,
    { CI_SECRET: secret },
  );
  const [own, okta] = config.auth.jwt ?? [];
  expect(own).toMatchObject({
    name: 'own',
    org: 'acme',
    userClaim: 'sub',
    grants: ['inference'],
    provision: false,
    leewayMs: 5_000,
  });
  const shared = own?.keys.kind === 'shared' ? own.keys.secrets : new Map();
  expect([...shared].map(([id, value]) => [id, value.reveal()])).toEqual([
    ['', secret],
    ['next', secret],
  ]);
  expect(okta).toMatchObject({
    keys: { kind: 'published', algorithms: ['RS256', 'ES256', 'EdDSA'] },
    audience: ['zeke'],
    orgClaim: 'org',
    roles: new Map([['ops', 'admin']]),
    grantsClaim: 'scope',
    provision: true,
  });
});

test('a login provider, and variables of the environment', async () => {
  const { config } = await loaded('[auth]\npublic_url = "https://zeke.example.com/"\n', {
    ZEKE_AUTH_OIDC_ISSUER: 'https://login.example.com',
    ZEKE_AUTH_OIDC_CLIENT_ID: 'zeke',
    ZEKE_AUTH_OIDC_CLIENT_SECRET: 'the client secret',
    ZEKE_AUTH_OIDC_ORG: 'acme',
    ZEKE_AUTH_OAUTH_ENABLED: 'true',
    ZEKE_AUTH_SIGNING_KEYS: `k1=${secret}`,
    ZEKE_AUTH_JWT_CI_ISSUER: 'ci',
    ZEKE_AUTH_JWT_CI_ORG: 'acme',
    ZEKE_AUTH_JWT_CI_SECRET: secret,
  });
  const { jwt, oauth, oidc, publicUrl, signingKeys } = config.auth;
  expect(publicUrl).toBe('https://zeke.example.com');
  expect(oauth).toEqual({ tokenTtlMs: 3_600_000 });
  expect(oidc).toMatchObject({
    issuer: 'https://login.example.com',
    clientId: 'zeke',
    scopes: ['openid', 'profile', 'email'],
    sessionTtlMs: 43_200_000,
    grants: ['inference', 'admin'],
  });
  expect(oidc?.clientSecret?.reveal()).toBe('the client secret');
  expect(signingKeys?.get('k1')?.reveal()).toBe(secret);
  expect(jwt).toMatchObject([{ name: 'ci', issuer: 'ci' }]);
});

test('no secret of it is among the entries that people are shown', async () => {
  const { entries } = await loaded(
    `[auth]
signing_keys = { k1 = "${secret}1" }
[auth.jwt.own]
issuer = "ci"
org = "acme"
secret = "${secret}2"
secrets = { next = "${secret}3" }
[auth.oidc]
issuer = "https://login.example.com"
client_id = "zeke"
client_secret = "${secret}4"
org = "acme"
`,
    {
      ZEKE_AUTH_JWT_TWO_SECRET: `${secret}5`,
      ZEKE_AUTH_JWT_TWO_SECRETS: `k=${secret}6`,
      ZEKE_AUTH_JWT_TWO_ISSUER: 'two',
      ZEKE_AUTH_JWT_TWO_ORG: 'acme',
    },
  );
  const listed = entries();
  expect(JSON.stringify(listed)).not.toContain(secret);
  const values = new Map(listed.map(({ path, value }) => [path, value]));
  expect(values.get('auth.jwt.own.secret')).toBe('[redacted]');
  expect(values.get('auth.jwt.own.issuer')).toBe('ci');
  expect(values.get('auth.oidc.client_id')).toBe('zeke');
});

const issuer = '[auth.jwt.x]\nissuer = "https://a.example"\n';
const oidc = '[auth.oidc]\nissuer = "https://a.example"\nclient_id = "z"\n';

describe('refused, with the key named', () => {
  test.each([
    [`${issuer}org = "o"\n`, 'auth.jwt.x.audience: it is missing'],
    [`${issuer}audience = ["a"]\n`, 'auth.jwt.x.org: it is missing'],
    [
      '[auth.jwt.x]\nissuer = "http://a.example"\naudience = ["a"]\norg = "o"\n',
      'zeke.toml:2 auth.jwt.x.issuer: it is not an https:// address',
    ],
    [
      `${issuer}audience = ["a"]\norg = "o"\njwks_url = "http://a.example/keys"\n`,
      'zeke.toml:5 auth.jwt.x.jwks_url: it is not an https:// address',
    ],
    [
      `${issuer}org = "o"\nsecret = "short"\n`,
      'zeke.toml:4 auth.jwt.x.secret: it has 5 bytes, and 32 to 1024 are needed',
    ],
    [
      `${issuer}org = "o"\nsecret = "${secret}"\njwks_url = "https://a.example"\n`,
      'auth.jwt.x.jwks_url: an issuer has secrets or public keys, not both',
    ],
    [
      `${issuer}org = "o"\nsecret = "${secret}"\nalgorithms = ["RS256"]\n`,
      'auth.jwt.x.algorithms: an issuer has secrets or public keys, not both',
    ],
    [`${issuer}algorithms = ["none"]\n`, 'must be one of RS256, ES256, EdDSA'],
    [
      `${issuer}org = "o"\nsecret = "${secret}"\n[auth.jwt.y]\nissuer = "https://a.example"\norg = "o"\nsecret = "${secret}"\n`,
      'auth.jwt.y.issuer: x has the same issuer',
    ],
    [
      `${issuer}org = "o"\nsecret = "${secret}"\nroles = { a = "admin" }\n`,
      'auth.jwt.x.roles: it says what role_claim means',
    ],
    [
      `${issuer}org = "o"\nsecret = "${secret}"\nrole_claim = "r"\nroles = { a = "root" }\n`,
      'auth.jwt.x.roles.a: it must be one of admin, manager, member, viewer',
    ],
    [
      `[auth.jwt.x]\nissuer = "zeke"\norg = "o"\nsecret = "${secret}"\n`,
      'auth.jwt.x.issuer: zeke calls itself so in its own tokens',
    ],
    [`${oidc}`, 'auth.oidc.org: it is missing'],
    [`${oidc}org = "o"\nscopes = ["email"]\n`, 'auth.oidc.scopes: openid is missing'],
    [`[auth.oidc]\norg = "o"\nclient_id = "z"\n`, 'auth.oidc.issuer: it is missing'],
    ['[auth]\npublic_url = "https://a.example/path"\n', 'auth.public_url: it is more than'],
    ['[auth]\nsigning_keys = { a = "short" }\n', 'auth.signing_keys.a: it has 5 bytes'],
    ['[auth.jwt.x]\nisuer = "a"\n', 'auth.jwt.x.isuer: there is no such key; did you mean issuer?'],
  ])('%#', async (toml, fault) => {
    const result = await load(toml);
    const faults = result.ok ? [] : result.faults.map(formatFault);
    expect(faults.join('\n')).toContain(fault);
    expect(faults.join('\n')).not.toContain(secret);
  });
});
