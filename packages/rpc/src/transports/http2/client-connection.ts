import type { ClientCall, ClientSink, OpenOptions } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import type { MethodInfo } from '../../core/method.ts';
import { markRefused, neverBegan } from '../../core/refused.ts';
import { RpcError } from '../../rpc-error.ts';
import type { ByteSocket } from '../../sockets/socket.ts';
import { ClientStream } from './client-stream.ts';
import { clientPreface, errorCode, errorName, max31Bits, setting } from './frame.ts';
import { RequestWriter } from './grpc/request-writer.ts';
import { ResponseHead } from './grpc/response-head.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Http2Limits } from './http2-limits.ts';

export interface ClientConnectionOptions {
  readonly socket: ByteSocket;
  readonly limits: Http2Limits;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly userAgent: string;
  /** The server has ended the connection because we ping too often. */
  readonly onTooManyPings?: () => void;
}

/** The side of a connection that opens calls. */
export class ClientConnection extends Http2Connection implements Connection {
  /** Resolves with the server's settings; rejects when the connection ends before them. */
  readonly ready: Promise<void>;
  readonly #request: RequestWriter;
  readonly #head: ResponseHead;
  readonly #onTooManyPings: (() => void) | undefined;
  /** Calls that wait until the server takes one more. */
  readonly #queued = new Set<ClientStream>();
  #nextStream = 1;
  #goaway: RpcError | undefined;
  #resolveReady: () => void = () => {};
  #rejectReady: (error: RpcError) => void = () => {};

  constructor(options: ClientConnectionOptions) {
    super(options.socket, options.limits);
    this.#request = new RequestWriter(
      this.encoder,
      options.scheme,
      options.authority,
      options.userAgent,
    );
    this.#head = new ResponseHead(options.limits);
    this.#onTooManyPings = options.onTooManyPings;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Who dials may have given up before anybody waits for it.
    this.ready.catch(() => {});
    this.writer.raw(prefaceBytes);
    this.sendSettings([setting.enablePush, 0]);
  }

  get acceptsCalls(): boolean {
    return this.state === 'open';
  }

  override get openCalls(): number {
    return this.streams.size + this.#queued.size;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const stream = new ClientStream(this, method.path, options, sink);
    const refusal = this.#refusal(method, options);
    if (refusal !== undefined) stream.refuse(refusal);
    else if (this.streams.size < this.#maxStreams) this.#begin(stream);
    else this.#queued.add(stream);
    return stream;
  }

  async close(): Promise<void> {
    this.drain('the client is closing');
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  override drain(_reason: string): void {
    if (this.state !== 'open') return;
    this.state = 'draining';
    this.closeIfDone();
  }

  override forget(stream: ClientStream): void {
    this.#queued.delete(stream);
    super.forget(stream);
    if (this.#queued.size > 0) this.#beginQueued();
  }

  protected override get lastPeerStream(): number {
    return 0;
  }

  protected override get advice(): string {
    return notHttp2;
  }

  protected override get mayClose(): boolean {
    return this.openCalls === 0;
  }

  protected override isIdle(stream: number): boolean {
    return stream % 2 === 0 || stream >= this.#nextStream;
  }

  protected override skipPreface(): number {
    return 0;
  }

  override receiveHeaders(
    stream: number,
    endsStream: boolean,
    block: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#head.reset();
    this.decode(block, start, end, this.#head);
    const open = this.streamOfHeaders(stream) as ClientStream | undefined;
    open?.onHead(this.#head, endsStream);
  }

  override receiveGoaway(lastStream: number, code: number, message: string): void {
    const text = message === '' ? '' : ` (${message.slice(0, 256)})`;
    const reason = `the server is closing the connection: ${errorName(code)}${text}`;
    // Who may not connect at all need not try again.
    const isForbidden = code === errorCode.inadequateSecurity;
    this.#goaway = markRefused(
      new RpcError(isForbidden ? 'permission_denied' : 'unavailable', reason, {
        retryable: !isForbidden,
      }),
    );
    if (this.state === 'open') this.state = 'draining';
    if (code === errorCode.enhanceYourCalm && message === 'too_many_pings')
      this.#onTooManyPings?.();
    for (const stream of [...this.#queued]) stream.broken(this.#goaway);
    // What the server has not seen may be sent again (RFC 9113, 6.8).
    for (const stream of [...this.streams.values()]) {
      if (stream.id > lastStream) stream.broken(this.#goaway);
    }
    this.closeIfDone();
  }

  protected override onSettings(isFirst: boolean): void {
    if (isFirst) this.#resolveReady();
    this.#beginQueued();
  }

  protected override onReset(): void {}

  protected override onPong(): void {}

  protected override onClosed(): void {}

  protected override onBroken(error: RpcError): void {
    this.#rejectReady(error);
    for (const stream of [...this.#queued]) stream.broken(neverBegan(error));
  }

  /** How many calls may be open at once. */
  get #maxStreams(): number {
    return Math.min(this.limits.maxStreams, this.peerSettings.maxStreams);
  }

  #begin(stream: ClientStream): void {
    const id = this.#nextStream;
    this.#nextStream += 2;
    this.streams.set(id, stream);
    this.writer.beginHeaders(id, 0);
    this.#request.write(this.writer.queue, stream.path, stream.options);
    this.writer.endHeaders();
    if (id >= lastStream) this.drain('no stream number is left');
    stream.begin(id);
  }

  #beginQueued(): void {
    if (this.state !== 'open' && this.state !== 'draining') return;
    for (const stream of this.#queued) {
      if (this.streams.size >= this.#maxStreams) return;
      this.#queued.delete(stream);
      this.#begin(stream);
    }
  }

  /** Why no call can be opened now; undefined: it can. */
  #refusal(method: MethodInfo, { metadata }: OpenOptions): RpcError | undefined {
    const { address } = this.socket;
    if (this.state !== 'open') {
      if (this.#goaway !== undefined) return this.#goaway;
      const message = `the connection to ${address} is closing`;
      return new RpcError('unavailable', message, { retryable: true });
    }
    const { maxQueuedCalls, maxMetadataBytes } = this.limits;
    if (this.#queued.size >= maxQueuedCalls && this.streams.size >= this.#maxStreams) {
      const message = `${this.#queued.size} calls wait for a free place on the connection to ${address}, the limit maxQueuedCalls; call again later`;
      return new RpcError('resource_exhausted', message, { retryable: true });
    }
    if (metadata.size > 0) {
      const limit = Math.min(maxMetadataBytes, this.peerSettings.maxHeaderListBytes);
      if (metadata.byteLength > limit) {
        const message = `the call has ${metadata.byteLength} bytes of metadata, more than ${limit}, the limit maxMetadataBytes of one of the two sides`;
        return new RpcError('resource_exhausted', message);
      }
    }
    if (!sendablePath.test(method.path)) {
      const path = JSON.stringify(method.path.slice(0, 64));
      return new RpcError('invalid_argument', `the path ${path} cannot be sent: it must be ASCII`);
    }
    return undefined;
  }
}

const notHttp2 =
  ". A server with TLS is reached by https:, one of zrpc's own frames by connectUnix (zrpc --uds)";
const prefaceBytes = new TextEncoder().encode(clientPreface);
const sendablePath = /^\/[\x21-\x7e]*$/;

/** The last number of a client's stream before the connection has to be replaced. */
const lastStream = max31Bits - 2;
