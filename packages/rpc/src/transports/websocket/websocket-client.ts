import type { CompressorLookup } from '../../compression/compressor.ts';
import type { CallHandler, DisposableTransport } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { ReconnectingTransport } from '../../core/reconnecting.ts';
import { FrameConnection } from '../../frames/frame-connection.ts';
import { RpcError } from '../../rpc-error.ts';
import { closeCode, WebSocketLink, webSocketProtocol } from './websocket-link.ts';

export interface WebSocketConnectOptions {
  /** `ws://host/path`, `wss://…`; where the runtime can: `ws+unix:///run/x.sock:/path`. */
  readonly url: string;
  readonly limits?: Partial<RpcLimits>;
  /** Takes the calls that the server opens to this client. */
  readonly handler?: CallHandler;
  /** `compressor` of `@zeke/rpc/compression`, for calls that are compressed; browsers have none. */
  readonly compressor?: CompressorLookup;
  /**
   * Makes the WebSocket, for runtimes that take certificates or headers. Default: the global one.
   */
  readonly create?: (url: string, protocol: string) => WebSocket;
}

/**
 * A client over WebSocket, for browsers as well. It connects with the first call, and again when the
 * connection was lost.
 */
export function connectWebSocket(options: WebSocketConnectOptions): DisposableTransport {
  return new ReconnectingTransport({
    address: options.url,
    limits: options.limits,
    dial: (signal) => dialWebSocket(options, signal),
  });
}

/**
 * One connection, which is not made again when it is lost.
 * @throws RpcError unavailable when there is no server, or one that does not speak zrpc.
 */
export async function dialWebSocket(
  options: WebSocketConnectOptions,
  signal?: AbortSignal,
): Promise<Connection> {
  const { url } = options;
  const limits = limitsWith(options.limits);
  const socket = options.create?.(url, webSocketProtocol) ?? new WebSocket(url, webSocketProtocol);
  socket.binaryType = 'arraybuffer';
  const opened = Promise.withResolvers<FrameConnection>();
  let connection: FrameConnection | undefined;
  const giveUp = (reason: string) => {
    opened.reject(new RpcError('unavailable', `cannot connect to ${url}: ${reason}`));
    socket.close();
  };
  const timer = setTimeout(
    () => giveUp(`no answer within ${limits.handshakeTimeoutMs} ms`),
    limits.handshakeTimeoutMs,
  );
  signal?.addEventListener('abort', () => giveUp('the attempt was given up'), { once: true });

  socket.onopen = () => {
    if (socket.protocol !== webSocketProtocol) {
      giveUp(`the server does not speak ${webSocketProtocol}`);
      return;
    }
    const link = new WebSocketLink(socket, () => connection?.linkDrained());
    connection = new FrameConnection({
      link,
      side: 'client',
      limits,
      peer: { transport: 'websocket', address: url },
      ...(options.handler === undefined ? {} : { handler: options.handler }),
      ...(options.compressor === undefined ? {} : { compressor: options.compressor }),
    });
    opened.resolve(connection);
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) connection?.receive(new Uint8Array(data));
    else socket.close(closeCode.normal, 'only binary messages are understood');
  };
  // Browsers give no reason, so that pages learn nothing of servers they may not ask.
  socket.onerror = (event) =>
    giveUp(
      (event as Partial<ErrorEvent>).message || 'the handshake failed or the connection broke',
    );
  socket.onclose = ({ code, reason }) => {
    giveUp(`closed with code ${code}`);
    connection?.linkClosed(closedWith(url, code, reason));
  };
  try {
    return await opened.promise;
  } finally {
    clearTimeout(timer);
  }
}

function closedWith(url: string, code: number, reason: string): RpcError | undefined {
  if (code === closeCode.normal || code === closeCode.goingAway) return undefined;
  const why = reason === '' ? '' : ` (${reason})`;
  return new RpcError(
    'unavailable',
    `the connection to ${url} was closed with the WebSocket code ${code}${why}`,
  );
}
