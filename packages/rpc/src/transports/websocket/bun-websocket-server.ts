import type { Server, ServerWebSocket, WebSocketHandler } from 'bun';
import { compressor } from '../../compression/compressors.ts';
import type { Listener } from '../../core/call.ts';
import { limitsWith } from '../../core/limits.ts';
import { listenerOf } from '../../core/listener-of.ts';
import { FrameConnection } from '../../frames/frame-connection.ts';
import { FrameConnections } from '../../frames/frame-connections.ts';
import type { FrameLink } from '../../frames/frame-writer.ts';
import { bunServeTls } from '../../sockets/bun-tls.ts';
import { listenFault } from '../../sockets/listen-fault.ts';
import type { SocketAddress } from '../../sockets/socket.ts';
import { handshakeRefusal } from './handshake.ts';
import { UnreadPongs } from './unread-pongs.ts';
import { closeCode, webSocketProtocol } from './websocket-link.ts';
import type { WebSocketListenOptions, WebSocketServeOptions } from './websocket-options.ts';

/** The data of a WebSocket of `webSocketEndpoint`. */
export interface WebSocketData {
  link: BunWebSocketLink | undefined;
  readonly address: string;
}

export interface WebSocketEndpoint {
  /** For `Bun.serve({ websocket })`. */
  readonly websocket: WebSocketHandler<WebSocketData>;
  /** In `fetch`: undefined when the request has become a WebSocket, else the refusal. */
  upgrade(
    request: Request,
    server: Pick<Server<WebSocketData>, 'upgrade' | 'requestIP'>,
  ): Response | undefined;
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * A WebSocket endpoint to be put into any `Bun.serve`. That does not tell the certificates of
 * clients: `Peer.certificate` is never there, whatever its `tls` asks for. For mTLS: `listenWebSocket`.
 */
export function webSocketEndpoint(options: WebSocketServeOptions): WebSocketEndpoint {
  const limits = limitsWith(options.limits);
  const connections = new FrameConnections(limits);
  return {
    upgrade(request, server) {
      const refusal = handshakeRefusal((name) => request.headers.get(name), options);
      if (refusal !== undefined) return new Response(refusal.text, { status: refusal.status });
      const full = connections.refusal();
      if (full !== undefined) return new Response(`${full.message}\n`, { status: 503 });
      const from = server.requestIP(request);
      const address = from === null ? 'unix' : `${from.address}:${from.port}`;
      const data: WebSocketData = { link: undefined, address };
      const headers = { 'sec-websocket-protocol': webSocketProtocol };
      if (server.upgrade(request, { data, headers })) return undefined;
      return new Response('this is a WebSocket endpoint\n', {
        status: 426,
        headers: { upgrade: 'websocket', connection: 'upgrade' },
      });
    },
    websocket: {
      idleTimeout: 0,
      sendPings: false,
      perMessageDeflate: options.deflate ?? false,
      maxPayloadLength: limits.maxMessageBytes + 64 * 1024,
      backpressureLimit: limits.maxQueuedBytes + limits.maxMessageBytes,
      closeOnBackpressureLimit: true,
      open(socket) {
        const link = new BunWebSocketLink(socket);
        socket.data.link = link;
        link.connection = new FrameConnection({
          link,
          side: 'server',
          limits,
          peer: { transport: 'websocket', address: socket.data.address },
          handler: options.handler,
          compressor,
        });
        connections.add(link.connection);
      },
      message(socket, message) {
        if (typeof message === 'string') {
          socket.close(closeCode.unsupportedData, 'only binary messages are understood');
        } else socket.data.link?.connection?.receive(message);
      },
      ping({ data: { link } }) {
        if (link === undefined) return;
        link.unreadPongs ??= new UnreadPongs();
        link.unreadPongs.add(link.connection, link.queuedBytes);
      },
      drain(socket) {
        socket.data.link?.connection?.linkDrained();
      },
      close(socket) {
        socket.data.link?.connection?.linkClosed();
      },
    },
    close: ({ graceMs } = {}) => connections.close(graceMs),
  };
}

/**
 * Serves own frames over WebSocket, by `Bun.serve`.
 * @throws RpcError as `listenWebSocket`; unimplemented with `tls.ca`, as `Bun.serve` would check the
 * certificates of clients and tell nobody whose they are.
 */
export async function listenBunWebSocket(options: WebSocketListenOptions): Promise<Listener> {
  const tls = 'tls' in options ? options.tls : undefined;
  const secure = tls === undefined ? {} : { tls: bunServeTls(tls) };
  const endpoint = webSocketEndpoint(options);
  const urlPath = options.urlPath ?? '/';
  const common = {
    websocket: endpoint.websocket,
    fetch(request: Request, server: Server<WebSocketData>) {
      if (new URL(request.url).pathname === urlPath) return endpoint.upgrade(request, server);
      return new Response(`the WebSocket endpoint is at ${urlPath}\n`, { status: 404 });
    },
  };
  const server = bind(options, () =>
    'path' in options
      ? Bun.serve<WebSocketData>({ unix: options.path, ...common })
      : Bun.serve<WebSocketData>({
          hostname: options.host,
          port: options.port,
          reusePort: false,
          ...secure,
          ...common,
        }),
  );
  const address =
    'path' in options
      ? `ws+unix://${options.path}:${urlPath}`
      : `${tls === undefined ? 'ws' : 'wss'}://${options.host}:${server.port}${urlPath}`;
  return listenerOf(address, async (closing) => {
    void server.stop(false);
    await endpoint.close(closing);
    await server.stop(true);
  });
}

function bind<T>(address: SocketAddress, serve: () => T): T {
  try {
    return serve();
  } catch (cause) {
    throw listenFault(address, cause);
  }
}

/** Frames over one WebSocket of `Bun.serve`. */
class BunWebSocketLink implements FrameLink {
  connection: FrameConnection | undefined;
  /** Of a client that pings. */
  unreadPongs: UnreadPongs | undefined;
  readonly #socket: ServerWebSocket<WebSocketData>;

  constructor(socket: ServerWebSocket<WebSocketData>) {
    this.#socket = socket;
  }

  get queuedBytes(): number {
    return this.#socket.getBufferedAmount();
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    return this.#socket.sendBinary(bytes.subarray(start, end)) > 0;
  }

  end(): void {
    this.#socket.close(closeCode.normal);
  }

  destroy(): void {
    this.#socket.terminate();
  }
}
