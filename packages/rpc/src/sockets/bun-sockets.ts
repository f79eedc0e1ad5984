import type { Socket, TCPSocketListener, UnixSocketListener } from 'bun';
import type {
  ByteSocket,
  DialOptions,
  ListenOptions,
  SocketHandler,
  SocketListener,
  SocketRuntime,
  TlsSession,
} from './socket.ts';

/** Sockets by `Bun.listen` and `Bun.connect`. */
export const bunSockets: SocketRuntime = { listen, dial };

type Raw = Socket<BunSocket | undefined>;

async function listen(
  options: ListenOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): Promise<SocketListener> {
  const socket = {
    ...callbacks,
    open(raw: Raw) {
      attach(raw, options, accept);
    },
  };
  if ('path' in options) {
    const listener: UnixSocketListener<BunSocket | undefined> = Bun.listen({
      unix: options.path,
      socket,
    });
    return { port: 0, close: () => listener.stop() };
  }
  const tcp = {
    hostname: options.host,
    port: options.port,
    reusePort: options.reusePort ?? false,
    socket,
  };
  const listener: TCPSocketListener<BunSocket | undefined> = Bun.listen(tcp);
  return { port: listener.port, close: () => listener.stop() };
}

async function dial(
  options: DialOptions,
  attachTo: (socket: ByteSocket) => SocketHandler,
): Promise<void> {
  options.signal?.throwIfAborted();
  const socket = {
    ...callbacks,
    open(raw: Raw) {
      attach(raw, options, attachTo);
    },
  };
  const raw: Raw =
    'path' in options
      ? await Bun.connect({ unix: options.path, socket })
      : await Bun.connect({ hostname: options.host, port: options.port, socket });
  if (options.signal?.aborted) {
    raw.terminate();
    options.signal.throwIfAborted();
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

function attach(
  raw: Raw,
  options: ListenOptions | DialOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): void {
  const address =
    'path' in options ? `unix:${options.path}` : `${raw.remoteAddress}:${raw.remotePort}`;
  if (!('path' in options)) raw.setNoDelay(true);
  const socket = new BunSocket(raw, address);
  socket.handler = accept(socket);
  raw.data = socket;
}

const unattached: SocketHandler = { onData() {}, onDrain() {}, onClose() {} };

class BunSocket implements ByteSocket {
  readonly address: string;
  readonly tls: TlsSession | undefined = undefined;
  handler: SocketHandler = unattached;
  queuedBytes = 0;
  readonly #raw: Raw;
  #queue: Uint8Array[] = [];
  #ending = false;
  #closed = false;

  constructor(raw: Raw, address: string) {
    this.#raw = raw;
    this.address = address;
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
    this.#queue.push(bytes.slice(start + sent, end));
    this.queuedBytes += end - start - sent;
    return false;
  }

  drained(): void {
    while (this.#queue.length > 0) {
      const head = this.#queue[0] as Uint8Array;
      const sent = Math.max(0, this.#raw.write(head));
      this.queuedBytes -= sent;
      if (sent < head.length) {
        this.#queue[0] = head.subarray(sent);
        return;
      }
      this.#queue.shift();
    }
    if (this.#ending) this.#raw.end();
    else this.handler.onDrain();
  }

  closed(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.queuedBytes = 0;
    this.handler.onClose(error);
  }

  end(): void {
    this.#ending = true;
    if (this.queuedBytes === 0) this.#raw.end();
  }

  destroy(): void {
    this.#raw.terminate();
  }

  pause(): void {
    this.#raw.pause();
  }

  resume(): void {
    this.#raw.resume();
  }
}
