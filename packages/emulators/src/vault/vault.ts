import type { Emulator } from '../kit/emulator.ts';
import { type EmulatedRequest, type Reply, serveEmulator } from '../kit/serve.ts';
import { denied, vaultError } from './vault-reply.ts';
import { type VaultAppRole, type VaultToken, VaultTokens } from './vault-tokens.ts';
import { unversionedPath, VaultVersions } from './vault-versions.ts';

export interface VaultEmulatorOptions {
  /** 0 or absent: any free port, on 127.0.0.1. */
  readonly port?: number;
  /** Milliseconds since the epoch; `Date.now` unless a test turns the clock. */
  readonly now?: () => number;
  /** A token that may do anything. */
  readonly rootToken?: string;
  readonly appRoles?: readonly VaultAppRole[];
  /** Where the AppRole method is; `approle`. */
  readonly authMount?: string;
  /** Where the KV engine is; `secret`. */
  readonly mount?: string;
  /** In which namespace all of it is; the root one, whose name is empty, unless told otherwise. */
  readonly namespace?: string;
}

/** A HashiCorp Vault with one KV version 2 engine, AppRole logins and tokens. */
export interface VaultEmulator extends Emulator {
  /** Writes a version of a secret; gives its number. */
  write(path: string, data: Readonly<Record<string, unknown>>): number;
  /** Deletes the latest version of a secret. */
  delete(path: string): void;
  /** Everything is refused while it is sealed. */
  sealed: boolean;
  /** What logins gave out and is good now. */
  readonly tokens: readonly VaultToken[];
  /** Ends a token before its time. */
  revoke(token: string): void;
}

/**
 * - `POST /v1/auth/approle/login`
 * - `POST /v1/auth/token/renew-self`, `POST …/revoke-self`, `GET …/lookup-self`
 * - `GET /v1/secret/data/{path}`
 *
 * Paths, methods, bodies, tokens, rights and namespaces are checked in the real one's order, and
 * refused in its words: https://developer.hashicorp.com/vault/api-docs
 */
export function startVaultEmulator(options: VaultEmulatorOptions = {}): VaultEmulator {
  const now = options.now ?? Date.now;
  const tokens = new VaultTokens(now);
  const versions = new VaultVersions(now);
  const { appRoles = [], authMount = 'approle', mount = 'secret', namespace = '' } = options;
  if (options.rootToken !== undefined) tokens.addRoot(options.rootToken, namespace);
  const state = { tokens, versions, appRoles, authMount, mount, namespace, isSealed: false };
  const { port } = options;
  const emulator = serveEmulator(
    {
      name: 'vault',
      handle: async (request) => route(state, request),
      error: (status, message) => vaultError(status, message),
      errorRecord: (message) => JSON.stringify({ errors: [message] }),
    },
    port === undefined ? {} : { port },
  );
  return {
    ...emulator,
    write: (path, data) => versions.write(path, data),
    delete: (path) => versions.delete(path),
    get sealed() {
      return state.isSealed;
    },
    set sealed(is) {
      state.isSealed = is;
    },
    get tokens() {
      return tokens.live;
    },
    revoke: (token) => tokens.revoke({ token }),
  };
}

interface State {
  readonly tokens: VaultTokens;
  readonly versions: VaultVersions;
  readonly appRoles: readonly VaultAppRole[];
  readonly authMount: string;
  readonly mount: string;
  readonly namespace: string;
  isSealed: boolean;
}

function route(state: State, request: EmulatedRequest): Reply {
  const { headers, path } = request;
  if (!path.startsWith('/v1/')) return vaultError(404);
  if (state.isSealed) return vaultError(503, 'Vault is sealed');
  const namespace = (headers.get('x-vault-namespace') ?? '').replace(/^\/|\/$/g, '');
  const below = path.slice('/v1/'.length);
  if (/(^|\/)\.\.?(\/|$)/.test(below)) return vaultError(400, 'relative paths not supported');
  if (below === `auth/${state.authMount}/login`) return logIn(state, request, namespace);
  const token = state.tokens.find(tokenOf(headers), namespace);
  if (token === undefined) return denied(false);
  if (below.startsWith('auth/token/')) return ofToken(state, request, token);
  return ofEngine(state, request, token, below);
}

function tokenOf(headers: Headers): string | null {
  const bearer = /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '')?.[1];
  return headers.get('x-vault-token') ?? bearer ?? null;
}

function logIn(state: State, request: EmulatedRequest, namespace: string): Reply {
  if (!isWrite(request)) return vaultError(405, 'unsupported operation');
  if (namespace !== state.namespace) return denied(true);
  const body = parsed(request);
  if (body === undefined) return vaultError(400, 'error parsing JSON');
  const { role_id: roleId = '', secret_id: secretId = '' } = body;
  if (typeof roleId !== 'string' || typeof secretId !== 'string') {
    return vaultError(400, 'Field validation failed: error converting input for field "role_id"');
  }
  if (roleId === '') return vaultError(400, 'missing role_id');
  const role = state.appRoles.find((each) => each.roleId === roleId);
  if (role === undefined) return vaultError(400, 'invalid role or secret ID');
  if (secretId === '') return vaultError(400, 'missing secret_id');
  if (secretId !== role.secretId) return vaultError(400, 'invalid role or secret ID');
  return state.tokens.issue(role, namespace);
}

function ofToken({ tokens }: State, request: EmulatedRequest, token: VaultToken): Reply {
  switch (request.path) {
    case '/v1/auth/token/lookup-self':
      if (request.method !== 'GET') return vaultError(405, 'unsupported operation');
      return tokens.lookUp(token);
    case '/v1/auth/token/renew-self':
      if (!isWrite(request)) return vaultError(405, 'unsupported operation');
      if (parsed(request) === undefined) return vaultError(400, 'error parsing JSON');
      return tokens.renew(token);
    case '/v1/auth/token/revoke-self':
      if (!isWrite(request)) return vaultError(405, 'unsupported operation');
      tokens.revoke(token);
      return { status: 204, body: '' };
    default:
      return denied(true);
  }
}

function ofEngine(state: State, request: EmulatedRequest, token: VaultToken, path: string): Reply {
  const { mount, versions } = state;
  const { role } = token;
  if (role !== undefined && !role.reads.some((each) => path.startsWith(each))) return denied(true);
  if (!path.startsWith(`${mount}/`)) {
    return vaultError(404, `no handler for route "${path}". route entry not found.`);
  }
  const below = path.slice(mount.length + 1);
  if (!below.startsWith('data/')) return unversionedPath();
  if (request.method !== 'GET') return denied(true);
  return versions.read(below.slice('data/'.length), request.query.get('version'));
}

function isWrite({ method }: EmulatedRequest): boolean {
  return method === 'POST' || method === 'PUT';
}

/** An empty body is an empty object. */
function parsed({ body }: EmulatedRequest): Record<string, unknown> | undefined {
  if (body.length === 0) return {};
  try {
    const value = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
