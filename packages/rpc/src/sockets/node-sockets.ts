import { createServer, isIP, connect as netConnect, type Server, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  createServer as createTlsServer,
  TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { checkTls } from './check-tls.ts';
import { nodeServerTls } from './https-server.ts';
import { listenFault } from './listen-fault.ts';
import type {
  ByteSocket,
  DialOptions,
  ListenOptions,
  SocketHandler,
  SocketListener,
  SocketRuntime,
  TlsClientOptions,
  TlsSession,
} from './socket.ts';
import { tlsSession } from './tls-session.ts';

/** Sockets by `node:net` and `node:tls`. */
export const nodeSockets: SocketRuntime = { listen, dial };

async function listen(
  options: ListenOptions,
  accept: (socket: ByteSocket) => SocketHandler,
): Promise<SocketListener> {
  const { tls } = options;
  const server: Server =
    tls === undefined
      ? createServer((raw) => attach(raw, options, undefined, accept))
      : createTlsServer(nodeServerTls(tls), (raw) => attach(raw, options, sessionOf(raw), accept));
  if (tls !== undefined) boundHandshakes(server, tls.maxHandshakes ?? 1_000);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(options, cause)));
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

/** A handshake that fails ends its connection, and nobody else is concerned. */
function boundHandshakes(server: Server, max: number): void {
  let open = 0;
  const ended = () => {
    open -= 1;
  };
  server.on('connection', (raw: Socket) => {
    open += 1;
    if (open > max) raw.destroy();
  });
  server.on('secureConnection', ended);
  server.on('tlsClientError', (_error: Error, raw: TLSSocket) => {
    ended();
    // One that took too long would stay open.
    raw.destroy();
  });
}

async function dial(
  options: DialOptions,
  attachTo: (socket: ByteSocket) => SocketHandler,
): Promise<void> {
  const { tls } = options;
  const raw = tls === undefined ? netConnect(target(options)) : tlsConnect(clientTls(options, tls));
  const abort = () => {
    raw.destroy(options.signal?.reason);
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    options.signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      raw.once('error', reject);
      raw.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        raw.off('error', reject);
        attach(raw, options, raw instanceof TLSSocket ? sessionOf(raw) : undefined, attachTo);
        resolve();
      });
    });
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

function target(options: DialOptions): { path: string } | { host: string; port: number } {
  if ('path' in options) return { path: options.path };
  return { host: options.host, port: options.port };
}

function clientTls(options: DialOptions, tls: TlsClientOptions): ConnectionOptions {
  checkTls(tls);
  const host = tls.serverName ?? ('path' in options ? 'localhost' : options.host);
  return {
    ...target(options),
    // An address cannot be asked for by name (RFC 6066, 3); it is verified all the same.
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.protocols === undefined ? {} : { ALPNProtocols: [...tls.protocols] }),
  };
}

function sessionOf(raw: TLSSocket): TlsSession {
  return tlsSession(raw.alpnProtocol, raw.authorized ? raw.getPeerCertificate() : undefined);
}

function attach(
  raw: Socket,
  options: ListenOptions | DialOptions,
  tls: TlsSession | undefined,
  accept: (socket: ByteSocket) => SocketHandler,
): void {
  if (!('path' in options)) raw.setNoDelay(true);
  const address =
    'path' in options ? `unix:${options.path}` : `${raw.remoteAddress}:${raw.remotePort}`;
  const socket = new NodeSocket(raw, address, tls);
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
  readonly tls: TlsSession | undefined;
  readonly #raw: Socket;

  constructor(raw: Socket, address: string, tls: TlsSession | undefined) {
    this.#raw = raw;
    this.address = address;
    this.tls = tls;
  }

  get descriptor(): number | undefined {
    const descriptor = (this.#raw as unknown as { _handle?: { fd?: number } })._handle?.fd;
    return descriptor === undefined || descriptor < 0 ? undefined : descriptor;
  }

  /** What Node hands to the kernel at once counts as written, since no `drain` comes for it. */
  get queuedBytes(): number {
    return this.#raw.writableNeedDrain ? this.#raw.writableLength : 0;
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#raw.destroyed || start === end) return true;
    return this.#raw.write(bytes.slice(start, end));
  }

  end(): void {
    // A peer that does not close its side as well is not waited for.
    this.#raw.end(() => this.#raw.destroy());
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
