import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type ServerHttp2Session,
} from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Listener } from '../../../core/call.ts';
import { limitsWith, type RpcLimits } from '../../../core/limits.ts';
import { httpsServer, nodeServerTls } from '../../../sockets/https-server.ts';
import { listenFault } from '../../../sockets/listen-fault.ts';
import { FetchServer } from './fetch-server.ts';
import { NodeConnections } from './node-connections.ts';
import { NodePeers } from './node-peers.ts';
import { answerNode } from './node-request.ts';
import { serveAddress } from './serve-address.ts';
import type { ServeFetchOptions } from './serve-fetch.ts';

/** What HTTP's own headers may take besides the metadata, in bytes. */
const protocolHeaderBytes = 4_096;

/** `serveFetch` by `node:http`, `node:https` and `node:http2`. */
export async function serveNode(options: ServeFetchOptions): Promise<Listener> {
  const limits = limitsWith(options.limits);
  const calls = new FetchServer(options);
  const peers = new NodePeers(options.path);
  const connections = new NodeConnections();
  const server = makeServer(options, limits);
  // Those of node:http2 can what those of node:http can, as far as it is used here.
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    connections.begin(request, response);
    void answerNode(calls, peers, request, response);
  });
  server.maxConnections = limits.maxConnections;
  server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (!isHttp2(socket, options)) connections.add(socket);
  });
  server.on('session', (session: ServerHttp2Session) => connections.addSession(session, limits));
  const address = serveAddress(options);
  const { reusePort = false } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(address, cause)));
    server.listen('path' in address ? address : { ...address, reusePort }, resolve);
  });
  return new NodeListener(server, calls, connections, options);
}

function makeServer(options: ServeFetchOptions, limits: RpcLimits): Server {
  const { tls, http1 = true, http2 = false } = options;
  if (options.http3) {
    throw new TypeError(
      'Bun' in globalThis && tls?.ca !== undefined
        ? 'http3 cannot be served with tls.ca: nobody would be told whose certificate a client has'
        : 'http3 needs Bun: Node does not serve it',
    );
  }
  if (!http1 && !http2) throw new TypeError('http1 and http2 are both off');
  if (http2 && http1 && tls === undefined) {
    throw new TypeError('on Node, http2 beside http1 needs tls: set http1 to false, or run on Bun');
  }
  const common = {
    maxHeaderSize: limits.maxMetadataBytes + protocolHeaderBytes,
    keepAliveTimeout: limits.idleTimeoutMs,
    headersTimeout: limits.handshakeTimeoutMs,
    // Node looks at its connections now and then, by default every 30 s.
    connectionsCheckingInterval: Math.ceil(Math.min(limits.handshakeTimeoutMs / 4, 5_000)),
    // A stream of requests may last as long as it likes.
    requestTimeout: 0,
    noDelay: true,
  };
  const settings = {
    maxConcurrentStreams: limits.maxStreams,
    maxHeaderListSize: limits.maxMetadataBytes + protocolHeaderBytes,
  };
  const secure = tls && { ...tls, handshakeTimeoutMs: limits.handshakeTimeoutMs };
  if (!http2) return secure ? httpsServer(secure, common) : createServer(common);
  if (secure === undefined) return createHttp2Server({ settings });
  return createSecureServer({ ...common, ...nodeServerTls(secure), settings, allowHTTP1: http1 });
}

/** HTTP/2 closes its sockets itself. */
function isHttp2(socket: Socket, { tls, http2 = false }: ServeFetchOptions): boolean {
  if (tls === undefined) return http2;
  return (socket as TLSSocket).alpnProtocol === 'h2';
}

/** How long clients may take, at a close, to read what was answered. */
const lingerMs = 1_000;

class NodeListener implements Listener {
  readonly address: string;
  readonly #server: Server;
  readonly #calls: FetchServer;
  readonly #connections: NodeConnections;

  constructor(
    server: Server,
    calls: FetchServer,
    connections: NodeConnections,
    { path, tls }: ServeFetchOptions,
  ) {
    this.#server = server;
    this.#calls = calls;
    this.#connections = connections;
    const at = server.address();
    const scheme = tls === undefined ? 'http' : 'https';
    this.address =
      typeof at === 'object' && at !== null
        ? `${scheme}://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`
        : `unix:${path}`;
  }

  async close({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#connections.close();
    await this.#calls.drain(graceMs);
    const timer = setTimeout(() => this.#connections.destroy(), lingerMs);
    await closed;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
