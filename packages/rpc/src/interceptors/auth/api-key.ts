import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CallHandler, ServerCall } from '../../core/call.ts';
import { RpcError } from '../../rpc-error.ts';
import { type CredentialHeader, credentialOf } from './credential.ts';
import { admit, admitLater, type Identity } from './identity.ts';

/** What a server knows of a key. The key itself is known to its holder alone. */
export interface ApiKeyRecord {
  /** The name of the key, which becomes the identity's id. */
  readonly id: string;
  /** `hashApiKey` of the key: 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** Milliseconds since 1970; the key is refused from then on. */
  readonly expiresAt?: number;
}

export interface ApiKeyServerOptions {
  /**
   * The keys, or how to find the one of a hash (a database: then calls wait for it, paused). A list
   * may have 100,000 keys.
   */
  readonly keys:
    | readonly ApiKeyRecord[]
    | ((sha256: string) => ApiKeyRecord | undefined | Promise<ApiKeyRecord | undefined>);
  /** Where the key comes. Default `x-api-key`; in `authorization` it stands after `Bearer `. */
  readonly header?: CredentialHeader;
  /** False: a call without a key is passed on without an identity. Default true. */
  readonly required?: boolean;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

const maxKeyLength = 512;
const maxKeys = 100_000;

/**
 * A server interceptor that knows callers by an API key. Only hashes of keys are kept, and compared
 * in constant time. Keys must be random and long (`newApiKey`): SHA-256 without salt is right for
 * those, and wrong for passwords.
 *
 * Refused with `unauthenticated`: no key (unless `required` is false), an unknown one, an expired one.
 */
export function apiKeyServer(options: ApiKeyServerOptions): (next: CallHandler) => CallHandler {
  const { keys, header = 'x-api-key', required = true, now = Date.now } = options;
  const find = typeof keys === 'function' ? keys : finderOf(keys);
  return (next) => (call: ServerCall) => {
    const key = credentialOf(call.metadata, header);
    if (key === undefined && !required) {
      next(call);
      return;
    }
    if (key === undefined || key.length > maxKeyLength) {
      admit(call, unauthenticated(`an API key is needed, in the metadata ${header}`), next);
      return;
    }
    const sha256 = hashApiKey(key);
    const record = find(sha256);
    if (record instanceof Promise) {
      const verdict = record.then((found) => verdictOn(found, sha256, now()));
      return admitLater(call, verdict, next);
    }
    admit(call, verdictOn(record, sha256, now()), next);
  };
}

/** SHA-256 of a key, in hexadecimal: what a server keeps of it. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/** A new key of 256 random bits, `zrpc_…`, to be shown to its holder once. */
export function newApiKey(prefix = 'zrpc'): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/**
 * Finds by the first 64 bits of the hash. How long that takes says something of a hash, from which
 * no key can be made; whether the whole hash is equal is compared in constant time.
 */
function finderOf(keys: readonly ApiKeyRecord[]): (sha256: string) => ApiKeyRecord | undefined {
  if (keys.length > maxKeys) {
    throw new RpcError(
      'invalid_argument',
      `${keys.length} API keys are too many for a list of ${maxKeys}: give a function`,
    );
  }
  const byPrefix = new Map<string, ApiKeyRecord>();
  for (const key of keys) {
    if (!/^[0-9a-f]{64}$/.test(key.sha256)) {
      throw new RpcError(
        'invalid_argument',
        `API key ${key.id}: sha256 must be 64 lower-case hexadecimal digits, as hashApiKey gives`,
      );
    }
    const prefix = key.sha256.slice(0, 16);
    if (byPrefix.has(prefix)) {
      throw new RpcError('invalid_argument', `API key ${key.id}: another key has the same hash`);
    }
    byPrefix.set(prefix, key);
  }
  return (sha256) => byPrefix.get(sha256.slice(0, 16));
}

function verdictOn(
  record: ApiKeyRecord | undefined,
  sha256: string,
  nowMs: number,
): Identity | RpcError {
  if (record === undefined || !sameText(record.sha256, sha256)) {
    return unauthenticated('the API key is not known here');
  }
  if (record.expiresAt !== undefined && record.expiresAt <= nowMs) {
    return unauthenticated(`the API key ${record.id} has expired: ask for a new one`);
  }
  return {
    id: record.id,
    scheme: 'api-key',
    roles: record.roles ?? [],
    scopes: record.scopes ?? [],
  };
}

function sameText(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left);
  const rightBytes = Buffer.from(right);
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes);
}

function unauthenticated(message: string): RpcError {
  return new RpcError('unauthenticated', message);
}
