import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { compressor } from '../../compression/compressors.ts';
import type { Listener, Peer } from '../../core/call.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { listenerOf } from '../../core/listener-of.ts';
import { FrameConnection } from '../../frames/frame-connection.ts';
import { FrameConnections } from '../../frames/frame-connections.ts';
import type { FrameLink } from '../../frames/frame-writer.ts';
import { httpsServer } from '../../sockets/https-server.ts';
import { listenFault } from '../../sockets/listen-fault.ts';
import { certificateOf } from '../../sockets/tls-session.ts';
import { type HandshakeRefusal, handshakeRefusal } from './handshake.ts';
import { UnreadPongs } from './unread-pongs.ts';
import { closeCode, webSocketProtocol } from './websocket-link.ts';
import type { WebSocketListenOptions } from './websocket-options.ts';

/** Serves own frames over WebSocket, by `node:http` and the package `ws`. */
export async function listenNodeWebSocket(options: WebSocketListenOptions): Promise<Listener> {
  const limits = limitsWith(options.limits);
  const connections = new FrameConnections(limits);
  const urlPath = options.urlPath ?? '/';
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.maxMessageBytes + 64 * 1024,
    perMessageDeflate: options.deflate ?? false,
    handleProtocols: () => webSocketProtocol,
  });
  const tls = 'tls' in options ? options.tls : undefined;
  const server: Server = tls === undefined ? createHttpServer() : httpsServer(tls);
  const open = new Set<Socket>();
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const status = pathOf(request) === urlPath ? 426 : 404;
    const headers = status === 426 ? { upgrade: 'websocket', connection: 'upgrade' } : {};
    response.writeHead(status, headers).end(`the WebSocket endpoint is at ${urlPath}\n`);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request, urlPath, options, connections);
    if (refusal !== undefined) {
      refuse(socket, refusal);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      connections.add(attach(webSocket, peerOf(request.socket), limits, options));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(options, cause)));
    if ('path' in options) server.listen(options.path, resolve);
    else server.listen(options.port, options.host, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const address =
    'path' in options
      ? `ws+unix://${options.path}:${urlPath}`
      : `${tls === undefined ? 'ws' : 'wss'}://${options.host}:${port}${urlPath}`;
  return listenerOf(address, async ({ graceMs } = {}) => {
    server.close();
    await connections.close(graceMs);
    for (const socket of open) socket.destroy();
  });
}

function peerOf(socket: Socket): Peer {
  const { remoteAddress, remotePort } = socket;
  const certificate = certificateOf(socket);
  return {
    transport: 'websocket',
    address: remoteAddress === undefined ? 'unix' : `${remoteAddress}:${remotePort}`,
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function attach(
  socket: WebSocket,
  peer: Peer,
  limits: RpcLimits,
  { handler }: WebSocketListenOptions,
): FrameConnection {
  const connection = new FrameConnection({
    link: new NodeWebSocketLink(socket, () => connection.linkDrained()),
    side: 'server',
    limits,
    peer,
    handler,
    compressor,
  });
  const unreadPongs = new UnreadPongs();
  socket.on('ping', () => unreadPongs.add(connection, socket.bufferedAmount));
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) connection.receive(data);
    else socket.close(closeCode.unsupportedData, 'only binary messages are understood');
  });
  // What is wrong with a message closes the WebSocket, and `close` follows.
  socket.on('error', () => {});
  socket.on('close', () => connection.linkClosed());
  return connection;
}

function refusalOf(
  request: IncomingMessage,
  urlPath: string,
  options: WebSocketListenOptions,
  connections: FrameConnections,
): HandshakeRefusal | undefined {
  if (pathOf(request) !== urlPath) {
    return { status: 404, text: `the WebSocket endpoint is at ${urlPath}\n` };
  }
  const header = (name: string) => request.headers[name]?.toString();
  const refusal = handshakeRefusal(header, options);
  if (refusal !== undefined) return refusal;
  const full = connections.refusal();
  return full === undefined ? undefined : { status: 503, text: `${full.message}\n` };
}

function refuse(socket: Duplex, { status, text }: HandshakeRefusal): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n`;
  const length = new TextEncoder().encode(text).length;
  socket.end(`${head}content-type: text/plain\r\ncontent-length: ${length}\r\n\r\n${text}`);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

/** Frames over one WebSocket of the package `ws`. */
class NodeWebSocketLink implements FrameLink {
  readonly #socket: WebSocket;
  readonly #onDrained: () => void;

  constructor(socket: WebSocket, onDrained: () => void) {
    this.#socket = socket;
    this.#onDrained = onDrained;
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return true;
    this.#socket.send(bytes.slice(start, end), () => {
      if (this.#socket.bufferedAmount === 0) this.#onDrained();
    });
    return this.#socket.bufferedAmount === 0;
  }

  end(): void {
    this.#socket.close(closeCode.normal);
  }

  destroy(): void {
    this.#socket.terminate();
  }
}
