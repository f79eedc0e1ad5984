import { findRunning, isLoopbackHost, type ResolvedConfig } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { answerError } from './answer-error.ts';
import { type ConfigFlags, loadOptions, readConfig } from './config.ts';
import type { Context } from './context.ts';
import { loginAt } from './login-store.ts';

/** A gateway to ask: one that runs, or one put together in this process for as long as it takes. */
export interface GatewayClient extends AsyncDisposable {
  /** The server's address; undefined in process. */
  readonly url: string | undefined;
  /** The answer, whatever its status. Throws `unavailable` when there is none. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** The JSON of a good answer. Throws what the answer says otherwise. */
  json<T>(path: string, init?: RequestInit): Promise<T>;
}

/**
 * How long a server on this machine may take to say that it is there: a busy one is late, and to work
 * beside it, without its limits and caches, would be worse than to wait. Where nobody listens it is known at once.
 */
const probeTimeoutMs = 10_000;

/**
 * Finds the gateway: the server at `ZEKE_URL` and no other where that is set, the server that runs
 * here, else the gateway in this process, on the same database.
 */
export async function openClient(context: Context, flags: ConfigFlags): Promise<GatewayClient> {
  const { ZEKE_URL: url, ZEKE_API_KEY: key } = context.environment;
  if (url) return remote(checkedUrl(url), await keyFor(context, checkedUrl(url), key), context);
  const { config } = await readConfig(loadOptions(context, flags));
  const server = await findServer(config, flags, context.interrupts.signal);
  if (server !== undefined) {
    const own = await keyFor(context, server.url, key);
    const admin = adminAddress(config) ?? server.url;
    return remote(server.url, own ?? config.auth.adminApiKey?.reveal(), context, admin);
  }
  return inProcess(config, context);
}

/** The address of the server that `openClient` finds. Throws `unavailable` where none runs. */
export async function serverUrl(context: Context, flags: ConfigFlags): Promise<string> {
  const { ZEKE_URL: url } = context.environment;
  if (url) return checkedUrl(url);
  const { config } = await readConfig(loadOptions(context, flags));
  const server = await findServer(config, flags, context.interrupts.signal);
  if (server !== undefined) return server.url;
  const hint = 'start one with zeke up, or set ZEKE_URL to where it runs';
  throw new RpcError('unavailable', `there is no gateway on this machine: ${hint}`);
}

/** The key of the environment, else that of a login at this server. */
async function keyFor(
  context: Context,
  url: string,
  key: string | undefined,
): Promise<string | undefined> {
  return key ?? (await loginAt(context, url, Date.now()))?.key;
}

/** A server that answers on this machine. */
export interface FoundServer {
  readonly url: string;
  /** Of the process that noted itself in `$ZEKE_HOME`. */
  readonly pid?: number;
}

/**
 * The server of this user: the one that was started with the same configuration file, else the one
 * at the address of the configuration, else, where no file was asked for, any on this `$ZEKE_HOME`.
 */
export async function findServer(
  config: ResolvedConfig,
  flags: ConfigFlags,
  signal: AbortSignal,
): Promise<FoundServer | undefined> {
  const noted = await findRunning(config.home);
  const own = noted?.configFile === (config.file ?? null);
  const address = serverAddress(config);
  const places: (FoundServer | undefined)[] = [
    own ? noted : undefined,
    address === undefined ? undefined : { url: address },
    own || flags.config !== undefined ? undefined : noted,
  ];
  for (const place of places) {
    if (place !== undefined && (await answers(place.url, signal))) return place;
  }
  return undefined;
}

/** Where the configuration says that the server listens; undefined for a port that is chosen anew. */
export function serverAddress({ server }: ResolvedConfig): string | undefined {
  return addressOf(server, server.tls !== undefined);
}

function adminAddress({ server }: ResolvedConfig): string | undefined {
  return server.admin && addressOf(server.admin, server.tls !== undefined);
}

function addressOf(
  { host, port }: { readonly host: string; readonly port: number },
  isSecure: boolean,
): string | undefined {
  if (port === 0) return undefined;
  const reachable = isLoopbackHost(host) || !isWildcard(host) ? host : '127.0.0.1';
  const scheme = isSecure ? 'https' : 'http';
  return `${scheme}://${reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]` : reachable}:${port}`;
}

/** True when a zeke, and not another program, answers there. */
export async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]);
    const response = await fetch(`${url}/health`, { signal: limit });
    const ours = response.headers.get('x-request-id')?.startsWith('req_') === true;
    await response.body?.cancel();
    return response.ok && ours;
  } catch {
    return false;
  }
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '[::]';
}

function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RpcError('invalid_argument', 'ZEKE_URL is not an http:// or https:// address');
  }
  return text.replace(/\/+$/, '');
}

/** What the admin API answers, at an address of its own where there is one. */
const adminPaths = /^\/(?:admin|cache|metrics|status)(?:[/?]|$)/;

function remote(
  url: string,
  key: string | undefined,
  { interrupts }: Context,
  adminUrl: string = url,
): GatewayClient {
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (key) headers.set('authorization', `Bearer ${key}`);
    const signal = init.signal ?? interrupts.signal;
    try {
      const base = adminPaths.test(path) ? adminUrl : url;
      return await fetch(base + path, { ...init, headers, signal });
    } catch (cause) {
      if (signal.aborted) throw new RpcError('canceled', 'canceled', { cause });
      throw new RpcError(
        'unavailable',
        `${url} does not answer: start it there with zeke up, or set ZEKE_URL to where it runs`,
        { cause },
      );
    }
  };
  return { url, send, json: jsonBy(send), [Symbol.asyncDispose]: async () => {} };
}

/** Whoever may read the configuration and the database needs no key. */
async function inProcess(config: ResolvedConfig, context: Context): Promise<GatewayClient> {
  const [{ compose }, { createLogger }] = await Promise.all([
    import('@zeke/daemon'),
    import('@zeke/foundation'),
  ]);
  const parts = await compose({
    config,
    environment: context.environment,
    fetch,
    now: Date.now,
    log: createLogger({ level: 'silent' }),
    auth: { requireAuth: false },
  });
  const send = async (path: string, init: RequestInit = {}) => {
    const signal = init.signal ?? context.interrupts.signal;
    return parts.gateway.handle(new Request(`http://127.0.0.1${path}`, { ...init, signal }));
  };
  return {
    url: undefined,
    send,
    json: jsonBy(send),
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

function jsonBy(send: GatewayClient['send']): GatewayClient['json'] {
  return async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await send(path, init);
    if (!response.ok) throw await answerError(response);
    return (await response.json()) as T;
  };
}
