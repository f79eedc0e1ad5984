import type {
  CallHandler,
  ClientCall,
  ClientSink,
  DisposableTransport,
  Listener,
  OpenOptions,
  Peer,
  Transport,
} from '../../core/call.ts';
import { CallQueue } from '../../core/call-queue.ts';
import type { Connection } from '../../core/connection.ts';
import { ConnectionAges } from '../../core/connection-ages.ts';
import { FailedCall } from '../../core/failed-call.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import type { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { ReconnectingTransport } from '../../core/reconnecting.ts';
import { markRefused, neverBegan } from '../../core/refused.ts';
import { RpcError } from '../../rpc-error.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../sockets/socket.ts';
import type { QuicConnection } from '../quic/quic-connection.ts';
import { dialQuicEndpoint, listenQuicEndpoint, type QuicListener } from '../quic/quic-endpoint.ts';
import { unanswered } from '../quic/quic-errors.ts';
import { QuicByteStream } from '../quic/quic-stream.ts';
import type { Http3Call } from './http3-call.ts';
import { Http3ClientCall } from './http3-client-call.ts';
import { Http3Connection } from './http3-connection.ts';
import { Http3ServerCall } from './http3-server-call.ts';

/** For ALPN (RFC 9114, 3.1). */
const protocol = 'h3';
const scheme = 'https';
const defaultGraceMs = 10_000;

export interface Http3ServeOptions {
  readonly host: string;
  /** Of UDP. 0: any free one. */
  readonly port: number;
  readonly tls: TlsServerOptions;
  readonly handler: CallHandler;
  readonly limits?: Partial<RpcLimits>;
  /** Of a connection that failed in its handshake: for logs. */
  readonly onRefused?: (error: RpcError) => void;
}

export interface Http3ClientOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsClientOptions;
  readonly limits?: Partial<RpcLimits>;
}

/**
 * Serves gRPC over HTTP/3 (gRFC G2, RFC 9114). Runs on Bun only, which does not hold a peer back
 * that sends faster than its messages are read: beyond `maxQueuedBytes` the call fails.
 *
 * @throws RpcError unavailable when the port cannot be had, unimplemented without `node:quic`.
 */
export async function listenHttp3(options: Http3ServeOptions): Promise<Listener> {
  const limits = limitsWith(options.limits);
  const { handler } = options;
  const connections = new Set<ServerConnection>();
  const ages = new ConnectionAges<ServerConnection>(limits, {
    drain: (connection) => connection.drain(),
    abort: (connection, reason) => connection.cancelAll(reason),
  });
  const listener = await listenQuicEndpoint({
    host: options.host,
    port: options.port,
    tls: options.tls,
    protocol,
    scheme,
    limits,
    earlyData: false,
    onRefused: options.onRefused ?? (() => {}),
    accept(quic) {
      const connection = new ServerConnection(quic, limits, handler);
      connections.add(connection);
      ages.add(connection);
      void connection.closed.then(() => {
        connections.delete(connection);
        ages.delete(connection);
      });
    },
  });
  return new Http3Listener(listener, connections);
}

/** Connects with the first call, and again when the connection was lost. Runs on Bun only. */
export function connectHttp3(options: Http3ClientOptions): DisposableTransport {
  return new ReconnectingTransport({
    address: `${scheme}://${options.host}:${options.port}`,
    limits: options.limits,
    unanswered,
    dial: () => dialHttp3(options),
  });
}

/**
 * One connection, which is not made again when it is lost.
 * @throws RpcError unavailable that says why there is none.
 */
export async function dialHttp3(options: Http3ClientOptions): Promise<Connection> {
  const limits = limitsWith(options.limits);
  const { host, port, tls } = options;
  const dialled = await dialQuicEndpoint({ host, port, tls, protocol, scheme, limits });
  await dialled.opened;
  const name = tls.serverName ?? host;
  const authority = `${name.includes(':') ? `[${name}]` : name}:${port}`;
  return new ClientConnection(dialled.connection, limits, authority);
}

