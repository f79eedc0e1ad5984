import { isLoopbackHost } from '../network/loopback.ts';
import { Secret } from '../secrets/secret.ts';
import {
  type AuthConfig,
  type IdentityConfig,
  type JwtIssuerConfig,
  jwtAlgorithmNames,
  type OidcConfig,
  ownIssuer,
  type PublishedJwtKeys,
  type SharedJwtKeys,
} from './auth-config.ts';
import { defined } from './defined.ts';
import { resolveCertificateRules } from './resolve-certificates.ts';
import type { ValidConfig } from './schema.ts';

type ValidAuth = ValidConfig['auth'];
type ValidIssuer = ValidAuth['jwt'][string];
type ValidOidc = NonNullable<ValidAuth['oidc']>;
type Remark = (path: readonly string[], message: string) => void;

const minSecretBytes = 32;
const maxSecretBytes = 1_024;
const maxKeys = 16;
const maxKeyIdLength = 256;

/**
 * `[auth]`. `fault` is told the path below `auth` of what cannot be, and why; `asksClients` says whether
 * clients are asked for certificates.
 */
export function resolveAuth(auth: ValidAuth, asksClients: boolean, fault: Remark): AuthConfig {
  const { admin_api_key: adminApiKey, oauth, oidc, public_url: publicUrl } = auth;
  checkSecrets(auth.signing_keys, (id, why) => fault(['signing_keys', id], why));
  if (publicUrl !== undefined) checkPublicUrl(publicUrl, (why) => fault(['public_url'], why));
  const issuers = Object.entries(auth.jwt).map(([name, issuer]) =>
    resolveIssuer(name, issuer, (path, why) => fault(['jwt', name, ...path], why)),
  );
  checkIssuersDiffer(issuers, fault);
  const signingKeys = secretMap(auth.signing_keys);
  return defined({
    requireAuth: auth.require_auth,
    adminApiKey: adminApiKey === undefined ? undefined : new Secret(adminApiKey),
    publicUrl: publicUrl?.replace(/\/+$/, ''),
    signingKeys: signingKeys.size > 0 ? signingKeys : undefined,
    jwt: issuers.length > 0 ? issuers : undefined,
    mtls: resolveCertificateRules(auth.mtls, asksClients, fault),
    oauth: oauth?.enabled ? { tokenTtlMs: oauth.token_ttl_s * 1_000 } : undefined,
    oidc: oidc && resolveOidc(oidc, (path, why) => fault(['oidc', ...path], why)),
  });
}

function resolveIssuer(name: string, issuer: ValidIssuer, fault: Remark): JwtIssuerConfig {
  const keys = resolveKeys(issuer, fault);
  if (keys.kind === 'published' && issuer.audience === undefined) {
    fault(['audience'], 'it is missing: without it, tokens for any other service would be taken');
  }
  if (issuer.issuer === ownIssuer) fault(['issuer'], 'zeke calls itself so in its own tokens');
  checkIdentity(issuer, fault);
  return defined({
    ...resolveIdentity(issuer),
    grants: issuer.grants ?? ['inference'],
    grantsClaim: issuer.grants_claim,
    name,
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys,
    leewayMs: issuer.leeway_ms,
    type: issuer.type,
  });
}

function resolveKeys(issuer: ValidIssuer, fault: Remark): SharedJwtKeys | PublishedJwtKeys {
  const { algorithms, jwks_url: url, secret, secrets } = issuer;
  if (secret !== undefined || Object.keys(secrets).length > 0) {
    const why = 'an issuer has secrets or public keys, not both';
    if (url !== undefined) fault(['jwks_url'], why);
    if (algorithms !== undefined) fault(['algorithms'], why);
    if (secret !== undefined) checkLength(secret, (each) => fault(['secret'], each));
    checkSecrets(secrets, (id, each) => fault(['secrets', id], each));
    const all = secretMap(secrets);
    return {
      kind: 'shared',
      secrets: secret === undefined ? all : new Map([['', new Secret(secret)], ...all]),
    };
  }
  checkReachable(url ?? issuer.issuer, (why) => fault([url ? 'jwks_url' : 'issuer'], why));
  return defined({
    kind: 'published' as const,
    url,
    algorithms: algorithms ?? [...jwtAlgorithmNames],
  });
}

