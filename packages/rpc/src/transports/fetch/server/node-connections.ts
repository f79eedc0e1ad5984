import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { RpcLimits } from '../../../core/limits.ts';

type SessionLimits = Pick<RpcLimits, 'handshakeTimeoutMs' | 'idleTimeoutMs'>;

/** The connections of a server of `node:http` or `node:http2`, to be closed one by one as they get idle. */
export class NodeConnections {
  /** How many requests each has that are not answered. */
  readonly #requests = new Map<Socket, number>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;

  /** A connection of HTTP/1.1. */
  add(socket: Socket): void {
    this.#requests.set(socket, 0);
    socket.once('close', () => this.#requests.delete(socket));
  }

  /** A connection of HTTP/2, which has to say something soon and is closed after a time without calls. */
  addSession(session: ServerHttp2Session, limits: SessionLimits): void {
    this.#sessions.add(session);
    const handshake = setTimeout(() => session.destroy(), limits.handshakeTimeoutMs);
    session.once('remoteSettings', () => clearTimeout(handshake));
    session.once('close', () => {
      clearTimeout(handshake);
      this.#sessions.delete(session);
    });
    let calls = 0;
    session.on('stream', (stream) => {
      calls += 1;
      stream.once('close', () => {
        calls -= 1;
      });
    });
    // 0 is never, here as there.
    session.setTimeout(limits.idleTimeoutMs, () => {
      if (calls === 0) session.close();
    });
  }

  /** A request has come. */
  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return;
    this.#requests.set(socket, requests + 1);
    response.once('close', () => this.#finish(socket));
  }

  /** Closes those that are idle, and the others as soon as they are. */
  close(): void {
    this.#isClosing = true;
    for (const session of this.#sessions) session.close();
    for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroy();
  }

  /** Closes all at once. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#requests.keys()) socket.destroy();
  }

  #finish(socket: Socket): void {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return;
    this.#requests.set(socket, requests - 1);
    if (this.#isClosing && requests === 1) socket.end();
  }
}
