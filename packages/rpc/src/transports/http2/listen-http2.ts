import { unlink } from 'node:fs/promises';
import { compressor } from '../../compression/compressors.ts';
import type { CallHandler, Listener, Peer } from '../../core/call.ts';
import { ConnectionAges } from '../../core/connection-ages.ts';
import { RpcError } from '../../rpc-error.ts';
import {
  type ByteSocket,
  type ListenOptions,
  type SocketHandler,
  type SocketListener,
  socketRuntime,
} from '../../sockets/socket.ts';
import { maxToldStrangers, type UnixAccess, unixUsers } from '../../sockets/unix-users.ts';
import { clearSocketPath, withMode } from '../unix/socket-file.ts';
import { type Http2Limits, http2LimitsWith } from './http2-limits.ts';
import { ServerConnection } from './server-connection.ts';

/** How a server takes gRPC calls over HTTP/2. */
export type Http2ListenOptions = Http2ListenAddress & {
  readonly handler: CallHandler;
  readonly limits?: Partial<Http2Limits>;
  /** With it every connection must be TLS with ALPN `h2`; without, HTTP/2 with prior knowledge. PEM texts. */
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    /** Who may sign clients' certificates. With it a client must have one (mTLS). */
    readonly ca?: string;
  };
};

/**
 * Port 0 takes any free one. With `reusePort` several processes share the port (`SO_REUSEPORT`). A
 * Unix socket that nobody listens at any more is replaced.
 */
export type Http2ListenAddress =
  | { readonly host: string; readonly port: number; readonly reusePort?: boolean }
  | ({ readonly path: string } & UnixAccess);

/**
 * Serves gRPC over HTTP/2.
 * @throws RpcError unavailable that says why the address cannot be had, already_exists when somebody
 * listens at the Unix socket, unimplemented when `allowedUsers` cannot be checked.
 */
export async function listenHttp2(options: Http2ListenOptions): Promise<Listener> {
  const limits = http2LimitsWith(options.limits);
  const sockets = await socketRuntime();
  const connections = new Connections(limits);
  const strangers = new Connections({ ...limits, maxConnections: maxToldStrangers });
  const users = 'path' in options ? await unixUsers(options.path, options) : undefined;
  const accept = (socket: ByteSocket): SocketHandler => {
    const isWrongProtocol = options.tls !== undefined && socket.tls?.protocol !== 'h2';
    const process = users?.processOf(socket);
    const refusal = users?.refusal(process);
    const group = refusal === undefined ? connections : strangers;
    if (isWrongProtocol || !group.hasRoom) {
      socket.destroy();
      return deafHandler;
    }
    const connection = new ServerConnection({
      socket,
      limits,
      peer: peerOf(socket, process),
      handler: options.handler,
      compressor,
      onClosed: group.remove,
      ...(refusal === undefined ? {} : { refusal }),
    });
    group.add(connection);
    return connection;
  };
  const listen = () => sockets.listen(socketOptions(options), accept);
  if (!('path' in options)) {
    const listener = await listen();
    return new Http2Listener(addressOf(options, listener.port), listener, [connections]);
  }
  const { path, mode } = options;
  await clearSocketPath(path, sockets);
  const listener = await withMode(path, mode ?? 0o600, listen);
  return new Http2Listener(`unix:${path}`, listener, [connections, strangers], path);
}

function socketOptions(options: Http2ListenOptions): ListenOptions {
  const tls = options.tls && { ...options.tls, protocols: ['h2'] };
  return {
    ...('path' in options
      ? { path: options.path }
      : { host: options.host, port: options.port, reusePort: options.reusePort ?? false }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function addressOf(
  options: { readonly host: string; readonly tls?: unknown },
  port: number,
): string {
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}

function peerOf(socket: ByteSocket, process: Peer['process']): Peer {
  const certificate = socket.tls?.certificate;
  return {
    transport: 'http2',
    address: socket.address,
    ...(certificate === undefined ? {} : { certificate }),
    ...(process === undefined ? {} : { process }),
  };
}

const deafHandler: SocketHandler = { onData() {}, onDrain() {}, onClose() {} };

/** The open connections of a listener. */
class Connections {
  readonly #limits: Http2Limits;
  readonly #open = new Set<ServerConnection>();
  readonly #ages: ConnectionAges<ServerConnection>;
  #isClosing = false;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
    this.#ages = new ConnectionAges<ServerConnection>(limits, {
      drain: (connection, reason) => connection.drain(reason.message),
      abort: (connection, reason) => connection.cancelAll(reason),
    });
  }

  get hasRoom(): boolean {
    return !this.#isClosing && this.#open.size < this.#limits.maxConnections;
  }

  add(connection: ServerConnection): void {
    this.#open.add(connection);
    this.#ages.add(connection);
  }

  readonly remove = (connection: ServerConnection): void => {
    this.#open.delete(connection);
    this.#ages.delete(connection);
  };

  /** Lets the open calls end for `graceMs`, then cancels them. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const all = [...this.#open];
    for (const connection of all) connection.drain('the server is shutting down');
    const timer = setTimeout(() => {
      const reason = new RpcError('unavailable', 'the server is shutting down');
      for (const connection of this.#open) connection.cancelAll(reason);
    }, graceMs);
    await Promise.all(all.map((connection) => connection.closed));
    clearTimeout(timer);
  }
}

const defaultGraceMs = 10_000;

class Http2Listener implements Listener {
  readonly address: string;
  readonly #listener: SocketListener;
  readonly #groups: readonly Connections[];
  /** Of the file that goes with the listener. */
  readonly #path: string | undefined;

  constructor(
    address: string,
    listener: SocketListener,
    groups: readonly Connections[],
    path?: string,
  ) {
    this.address = address;
    this.#listener = listener;
    this.#groups = groups;
    this.#path = path;
  }

  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#listener.close();
    if (this.#path !== undefined) await unlink(this.#path).catch(() => {});
    const graceMs = options.graceMs ?? defaultGraceMs;
    await Promise.all(this.#groups.map((group) => group.close(graceMs)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
