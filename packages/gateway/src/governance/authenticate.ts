import { type AuthConfig, equalInConstantTime, isLoopbackHost } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import type { PeerCertificateOf } from './client-certificate.ts';
import { type KeyStore, keyPrefix, type SentKey } from './key-store.ts';
import { keyInQuery, misplacedKey } from './misplaced-key.ts';
import type { Role } from './permissions.ts';
import type { RetiredSecret } from './retired-secrets.ts';

/** Who asks. Without a key: anybody on this machine. */
export interface Caller {
  /** Of a key; else what stands for one where callers are told apart. */
  keyId?: string;
  /** What showed who it is, where that is no key: a token of an issuer, one of zeke's own, a certificate. */
  credential?: 'jwt' | 'access-token' | 'certificate';
  owner?: string;
  /** May use the admin endpoints. */
  admin: boolean;
  /** May call models. */
  inference: boolean;
  /** Patterns; undefined allows every model. */
  allowedModels?: readonly string[];
  /** Where in the hierarchy the key stands; absent for the operator. */
  orgId?: string;
  teamId?: string;
  userId?: string;
  /** What the caller may within its organisation; absent for the operator, who may all. */
  role?: Role;
  /** Of the key; absent for the default one. */
  tier?: string;
  /** No provider elsewhere may be asked for it. */
  privacy?: 'local_only';
  /** The key's secret from before a rotation, where it came with that. */
  retiredSecret?: RetiredSecret;
}

/** Who may call, and by what they show who they are. */
export interface AuthSettings extends AuthConfig {
  /** The listener speaks TLS, whatever the address of a request says. */
  readonly listensWithTls?: boolean;
}

/** What a request brings to show who sends it. */
interface Credentials {
  request: Request;
  /** From where keys are sent; it is none of ours. */
  token: string | undefined;
  /** Tells the certificate of the client; absent where the listener asks for none. */
  certificate: PeerCertificateOf | undefined;
}

/**
 * One more way, beside keys, to know who asks: undefined where the request brings nothing of its kind.
 * Throws `unauthenticated` for what is not good, and does not let others try then.
 */
export type CredentialSource = (credentials: Credentials) => Caller | Promise<Caller> | undefined;

/** What callers are known by. */
export interface Authentication {
  auth: Pick<AuthSettings, 'requireAuth' | 'adminApiKey'>;
  keys: KeyStore;
  /** Asked in their order where there is no key; absent: there are keys only. */
  credentialSources?: readonly CredentialSource[] | undefined;
}

/**
 * Who sent this request. A key or a token is in `Authorization: Bearer`, `x-api-key`, `x-goog-api-key`
 * or `api-key`, or where `takesKeyInQuery` in the query's `key`; what the other sources look at is
 * theirs. Where authentication is off, a token that nobody knows is taken for a client's dummy,
 * and only requests to a loopback name are answered, so that a web page can't
 * reach the gateway by another name (DNS rebinding) or from another origin.
 * Throws `unauthenticated`, or `permission_denied` for a foreign host or origin.
 */
export function authenticate(
  request: Request,
  query: string,
  { auth, credentialSources, keys }: Authentication,
  takesKeyInQuery = false,
  certificate?: PeerCertificateOf,
): Caller | Promise<Caller> {
  if (query !== '' && !takesKeyInQuery) {
    const refusal = keyInQuery(query);
    if (refusal) throw refusal;
  }
  const token = tokenOf(request.headers, takesKeyInQuery ? query : '');
  const known = token?.startsWith(keyPrefix) ? keys.known(token) : undefined;
  if (known) return callerOfKey(known);
  const { adminApiKey } = auth;
  if (token && adminApiKey && equalInConstantTime(token, adminApiKey.reveal())) {
    return { admin: true, inference: true, owner: 'admin' };
  }
  if (token?.startsWith(keyPrefix)) {
    return keys.authenticate(token).then(callerOfKey);
  }
  if (credentialSources !== undefined) {
    const credentials = { request, token, certificate };
    for (const source of credentialSources) {
      const caller = source(credentials);
      if (caller !== undefined) return caller;
    }
  }
  if (auth.requireAuth) throw missingKey(request.headers, query, token !== undefined);
  refuseForeign(request);
  return { admin: adminApiKey === undefined, inference: true };
}

/** Whether the caller may use this model under any of its names. */
export function isModelAllowed(
  { allowedModels }: Pick<Caller, 'allowedModels'>,
  names: readonly string[],
): boolean {
  if (!allowedModels) return true;
  return allowedModels.some((pattern) => names.some((name) => matches(pattern, name)));
}