function resolveOidc(oidc: ValidOidc, fault: Remark): OidcConfig {
  checkReachable(oidc.issuer, (why) => fault(['issuer'], why));
  checkIdentity(oidc, fault);
  if (!oidc.scopes.includes('openid')) fault(['scopes'], 'openid is missing');
  const { client_secret: clientSecret } = oidc;
  return defined({
    ...resolveIdentity(oidc),
    grants: oidc.grants ?? ['inference', 'admin'],
    issuer: oidc.issuer,
    clientId: oidc.client_id,
    clientSecret: clientSecret === undefined ? undefined : new Secret(clientSecret),
    scopes: oidc.scopes,
    sessionTtlMs: oidc.session_ttl_s * 1_000,
  });
}

function resolveIdentity(
  valid: ValidIssuer | ValidOidc,
): Omit<IdentityConfig, 'grants' | 'grantsClaim'> {
  return defined({
    org: valid.org,
    orgClaim: valid.org_claim,
    userClaim: valid.user_claim,
    teamClaim: valid.team_claim,
    roleClaim: valid.role_claim,
    roles: new Map(Object.entries(valid.roles)),
    defaultRole: valid.default_role,
    modelsClaim: valid.models_claim,
    tier: valid.tier,
    provision: valid.provision,
  });
}

/** Who is in no organisation would be the operator. */
function checkIdentity(valid: ValidIssuer | ValidOidc, fault: Remark): void {
  if (valid.org === undefined && valid.org_claim === undefined) {
    fault(['org'], 'it is missing: name the organisation of its users, or a claim in org_claim');
  }
  if (Object.keys(valid.roles).length > 0 && valid.role_claim === undefined) {
    fault(['roles'], 'it says what role_claim means, and that is not set');
  }
}

function checkIssuersDiffer(issuers: readonly JwtIssuerConfig[], fault: Remark): void {
  const known = new Map<string, string>();
  for (const { issuer, name } of issuers) {
    const other = known.get(issuer);
    if (other !== undefined) fault(['jwt', name, 'issuer'], `${other} has the same issuer`);
    known.set(issuer, name);
  }
}

function checkSecrets(
  secrets: Readonly<Record<string, string>>,
  fault: (id: string, why: string) => void,
): void {
  const ids = Object.keys(secrets);
  if (ids.length > maxKeys) fault(ids[maxKeys] ?? '', `there are more than ${maxKeys}`);
  for (const [id, secret] of Object.entries(secrets)) {
    if (id === '' || id.length > maxKeyIdLength) {
      fault(id, `its id has not 1 to ${maxKeyIdLength} characters`);
    }
    checkLength(secret, (why) => fault(id, why));
  }
}

function checkLength(secret: string, fault: (why: string) => void): void {
  const bytes = Buffer.byteLength(secret);
  if (bytes >= minSecretBytes && bytes <= maxSecretBytes) return;
  fault(`it has ${bytes} bytes, and ${minSecretBytes} to ${maxSecretBytes} are needed`);
}

/** Keys that come over a line that others may write on say nothing. */
function checkReachable(address: string, fault: (why: string) => void): void {
  const url = URL.parse(address);
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (!isSafe) fault('it is not an https:// address; http:// is for this machine only');
  else if (url.username !== '' || url.password !== '') fault('it has a user name or a password');
}

function checkPublicUrl(address: string, fault: (why: string) => void): void {
  const url = URL.parse(address);
  if (url === null || url.search || url.hash || url.username || !/^\/*$/.test(url.pathname)) {
    fault('it is more than a scheme, a host and a port, such as https://zeke.example.com');
  }
}

function secretMap(secrets: Readonly<Record<string, string>>): ReadonlyMap<string, Secret> {
  return new Map(Object.entries(secrets).map(([id, value]) => [id, new Secret(value)]));
}
