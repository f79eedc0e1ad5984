import { equalInConstantTime, isLoopbackHost, type Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import { type KeyStore, keyPrefix, type SentKey } from './key-store.ts';
import type { Role } from './permissions.ts';
import type { RetiredSecret } from './retired-secrets.ts';

/** Who asks. Without a key: anybody on this machine. */
export interface Caller {
  keyId?: string;
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
  /** The key's secret from before a rotation, where it came with that. */
  retiredSecret?: RetiredSecret;
}

export interface AuthSettings {
  requireAuth: boolean;
  adminApiKey?: Secret;
}

/**
 * Who sent this request: `Authorization: Bearer`, `x-api-key`, `x-goog-api-key`, `api-key` or the
 * query's `key`. Where authentication is off, a token that is not one of ours (`zk-…`) is taken for
 * a client's dummy, and only requests to a loopback name are answered, so that a web page can't
 * reach the gateway by another name (DNS rebinding) or from another origin.
 * Throws `unauthenticated`, or `permission_denied` for a foreign host or origin.
 */
export function authenticate(
  request: Request,
  query: string,
  settings: AuthSettings,
  keys: KeyStore,
): Caller | Promise<Caller> {
  const token = tokenOf(request.headers, query);
  const known = token?.startsWith(keyPrefix) ? keys.known(token) : undefined;
  if (known) return callerOf(known);
  const { adminApiKey } = settings;
  if (token && adminApiKey && equalInConstantTime(token, adminApiKey.reveal())) {
    return { admin: true, inference: true, owner: 'admin' };
  }
  if (token?.startsWith(keyPrefix)) {
    return keys.authenticate(token).then(callerOf);
  }
  if (settings.requireAuth) throw missingKey(token !== undefined);
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

function callerOf(key: SentKey): Caller {
  const caller: Caller = {
    keyId: key.id,
    owner: key.owner,
    admin: key.scopes.includes('admin'),
    inference: key.scopes.includes('inference'),
  };
  if (key.allowedModels) caller.allowedModels = key.allowedModels;
  if (key.tier !== undefined) caller.tier = key.tier;
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

function missingKey(foreign: boolean): RpcError {
  if (!foreign) {
    return new RpcError(
      'unauthenticated',
      'an API key is needed: send it as Authorization: Bearer zk-…; zeke keys create makes one',
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