/** Throws `permission_denied` unless the caller may use this model under any of its names. */
export function checkModelAllowed(caller: Caller, names: readonly string[]): void {
  if (!isModelAllowed(caller, names)) throw modelNotAllowed(names[0] ?? '');
}

export function modelNotAllowed(name: string): RpcError {
  return apiError('permission_denied', `this API key may not use the model ${name.slice(0, 200)}`, {
    reason: 'model_not_allowed',
    param: 'model',
  });
}

/**
 * Throws `permission_denied` unless the caller may use every model of this provider: for requests
 * whose bytes or path may mean any of them.
 */
export function checkProviderAllowed({ allowedModels }: Caller, provider: string): void {
  if (!allowedModels) return;
  const coversAll = (pattern: string) => pattern.endsWith('*') && matches(pattern, `${provider}/`);
  if (allowedModels.some(coversAll)) return;
  throw apiError(
    'permission_denied',
    `this API key is for some models only, and this request may mean any: it takes a key for ${provider.slice(0, 100)}/*`,
    { reason: 'model_not_allowed' },
  );
}

/** `*` stands for any text, also none. Takes each part where it first fits, so there is no going back. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return name === pattern;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts.at(-1) ?? '';
  return name.length >= at + last.length && name.endsWith(last);
}

/** Who sends a key. */
export function callerOfKey(key: SentKey): Caller {
  const caller: Caller = {
    keyId: key.id,
    owner: key.owner,
    admin: key.scopes.includes('admin'),
    inference: key.scopes.includes('inference'),
  };
  if (key.allowedModels) caller.allowedModels = key.allowedModels;
  if (key.tier !== undefined) caller.tier = key.tier;
  if (key.privacy) caller.privacy = key.privacy;
  if (key.sentRetired) caller.retiredSecret = key.sentRetired;
  if (key.role) {
    caller.role = key.role;
    if (key.orgId) caller.orgId = key.orgId;
    if (key.teamId) caller.teamId = key.teamId;
    if (key.userId) caller.userId = key.userId;
  }
  return caller;
}

/**
 * The first token that is one of ours, else the first there is: clients with two ways to log in send
 * a dummy in the other.
 */
function tokenOf(headers: Headers, query: string): string | undefined {
  let first: string | undefined;
  for (const name of tokenHeaders) {
    const value = headers.get(name);
    const token = name === 'authorization' ? bearerOf(value) : value?.trim();
    if (!token) continue;
    if (token.startsWith(keyPrefix)) return token;
    first ??= token;
  }
  if (!query.includes('key=')) return first;
  const token = new URLSearchParams(query).get('key');
  return token && (first === undefined || token.startsWith(keyPrefix)) ? token : first;
}

const tokenHeaders = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key'] as const;

const scheme = 'Bearer ';

function bearerOf(authorization: string | null): string | undefined {
  if (authorization === null) return undefined;
  const isBearer =
    authorization.startsWith(scheme) ||
    authorization.slice(0, scheme.length).toLowerCase() === scheme.toLowerCase();
  return isBearer ? authorization.slice(scheme.length).trim() : undefined;
}

function missingKey(headers: Headers, query: string, foreign: boolean): RpcError {
  if (!foreign) {
    return (
      misplacedKey(headers, query) ??
      new RpcError(
        'unauthenticated',
        'an API key is needed: send it as Authorization: Bearer zk-…; zeke keys create makes one',
      )
    );
  }
  return apiError(
    'unauthenticated',
    'the API key is not one of this gateway: its keys begin with zk-; zeke keys create makes one',
    { reason: 'invalid_api_key' },
  );
}

/**
 * A page of another site can send requests here, and by a name of its own that it lets lead to this
 * machine also read the answers. The name and the origin that the browser states give it away.
 */
function refuseForeign({ headers, url }: Request): void {
  // HTTP/2 has no such header; there the name stands in the address.
  const host = headers.get('host') ?? URL.parse(url)?.host ?? '';
  if (!isLoopbackHost(hostName(host))) {
    throw new RpcError(
      'permission_denied',
      `without API keys the gateway answers to loopback names only, not to ${host.slice(0, 100)}`,
    );
  }
  const origin = headers.get('origin');
  if (origin === null) {
    if (headers.get('sec-fetch-site') === 'cross-site') throw foreignOrigin();
    return;
  }
  const parsed = URL.parse(origin);
  if (!parsed || !isLoopbackHost(hostName(parsed.host))) throw foreignOrigin();
}

function foreignOrigin(): RpcError {
  return new RpcError(
    'permission_denied',
    'without API keys the gateway does not answer to web pages of other origins',
  );
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '');
}
