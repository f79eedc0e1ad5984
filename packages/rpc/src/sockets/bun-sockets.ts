import type { Socket, TCPSocketListener, UnixSocketListener } from 'bun';
import { bunClientTls, bunServerTls, bunTlsSession, TlsHandshakes } from './bun-tls.ts';
import { listenFault } from './listen-fault.ts';
import type {
  ByteSocket,
  DialOptions,
  ListenOptions,
  SocketHandler,
  SocketListener,
  SocketRuntime,
  TlsServerOptions,
  TlsSession,
} from './socket.ts';

/** Sockets by `Bun.listen` and `Bun.connect`. */
export const bunSockets: SocketRuntime = { listen, dial };

type Raw = Socket<BunSocket | undefined>;

async function listen(
  options: ListenOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): Promise<SocketListener> {
  const { tls } = options;
  const socket =
    tls === undefined ? plainCallbacks(options, accept) : serverTlsCallbacks(options, tls, accept);
  const secure = tls === undefined ? {} : { tls: bunServerTls(tls) };
  try {
    return bind(options, socket, secure);
  } catch (cause) {
    throw listenFault(options, cause);
  }
}

function bind(options: ListenOptions, socket: Callbacks, secure: object): SocketListener {
  if ('path' in options) {
    const listener: UnixSocketListener<BunSocket | undefined> = Bun.listen({
      unix: options.path,
      socket,
      ...secure,
    });
    return { port: 0, close: () => listener.stop() };
  }
  const tcp = {
    hostname: options.host,
    port: options.port,
    reusePort: options.reusePort ?? false,
    socket,
    ...secure,
  };
  const listener: TCPSocketListener<BunSocket | undefined> = Bun.listen(tcp);
  return { port: listener.port, close: () => listener.stop() };
}

async function dial(
  options: DialOptions,
  attachTo: (socket: ByteSocket) => SocketHandler,
): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const connected = Promise.withResolvers<void>();
  let dialled: Raw | undefined;
  const abort = () => {
    connected.reject(signal?.reason);
    dialled?.terminate();
  };
  const socket = {
    ...(options.tls === undefined
      ? plainCallbacks(options, attachTo)
      : clientTlsCallbacks(options, attachTo, connected)),
  };
  const secure = options.tls === undefined ? {} : { tls: bunClientTls(options, options.tls) };
  signal?.addEventListener('abort', abort, { once: true });
  const opened: Promise<Raw> =
    'path' in options
      ? Bun.connect({ unix: options.path, socket, ...secure })
      : Bun.connect({ hostname: options.host, port: options.port, socket, ...secure });
  opened.then((raw) => {
    dialled = raw;
    if (signal?.aborted) raw.terminate();
    else if (options.tls === undefined) connected.resolve();
  }, connected.reject);
  try {
    await connected.promise;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

const callbacks = {
  binaryType: 'uint8array' as const,
  data(raw: Raw, bytes: Uint8Array) {
    raw.data?.handler.onData(bytes);
  },
  drain(raw: Raw) {
    raw.data?.drained();
  },
  close(raw: Raw, error?: Error) {
    raw.data?.closed(error);
  },
  error(raw: Raw, error: Error) {
    raw.data?.closed(error);
  },
};

type Callbacks = typeof callbacks & {
  open(raw: Raw): void;
  handshake?(raw: Raw, success: boolean, error: Error | null): void;
};

function plainCallbacks(
  options: ListenOptions | DialOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): Callbacks {
  return {
    ...callbacks,
    open(raw) {
      attach(raw, options, undefined, accept);
    },
  };
}

/** A connection is the listener's only after its handshake. */
function serverTlsCallbacks(
  options: ListenOptions,
  tls: TlsServerOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): Callbacks {
  const handshakes = new TlsHandshakes(tls);
  return {
    ...callbacks,
    open(raw) {
      handshakes.begin(raw);
    },
    handshake(raw, success) {
      handshakes.end(raw);
      if (success && (tls.ca === undefined || raw.authorized)) {
        attach(raw, options, bunTlsSession(raw), accept);
      } else raw.terminate();
    },
    close(raw, error) {
      handshakes.end(raw);
      raw.data?.closed(error);
    },
  };
}

function clientTlsCallbacks(
  options: DialOptions,
  attachTo: (socket: ByteSocket) => SocketHandler,
  connected: PromiseWithResolvers<void>,
): Callbacks {
  const failed = (raw: Raw, error: Error | undefined) => {
    if (raw.data !== undefined) raw.data.closed(error);
    else
      connected.reject(error ?? new Error('the server closed the connection in its TLS handshake'));
  };
  return {
    ...callbacks,
    open() {},
    handshake(raw, success, error) {
      if (success && error === null && raw.authorized) {
        attach(raw, options, bunTlsSession(raw), attachTo);
        connected.resolve();
      } else {
        connected.reject(error ?? new Error('the certificate of the server cannot be verified'));
        raw.terminate();
      }
    },
    close: failed,
    error: failed,
  };
}

function attach(
  raw: Raw,
  options: ListenOptions | DialOptions,
  tls: TlsSession | undefined,
  accept: (socket: ByteSocket) => SocketHandler,
): void {
  const address =
    'path' in options ? `unix:${options.path}` : `${raw.remoteAddress}:${raw.remotePort}`;
  if (!('path' in options)) raw.setNoDelay(true);
  const socket = new BunSocket(raw, address, tls);
  socket.handler = accept(socket);
  raw.data = socket;
}

const unattached: SocketHandler = { onData() {}, onDrain() {}, onClose() {} };

class BunSocket implements ByteSocket {
  readonly address: string;
  readonly tls: TlsSession | undefined;
  handler: SocketHandler = unattached;
  queuedBytes = 0;
  readonly #raw: Raw;
  /** Made when the kernel does not take all. */
  #queue: Uint8Array[] | undefined;
  #ending = false;
  #closed = false;

  constructor(raw: Raw, address: string, tls: TlsSession | undefined) {
    this.#raw = raw;
    this.address = address;
    this.tls = tls;
  }

  get descriptor(): number | undefined {
    const descriptor = (this.#raw as unknown as { fd?: number }).fd;
    return descriptor === undefined || descriptor < 0 ? undefined : descriptor;
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#closed || start === end) return true;
    let sent = 0;
    if (this.queuedBytes === 0) {
      sent = Math.max(0, this.#raw.write(bytes, start, end - start));
      if (sent === end - start) return true;
    }
    this.#queue ??= [];
    this.#queue.push(bytes.slice(start + sent, end));
    this.queuedBytes += end - start - sent;
    return false;
  }

  drained(): void {
    const queue = this.#queue ?? [];
    while (queue.length > 0) {
      const head = queue[0] as Uint8Array;
      const sent = Math.max(0, this.#raw.write(head));
      this.queuedBytes -= sent;
      if (sent < head.length) {
        queue[0] = head.subarray(sent);
        return;
      }
      queue.shift();
    }
    if (this.#ending) this.#finish();
    else this.handler.onDrain();
  }

  closed(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = undefined;
    this.queuedBytes = 0;
    this.handler.onClose(error);
  }

  end(): void {
    this.#ending = true;
    if (this.queuedBytes === 0) this.#finish();
  }

  destroy(): void {
    this.#raw.terminate();
  }

  /**
   * `end` of a TLS socket sends TLS's notice and no FIN: a peer that does not answer the notice would
   * keep the connection open.
   */
  #finish(): void {
    if (this.tls === undefined) this.#raw.end();
    else this.#raw.shutdown();
  }

  pause(): void {
    this.#raw.pause();
  }

  resume(): void {
    this.#raw.resume();
  }
}
