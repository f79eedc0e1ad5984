import type { Server } from 'bun';
import type { Listener, Peer } from '../../../core/call.ts';
import { limitsWith } from '../../../core/limits.ts';
import { bunServeTls } from '../../../sockets/bun-tls.ts';
import { listenFault } from '../../../sockets/listen-fault.ts';
import type { SocketAddress } from '../../../sockets/socket.ts';
import { FetchServer } from './fetch-server.ts';
import { serveAddress } from './serve-address.ts';
import type { ServeFetchOptions } from './serve-fetch.ts';

/** The longest idle time that Bun.serve takes, in seconds. */
const maxIdleSeconds = 255;

/** Messages have limits of their own; streams of them may be long. Bun's default is 128 MB. */
const maxRequestBodySize = 2 ** 40;

/** How long clients may take, at a close, to read what was answered. */
const lingerMs = 1_000;

/**
 * `serveFetch` by `Bun.serve`.
 * @throws RpcError as `serveFetch`; unimplemented with `tls.ca`, as `Bun.serve` would check the
 * certificates of clients and tell nobody whose they are.
 */
export function serveBun(options: ServeFetchOptions): Listener {
  const limits = limitsWith(options.limits);
  const idleTimeout = Math.min(maxIdleSeconds, Math.ceil(limits.idleTimeoutMs / 1_000));
  const calls = new FetchServer(options, {
    // A call may be quiet for as long as it likes.
    onCallBegin: (request) => server.timeout(request, 0),
    onCallEnd: (request) => server.timeout(request, idleTimeout),
  });
  const peers = new PeerTable(limits.maxConnections, options.path);
  const { tls } = options;
  const server = bind(serveAddress(options), {
    ...protocolsIn(options),
    ...(tls === undefined ? undefined : { tls: bunServeTls(tls) }),
    idleTimeout,
    maxRequestBodySize,
    development: false,
    fetch: (request: Request) => calls.handle(request, peers.of(server, request)),
  });
  return new BunListener(server, calls, options);
}

function protocolsIn({ path, reusePort, http1, http2, http3 }: ServeFetchOptions): object {
  if (path !== undefined) return {};
  return {
    reusePort: reusePort ?? false,
    http1: http1 ?? true,
    http2: http2 ?? false,
    http3: http3 ?? false,
  };
}

function bind(address: SocketAddress, options: object): Server<undefined> {
  const where =
    'path' in address ? { unix: address.path } : { hostname: address.host, port: address.port };
  try {
    return Bun.serve({ ...where, ...options } as Bun.Serve.Options<undefined>);
  } catch (cause) {
    throw listenFault(address, cause);
  }
}

class BunListener implements Listener {
  readonly address: string;
  readonly #server: Server<undefined>;
  readonly #calls: FetchServer;

  constructor(server: Server<undefined>, calls: FetchServer, { path, tls }: ServeFetchOptions) {
    this.#server = server;
    this.#calls = calls;
    const scheme = tls === undefined ? 'http' : 'https';
    const host = server.hostname?.includes(':') ? `[${server.hostname}]` : server.hostname;
    this.address = path === undefined ? `${scheme}://${host}:${server.port}` : `unix:${path}`;
  }

  async close({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    const stopped = this.#server.stop(false);
    await this.#calls.drain(graceMs);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lingered = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lingerMs);
    });
    await Promise.race([stopped, lingered]);
    clearTimeout(timer);
    await this.#server.stop(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * One Peer for each connection, told apart by the address at its other end. The last ones are kept,
 * as many as there may be connections.
 */
class PeerTable {
  readonly #peers = new Map<string, Peer>();
  readonly #maxPeers: number;
  readonly #unix: Peer | undefined;

  constructor(maxPeers: number, path: string | undefined) {
    this.#maxPeers = maxPeers;
    this.#unix = path === undefined ? undefined : { transport: 'http', address: `unix:${path}` };
  }

  of(server: Server<undefined>, request: Request): Peer {
    // The clients of a Unix socket have no addresses, so they are one peer.
    if (this.#unix !== undefined) return this.#unix;
    const ip = server.requestIP(request);
    const host = ip?.family === 'IPv6' ? `[${ip.address}]` : (ip?.address ?? 'unknown');
    const address = `${host}:${ip?.port ?? 0}`;
    const known = this.#peers.get(address);
    if (known !== undefined) return known;
    const peer: Peer = { transport: 'http', address };
    if (this.#peers.size >= this.#maxPeers) {
      const [oldest] = this.#peers.keys();
      if (oldest !== undefined) this.#peers.delete(oldest);
    }
    this.#peers.set(address, peer);
    return peer;
  }
}
