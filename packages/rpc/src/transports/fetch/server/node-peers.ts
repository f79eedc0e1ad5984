import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import type { Peer } from '../../../core/call.ts';
import { certificateOf } from '../../../sockets/tls-session.ts';

/** One Peer for each connection of a server of `node:http` or `node:http2`. */
export class NodePeers {
  readonly #peers = new WeakMap<object, Peer>();
  readonly #path: string | undefined;

  /** `path`: of the Unix socket that is listened on. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  of(request: IncomingMessage): Peer {
    const session = (request as unknown as Partial<Http2ServerRequest>).stream?.session;
    const connection = session ?? request.socket;
    const known = this.#peers.get(connection);
    if (known !== undefined) return known;
    const socket = session?.socket ?? request.socket;
    const certificate = certificateOf(socket);
    const peer: Peer = {
      transport: 'http',
      address: this.#path === undefined ? addressOf(socket) : `unix:${this.#path}`,
      ...(certificate === undefined ? undefined : { certificate }),
    };
    this.#peers.set(connection, peer);
    return peer;
  }
}

function addressOf({ remoteAddress, remoteFamily, remotePort }: Socket): string {
  return `${remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}
