import type { DisposableTransport } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { ReconnectingTransport } from '../../core/reconnecting.ts';
import { RpcError } from '../../rpc-error.ts';
import { type DialOptions, type SocketAddress, socketRuntime } from '../../sockets/socket.ts';
import { ClientConnection } from './client-connection.ts';
import { type Http2Limits, http2LimitsWith } from './http2-limits.ts';

/** How a client connects to a gRPC server. */
export type Http2ConnectOptions = Http2Target & {
  readonly limits?: Partial<Http2Limits>;
  /** With it, or with a URL of `https:`, the connection is TLS with ALPN `h2`. PEM texts. */
  readonly tls?: {
    /** Who may sign the server's certificate. Default: the system's authorities. */
    readonly ca?: string;
    /** The client's certificate and its key, for a server that asks for one (mTLS). */
    readonly cert?: string;
    readonly key?: string;
    /** The name the server's certificate must have. Default: the host. */
    readonly serverName?: string;
  };
  /** What goes as `:authority`. Default: host and port of the URL, `localhost` for a Unix socket. */
  readonly authority?: string;
  /** Stands before ours in the header `user-agent`. */
  readonly userAgent?: string;
};

/** `http://host:port` is HTTP/2 without TLS, with prior knowledge; `https://host:port` is TLS. */
export type Http2Target = { readonly url: string | URL } | { readonly path: string };

/**
 * A gRPC client over HTTP/2. It connects with the first call, and again when the connection was
 * lost.
 * @throws RpcError invalid_argument for a URL, an authority or a user agent that cannot be used.
 */
export function connectHttp2(options: Http2ConnectOptions): DisposableTransport {
  const plan = planOf(options);
  return new ReconnectingTransport({
    address: plan.name,
    limits: plan.limits,
    dial: (signal) => dial(plan, signal),
  });
}

/**
 * One connection, through TLS and the exchange of settings; it is not made again when it is lost.
 * @throws RpcError as `connectHttp2`; unavailable when the server does not speak HTTP/2; an Error of
 * the runtime when nobody listens there.
 */
export async function dialHttp2(
  options: Http2ConnectOptions,
  signal?: AbortSignal,
): Promise<Connection> {
  return await dial(planOf(options), signal);
}

/** What is known before the connection is made. */
interface Plan {
  readonly name: string;
  readonly address: SocketAddress;
  readonly tls: DialOptions['tls'];
  readonly authority: string;
  readonly userAgent: string;
  /** A server that is pinged too often makes us ping half as often (gRPC's keepalive guide). */
  limits: Http2Limits;
}

function planOf(options: Http2ConnectOptions): Plan {
  const limits = http2LimitsWith(options.limits);
  const userAgent =
    options.userAgent === undefined ? ownUserAgent : `${options.userAgent} ${ownUserAgent}`;
  checkHeader('user agent', userAgent);
  if ('path' in options) {
    const authority = options.authority ?? 'localhost';
    checkHeader('authority', authority);
    const tls = options.tls && { serverName: 'localhost', ...options.tls, protocols };
    const address = { path: options.path };
    return { name: `unix:${options.path}`, address, tls, authority, userAgent, limits };
  }
  const url = URL.parse(String(options.url));
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const shown = JSON.stringify(String(options.url).slice(0, 128));
    const message = `the URL ${shown} must be http://host:port, or https://host:port for TLS`;
    throw new RpcError('invalid_argument', message);
  }
  const isTls = url.protocol === 'https:' || options.tls !== undefined;
  const authority = options.authority ?? url.host;
  checkHeader('authority', authority);
  return {
    name: `${isTls ? 'https' : 'http'}://${url.host}`,
    address: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || (isTls ? 443 : 80)),
    },
    tls: isTls ? { ...options.tls, protocols } : undefined,
    authority,
    userAgent,
    limits,
  };
}

async function dial(plan: Plan, signal: AbortSignal | undefined): Promise<Connection> {
  const sockets = await socketRuntime();
  const timeout = AbortSignal.timeout(plan.limits.handshakeTimeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const options: DialOptions = {
    ...plan.address,
    ...(plan.tls === undefined ? {} : { tls: plan.tls }),
    signal: either,
  };
  let connection: ClientConnection | undefined;
  await sockets.dial(options, (socket) => {
    connection = new ClientConnection({
      socket,
      limits: plan.limits,
      scheme: plan.tls === undefined ? 'http' : 'https',
      authority: plan.authority,
      userAgent: plan.userAgent,
      onTooManyPings: () => {
        const keepaliveIntervalMs = plan.limits.keepaliveIntervalMs * 2;
        plan.limits = { ...plan.limits, keepaliveIntervalMs };
      },
    });
    if (plan.tls !== undefined && socket.tls?.protocol !== 'h2') {
      const message = `the server at ${plan.name} does not offer HTTP/2 (ALPN h2)`;
      connection.abort(new RpcError('unavailable', message));
    }
    return connection;
  });
  if (connection === undefined)
    throw new RpcError('internal', 'a socket was dialled, but not given');
  const abort = () =>
    connection?.abort(new RpcError('canceled', 'nobody waits for the connection'));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await connection.ready;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  return connection;
}

const protocols = ['h2'];
const ownUserAgent = 'zrpc';

function checkHeader(what: string, value: string): void {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) return;
  const message = `the ${what} ${JSON.stringify(value.slice(0, 128))} must be printable ASCII`;
  throw new RpcError('invalid_argument', message);
}
