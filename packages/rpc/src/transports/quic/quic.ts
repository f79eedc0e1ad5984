import type { CallHandler, DisposableTransport, Listener } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { ReconnectingTransport } from '../../core/reconnecting.ts';
import { FrameConnections } from '../../frames/frame-connections.ts';
import type { RpcError } from '../../rpc-error.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../sockets/socket.ts';
import { EarlyConnection, mayGoEarly } from './early-connection.ts';
import { frameQuic } from './frame-quic.ts';
import {
  dialQuicEndpoint,
  listenQuicEndpoint,
  type QuicDialOptions,
  type QuicListener,
  type QuicResumption,
} from './quic-endpoint.ts';
import { unanswered } from './quic-errors.ts';

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
  /**
   * Takes calls that come with the first packet of a resumed connection (0-RTT), which saves them a
   * round trip, for the methods that this says yes to by path. Who records such a packet can send it
   * again: say yes only to what has no side effects. Absent: no early data at all.
   */
  readonly earlyMethods?: (path: string) => boolean;
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
  /**
   * Sends unary calls of methods without side effects with the first packet, when the server is
   * known from an earlier connection. Default false.
   */
  readonly earlyData?: boolean;
  /** Where what the server gives to resume with is kept. Default: with the transport. */
  readonly tickets?: QuicTickets;
}

/** Keeps what servers give for the next connection: secrets. */
export interface QuicTickets {
  put(resumption: QuicResumption): void;
  /** Each is used once, so that connections cannot be linked (RFC 8446, C.4). */
  take(): QuicResumption | undefined;
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
    earlyData: options.earlyMethods !== undefined,
    onRefused: options.onRefused ?? (() => {}),
    accept(quic) {
      const refusal = connections.refusal();
      if (refusal === undefined) {
        const { handler, earlyMethods } = options;
        const early = earlyMethods === undefined ? {} : { earlyMethods };
        connections.add(frameQuic({ quic, side: 'server', limits, handler, ...early }).connection);
      } else quic.close(1, refusal.message);
    },
  });
  return new FrameQuicListener(listener, connections);
}

/** Connects with the first call, and again when the connection was lost. Runs on Bun only. */
export function connectQuic(options: QuicClientOptions): DisposableTransport {
  const withTickets = { tickets: new LastTicket(), ...options };
  return new ReconnectingTransport({
    address: `${scheme}://${options.host}:${options.port}`,
    limits: options.limits,
    unanswered,
    dial: () => dialQuic(withTickets),
  });
}

/**
 * One connection, which is not made again when it is lost.
 * @throws RpcError unavailable that says why there is none.
 */
export async function dialQuic(options: QuicClientOptions): Promise<Connection> {
  const resume = options.tickets?.take();
  if (resume === undefined || options.earlyData !== true) return await dialFully(options, resume);
  const limits = limitsWith(options.limits);
  const dialled = await dialQuicEndpoint(dialOptions(options, limits, resume));
  let isEarly = true;
  const { connection } = frameQuic({
    quic: dialled.connection,
    side: 'client',
    limits,
    opensEarly: (method) => isEarly && mayGoEarly(method),
    ...(options.handler === undefined ? {} : { handler: options.handler }),
  });
  const opened = dialled.opened.finally(() => {
    isEarly = false;
  });
  return new EarlyConnection({
    connection,
    address: `${options.host}:${options.port}`,
    limits,
    opened,
    redial: () => dialFully(options, undefined),
  });
}

/** Through the handshake. */
async function dialFully(
  options: QuicClientOptions,
  resume: QuicResumption | undefined,
): Promise<Connection> {
  const limits = limitsWith(options.limits);
  const { connection: quic, opened } = await dialQuicEndpoint({
    ...dialOptions(options, limits, resume),
    earlyData: false,
  });
  await opened;
  const { handler } = options;
  const { connection } = frameQuic({
    quic,
    side: 'client',
    limits,
    ...(handler === undefined ? {} : { handler }),
  });
  return connection;
}

function dialOptions(
  { host, port, tls, tickets, earlyData = false }: QuicClientOptions,
  limits: RpcLimits,
  resume: QuicResumption | undefined,
): QuicDialOptions {
  return {
    host,
    port,
    tls,
    protocol,
    scheme,
    limits,
    earlyData,
    ...(resume === undefined ? {} : { resume }),
    onResumption: (resumption) => tickets?.put(resumption),
  };
}

class LastTicket implements QuicTickets {
  #last: QuicResumption | undefined;

  put(resumption: QuicResumption): void {
    this.#last = resumption;
  }

  take(): QuicResumption | undefined {
    const last = this.#last;
    this.#last = undefined;
    return last;
  }
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
