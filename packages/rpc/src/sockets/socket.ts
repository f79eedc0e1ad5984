/**
 * A connected byte stream, the same over Bun's sockets and Node's. Bytes given to `write` are lent
 * until it returns; bytes given to `onData` belong to who gets them.
 */
export interface ByteSocket {
  /**
   * Sends `bytes` from `start` to `end`. It always takes them; false says that the kernel did not, that
   * they are queued, and that `onDrain` will come. After the close it does nothing.
   */
  write(bytes: Uint8Array, start?: number, end?: number): boolean;
  /** What is queued here and not yet with the kernel, in bytes. */
  readonly queuedBytes: number;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once, with what is queued unsent. */
  destroy(): void;
  /** Reads nothing more until `resume`. */
  pause(): void;
  resume(): void;
  /** `127.0.0.1:4711` or `unix:/run/x.sock`, for logs. */
  readonly address: string;
  /** The file descriptor, where the runtime shows it. */
  readonly descriptor: number | undefined;
  /** What TLS agreed on; undefined for a plain socket. */
  readonly tls: TlsSession | undefined;
}

/** What the owner of a socket is told. */
export interface SocketHandler {
  onData(bytes: Uint8Array): void;
  /** All that was queued is with the kernel. */
  onDrain(): void;
  /** Once, whoever closed it; `error` when it broke. */
  onClose(error?: Error): void;
}

export interface TlsSession {
  /** By ALPN, empty when none was agreed on. */
  readonly protocol: string;
  /** The peer's certificate, where one was asked for and verified. */
  readonly certificate:
    | {
        readonly subject: string;
        readonly alternativeNames: readonly string[];
        readonly fingerprint: string;
      }
    | undefined;
}

/** PEM texts. */
export interface TlsServerOptions {
  readonly cert: string;
  readonly key: string;
  /** Who may sign clients' certificates; with it a client must have one (mTLS). */
  readonly ca?: string;
  readonly protocols?: readonly string[];
  /** A connection whose handshake takes longer is closed, in milliseconds: 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Handshakes under way at once: 1,000. More are closed at once. */
  readonly maxHandshakes?: number;
}

/** PEM texts. */
export interface TlsClientOptions {
  /** Who may sign the server's certificate; absent: the system's authorities. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name the certificate must have; absent: the host. */
  readonly serverName?: string;
  readonly protocols?: readonly string[];
}

/** Where: a Unix socket's path, or a host and a port (0: any free one). */
export type SocketAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number };

export type ListenOptions = SocketAddress & {
  readonly tls?: TlsServerOptions;
  /** Several processes listen at the same port (`SO_REUSEPORT`). */
  readonly reusePort?: boolean;
};

export type DialOptions = SocketAddress & {
  readonly tls?: TlsClientOptions;
  readonly signal?: AbortSignal;
};

export interface SocketListener {
  /** The port that was chosen, or 0 for a Unix socket. */
  readonly port: number;
  /** Accepts nothing more; open sockets stay. */
  close(): void;
}

/** What a runtime offers: `bun-sockets.ts` or `node-sockets.ts`. */
export interface SocketRuntime {
  /**
   * Listens; each connection gets the handler that `accept` returns.
   * @throws RpcError unavailable that says why the address cannot be had, invalid_argument that
   * says what is wrong with the texts of `tls`.
   */
  listen(
    options: ListenOptions,
    accept: (socket: ByteSocket) => SocketHandler,
  ): Promise<SocketListener>;
  /**
   * Connects, through the TLS handshake where there is one.
   * @throws Error of the runtime when it cannot; RpcError invalid_argument as `listen`.
   */
  dial(options: DialOptions, attach: (socket: ByteSocket) => SocketHandler): Promise<void>;
}

/** The sockets of the runtime that this runs on. */
export async function socketRuntime(): Promise<SocketRuntime> {
  if ('Bun' in globalThis) return (await import('./bun-sockets.ts')).bunSockets;
  return (await import('./node-sockets.ts')).nodeSockets;
}
