import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import type {
  ByteSocket,
  DialOptions,
  ListenOptions,
  SocketHandler,
  SocketListener,
  SocketRuntime,
  TlsSession,
} from './socket.ts';

/** Sockets by `node:net`. */
export const nodeSockets: SocketRuntime = { listen, dial };

async function listen(
  options: ListenOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): Promise<SocketListener> {
  const server: Server = createServer((raw) => {
    attach(raw, options, accept);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(
      'path' in options
        ? { path: options.path }
        : { host: options.host, port: options.port, reusePort: options.reusePort ?? false },
      resolve,
    );
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => {
      server.close();
    },
  };
}

async function dial(
  options: DialOptions,
  attachTo: (socket: ByteSocket) => SocketHandler,
): Promise<void> {
  const raw = netConnect(
    'path' in options
      ? { path: options.path }
      : { host: options.host, port: options.port, noDelay: true },
  );
  const abort = () => {
    raw.destroy(options.signal?.reason);
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    options.signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      raw.once('error', reject);
      raw.once('connect', () => {
        raw.off('error', reject);
        attach(raw, options, attachTo);
        resolve();
      });
    });
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

function attach(
  raw: Socket,
  options: ListenOptions | DialOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): void {
  if (!('path' in options)) raw.setNoDelay(true);
  const address =
    'path' in options ? `unix:${options.path}` : `${raw.remoteAddress}:${raw.remotePort}`;
  const socket = new NodeSocket(raw, address);
  const handler = accept(socket);
  let failure: Error | undefined;
  raw.on('data', (bytes: Uint8Array) => {
    handler.onData(bytes);
  });
  raw.on('drain', () => {
    handler.onDrain();
  });
  raw.on('error', (error) => {
    failure = error;
  });
  raw.on('close', () => {
    handler.onClose(failure);
  });
}

class NodeSocket implements ByteSocket {
  readonly address: string;
  readonly tls: TlsSession | undefined = undefined;
  readonly #raw: Socket;

  constructor(raw: Socket, address: string) {
    this.#raw = raw;
    this.address = address;
  }

  get descriptor(): number | undefined {
    const descriptor = (this.#raw as unknown as { _handle?: { fd?: number } })._handle?.fd;
    return descriptor === undefined || descriptor < 0 ? undefined : descriptor;
  }

  get queuedBytes(): number {
    return this.#raw.writableLength;
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#raw.destroyed || start === end) return true;
    return this.#raw.write(bytes.slice(start, end));
  }

  end(): void {
    this.#raw.end();
  }

  destroy(): void {
    this.#raw.destroy();
  }

  pause(): void {
    this.#raw.pause();
  }

  resume(): void {
    this.#raw.resume();
  }
}