class ClientConnection extends Http3Connection implements Connection {
  readonly #authority: string;
  /** Calls that wait until one of the open ones has ended. */
  readonly #queue: CallQueue;
  /** Opens what has waited. */
  readonly #opener: Transport = {
    open: (method, options, sink) => this.#begin(method, options, sink),
    close: () => Promise.resolve(),
  };
  #isDraining = false;

  constructor(quic: QuicConnection, limits: RpcLimits, authority: string) {
    super(quic, limits);
    this.#authority = authority;
    this.#queue = new CallQueue({
      limits,
      waitsFor: `for a free place on the connection to ${quic.address}`,
      onLeft: (error) => {
        if (this.#isDraining) this.drain();
        return error;
      },
    });
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const refusal = this.#refusal(options.metadata);
    if (refusal !== undefined) return new FailedCall(sink, refusal);
    if (this.calls.size < this.limits.maxStreams) return this.#begin(method, options, sink);
    return this.#queue.hold(method, options, sink);
  }

  override get acceptsCalls(): boolean {
    return !this.#isDraining && super.acceptsCalls;
  }

  override get openCalls(): number {
    return this.calls.size + this.#queue.size;
  }

  async close(): Promise<void> {
    this.drain();
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Calls that wait come first: QUIC opens no stream once it drains. */
  override drain(): void {
    this.#isDraining = true;
    if (this.#queue.size === 0) super.drain();
  }

  override forget(call: Http3Call): void {
    super.forget(call);
    if (this.isClosed) return;
    while (this.#queue.size > 0 && this.calls.size < this.limits.maxStreams) {
      this.#queue.beginNext(this.#opener);
    }
    if (this.#isDraining) this.drain();
  }

  override onClose(error: RpcError | undefined): void {
    super.onClose(error);
    this.#queue.failAll(error === undefined ? this.#closing() : neverBegan(error));
  }

  override onGoaway(lastStream: number): void {
    super.onGoaway(lastStream);
    this.#queue.failAll(this.#closing());
  }

  /** A server opens no requests. */
  override onStream(): undefined {
    return undefined;
  }

  #begin(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const request = { authority: this.#authority, path: method.path, options };
    return new Http3ClientCall(this, request, sink);
  }

  #closing(): RpcError {
    const message = `the connection to ${this.quic.address} is closing`;
    return markRefused(new RpcError('unavailable', message, { retryable: true }));
  }

  #refusal(metadata: Metadata): RpcError | undefined {
    if (!this.acceptsCalls) return this.#closing();
    const { maxMetadataBytes } = this.limits;
    if (metadata.size > 0 && metadata.byteLength > maxMetadataBytes) {
      const message = `metadata has ${metadata.byteLength} bytes, more than ${maxMetadataBytes}, the limit maxMetadataBytes`;
      return new RpcError('resource_exhausted', message);
    }
    return undefined;
  }
}

class ServerConnection extends Http3Connection {
  readonly #peer: Peer;
  readonly #handler: CallHandler;

  constructor(quic: QuicConnection, limits: RpcLimits, handler: CallHandler) {
    super(quic, limits);
    const { certificate, address } = quic;
    this.#peer = {
      transport: 'http3',
      address,
      ...(certificate === undefined ? {} : { certificate }),
    };
    this.#handler = handler;
  }

  /** Ends every call with this error, which the client is told; a connection that drains closes then. */
  cancelAll(error: RpcError): void {
    for (const call of [...this.calls]) if (call instanceof Http3ServerCall) call.fail(error);
  }

  override drain(): void {
    const isFirst = this.acceptsCalls;
    super.drain();
    if (!isFirst) return;
    for (const call of [...this.calls]) if (call instanceof Http3ServerCall) call.draining();
  }

  override onStream(): QuicByteStream | undefined {
    if (!this.acceptsCalls || this.openCalls >= this.limits.maxStreams) return undefined;
    const stream = new QuicByteStream();
    new Http3ServerCall(this, stream, { peer: this.#peer, handler: this.#handler });
    return stream;
  }
}

class Http3Listener implements Listener {
  readonly address: string;
  readonly #listener: QuicListener;
  readonly #connections: Set<ServerConnection>;

  constructor(listener: QuicListener, connections: Set<ServerConnection>) {
    this.address = listener.address;
    this.#listener = listener;
    this.#connections = connections;
  }

  async close({ graceMs = defaultGraceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    const all = [...this.#connections];
    for (const connection of all) connection.drain();
    const timer = setTimeout(() => {
      const reason = new RpcError('unavailable', 'the server is shutting down');
      for (const connection of this.#connections) connection.abort(reason);
    }, graceMs);
    await Promise.all(all.map((connection) => connection.closed));
    clearTimeout(timer);
    await this.#listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
