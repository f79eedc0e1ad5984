import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Dialect } from './dialect.ts';

/** Between two signs of life of a server that reads nothing, in milliseconds. */
const pingEveryMs = 200;

/** A client that asks and never reads the answers. */
export class DeafClient {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // Without a reader of data the socket is never read.
    socket.on('error', () => {});
  }

  /** `place` is a path, or `host:port`. */
  static async connect(place: string): Promise<DeafClient> {
    const socket = connect(addressOf(place));
    await once(socket, 'connect');
    return new DeafClient(socket);
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Sends it, and waits until the kernel has it, for at most so long. False: it has not. */
  async send(bytes: Uint8Array, withinMs: number): Promise<boolean> {
    if (this.isClosed) return false;
    if (this.#socket.write(bytes)) return true;
    const sent = once(this.#socket, 'drain').then(
      () => true,
      () => false,
    );
    const closed = once(this.#socket, 'close').then(() => false);
    return await Promise.race([sent, closed, Bun.sleep(withinMs).then(() => false)]);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A server that greets, shows that it is alive, and never reads a call. */
export class DeafServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(place: string, dialectFor: () => Dialect): Promise<DeafServer> {
    const server = createServer({ pauseOnConnect: true });
    const deaf = new DeafServer(server);
    server.on('connection', (socket: Socket) => void deaf.#greet(socket, dialectFor()));
    server.listen(addressOf(place));
    await once(server, 'listening');
    return deaf;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #greet(socket: Socket, dialect: Dialect): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    const [first] = (await once(socket.resume(), 'data')) as [Buffer];
    socket.pause();
    const key = /sec-websocket-key: *(\S+)/i.exec(first.toString('latin1'))?.[1] ?? '';
    socket.write(dialect.serverHello(key));
    const timer = setInterval(() => socket.write(dialect.ping()), pingEveryMs);
    socket.once('close', () => {
      clearInterval(timer);
      this.#sockets.delete(socket);
    });
  }
}

/** A place of the transports' table, as `node:net` takes it. */
export function addressOf(place: string): { path: string } | { host: string; port: number } {
  if (place.startsWith('/')) return { path: place };
  const colon = place.lastIndexOf(':');
  return { host: place.slice(0, colon), port: Number(place.slice(colon + 1)) };
}
