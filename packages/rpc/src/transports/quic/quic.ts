import type { CallHandler, Listener, Transport } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { ReconnectingTransport } from '../../core/reconnecting.ts';
import { FrameConnections } from '../../frames/frame-connections.ts';
import type { RpcError } from '../../rpc-error.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../sockets/socket.ts';
import { frameQuic } from './frame-quic.ts';
import { dialQuicEndpoint, listenQuicEndpoint, type QuicListener } from './quic-endpoint.ts';

/** Of the own frames, for ALPN (RFC 7301). */
const protocol = 'zrpc/1';
const scheme = 'quic';

export interface QuicServeOptions {
  readonly host: string;
  /** Of UDP. 0: any free one. */
  readonly port: number;
  readonly tls: TlsServerOptions;
  readonly handler: CallHandler;
  readonly limits?: Partial<RpcLimits>;
  /** A client must prove its address (RETRY, RFC 9000, 8.1.2) first, which costs a round trip. */
  readonly validateAddress?: boolean;
  /** Of a connection that failed in its handshake: for logs. */
  readonly onRefused?: (error: RpcError) => void;
}

export interface QuicClientOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsClientOptions;
  readonly limits?: Partial<RpcLimits>;
  /** Takes the calls that the server opens to this client. */
  readonly handler?: CallHandler;
}

/**
 * Serves own frames over QUIC (RFC 9000), TLS 1.3 always. Runs on Bun only.
 * @throws RpcError unavailable when the port cannot be had, unimplemented without `node:quic`.
 */
export async function listenQuic(options: QuicServeOptions): Promise<Listener> {
  const limits = limitsWith(options.limits);
  const connections = new FrameConnections(limits);
  const listener = await listenQuicEndpoint({
    host: options.host,
    port: options.port,
    tls: options.tls,
    protocol,
    scheme,
    limits,
    earlyData: false,
    validateAddress: options.validateAddress ?? false,
    onRefused: options.onRefused ?? (() => {}),
    accept(quic) {
      const refusal = connections.refusal();
      if (refusal === undefined) {
        const { handler } = options;
        connections.add(frameQuic({ quic, side: 'server', limits, handler }).connection);
      } else quic.close(1, refusal.message);
    },
  });
  return new FrameQuicListener(listener, connections);
}

/** Connects with the first call, and again when the connection was lost. Runs on Bun only. */
export function connectQuic(options: QuicClientOptions): Transport {
  return new ReconnectingTransport({
    address: `${scheme}://${options.host}:${options.port}`,
    dial: () => dialQuic(options),
  });
}

/**
 * One connection, which is not made again when it is lost.
 * @throws RpcError unavailable that says why there is none.
 */
export async function dialQuic(options: QuicClientOptions): Promise<Connection> {
  const limits = limitsWith(options.limits);
  const { host, port, tls } = options;
  const { connection: quic, opened } = await dialQuicEndpoint({
    host,
    port,
    tls,
    protocol,
    scheme,
    limits,
  });
  await opened;
  const { connection } = frameQuic({
    quic,
    side: 'client',
    limits,
    ...(options.handler === undefined ? {} : { handler: options.handler }),
  });
  return connection;
}

class FrameQuicListener implements Listener {
  readonly address: string;
  readonly #listener: QuicListener;
  readonly #connections: FrameConnections;

  constructor(listener: QuicListener, connections: FrameConnections) {
    this.address = listener.address;
    this.#listener = listener;
    this.#connections = connections;
  }

  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    await this.#connections.close(options.graceMs);
    await this.#listener.close();
  }
}
