import {
  type ClientCall,
  type ClientSink,
  type OpenOptions,
  okTrailer,
  type Peer,
} from '../core/call.ts';
import type { Connection } from '../core/connection.ts';
import { FailedCall } from '../core/failed-call.ts';
import type { RpcLimits } from '../core/limits.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import { neverBegan } from '../core/refused.ts';
import { monotonicNow } from '../core/timer-wheel.ts';
import { RpcError } from '../rpc-error.ts';
import { ConnectionTimer } from './connection-timer.ts';
import { decompressed } from './decompressed.ts';
import { frameFlag, frameType } from './frame.ts';
import type { FrameConnectionOptions } from './frame-connection-options.ts';
import { FrameOutput } from './frame-output.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { type FrameStream, IncomingCall, messageCost, OutgoingCall } from './frame-stream.ts';
import type { FrameLink } from './frame-writer.ts';
import { firstLane } from './lanes.ts';
import { OutgoingCalls } from './outgoing-calls.ts';
import {
  PayloadReader,
  type PeerSettings,
  readPath,
  readReason,
  readSettings,
  readTrailer,
} from './payload.ts';
import {
  connectionClosed,
  connectionClosing,
  deaf,
  goneAway,
  messageTooLong,
  metadataTooLarge,
  unbegun,
} from './refusals.ts';

/** Used within one call of one function at a time, by all connections. */
const reader = new PayloadReader();

/**
 * A connection that speaks zrpc's own frames (`frame.ts`) over any link; each side may open calls.
 * The owner of the link gives it `receive` and `linkClosed`.
 */
export class FrameConnection implements Connection, FrameSink {
  readonly limits: RpcLimits;
  readonly peer: Peer;
  /** Told once, when nothing of the connection is left. */
  onClosed: ((connection: FrameConnection) => void) | undefined;
  /** For this connection's streams only. */
  readonly output: FrameOutput;
  peerStreamWindowBytes = 65_536;
  /** Messages that wait for credit, of all streams, in bytes. */
  unsentBytes = 0;
  readonly #options: FrameConnectionOptions;
  readonly #link: FrameLink;
  readonly #reader: FrameReader;
  readonly #timer: ConnectionTimer;
  // What not every connection needs is made when it does: a listener has ten thousand of them.
  #outgoing: OutgoingCalls | undefined;
  #incoming: Map<number, IncomingCall> | undefined;
  /** Streams that were told to wait for room. */
  #waiting: Set<FrameStream> | undefined;
  #paths: (string | undefined)[] | undefined;
  #closed: PromiseWithResolvers<RpcError | undefined> | undefined;
  #peerSettings: PeerSettings | undefined;
  #lastPeerStream = 0;
  #runningHandlers = 0;
  #sendCredit = 65_536;
  #received = 0;
  #read = 0;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #fault: RpcError | undefined;
  /** Why this side is draining, until the peer is told. */
  #farewell: RpcError | undefined;

  constructor(options: FrameConnectionOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.#link = options.link;
    this.peer = { ...options.peer, callback: this };
    const { link, limits, compressor, lanes } = options;
    this.output = new FrameOutput(link, limits, compressor, lanes);
    // Frames that are no messages may be longer than a message may.
    this.#reader = new FrameReader(this, Math.max(options.limits.maxMessageBytes, 65_536));
    this.output.settings();
    this.#timer = new ConnectionTimer(this, options.limits);
  }

  get closed(): Promise<RpcError | undefined> {
    if (this.#closed === undefined) {
      this.#closed = Promise.withResolvers();
      if (this.#state === 'closed') this.#closed.resolve(this.#fault);
    }
    return this.#closed.promise;
  }

  get acceptsCalls(): boolean {
    return this.#state === 'open';
  }

  get openCalls(): number {
    const outgoing = this.#outgoing;
    const opened = outgoing === undefined ? 0 : outgoing.open.size + outgoing.waiting;
    return opened + (this.#incoming?.size ?? 0);
  }

  /** The peer's SETTINGS have come. */
  get isReady(): boolean {
    return this.#peerSettings !== undefined;
  }

  /** More waits to be sent than the limit allows. */
  get isFlooded(): boolean {
    return this.unsentBytes + this.output.queuedBytes > this.limits.maxQueuedBytes;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const refusal = this.#refusal(options.metadata);
    if (refusal !== undefined) return new FailedCall(sink, refusal);
    this.#outgoing ??= new OutgoingCalls(this, this.#options, this.#peerSettings);
    return this.#outgoing.begin(method, options, sink);
  }

  async close(): Promise<void> {
    this.drain(new RpcError('unavailable', 'the peer is closing the connection'));
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Opens and accepts no further call; closes when the last one has ended. */
  drain(reason: RpcError): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#farewell = reason;
    // A client has to stop at once; calls to it that wait are not worth the time.
    if (this.#options.side === 'server') this.#outgoing?.failWaiting(connectionClosing(this.peer));
    for (const call of [...(this.#incoming?.values() ?? [])]) call.draining();
    this.queueShrank();
  }

  /** A call that waited has begun, or was given up. */
  queueShrank(): void {
    if (this.#state === 'draining') this.#sayFarewell();
    this.#closeWhenIdle();
  }

  /** Ends every call and the connection, at once. */
  abort(error: RpcError): void {
    if (this.#state === 'closed') return;
    this.linkClosed(error);
    this.#link.destroy();
  }

  /** Bytes have come from the link; they are given away. */
  receive(chunk: Uint8Array): void {
    this.#timer.heard = true;
    this.#options.onActivity?.();
    this.#reader.push(chunk);
  }

  /** The link has taken what was queued. */
  linkDrained(): void {
    this.#roomAgain();
  }

  /** The link is gone. */
  linkClosed(error?: RpcError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#timer.stop();
    this.#reader.stop();
    this.output.stop();
    this.#fault ??= error;
    const reason = this.#fault ?? connectionClosed(this.peer, this.isReady);
    this.#outgoing?.failWaiting(neverBegan(reason));
    for (const call of [...(this.#outgoing?.open.values() ?? [])]) {
      call.end({ error: reason, metadata: Metadata.empty });
    }
    for (const call of [...(this.#incoming?.values() ?? [])]) call.cancelled(reason);
    this.#closed?.resolve(this.#fault);
    this.onClosed?.(this);
  }

  onFrame(
    type: number,
    stream: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.#peerSettings === undefined && type !== frameType.settings) {
      this.#protocolFault(new RpcError('internal', 'the peer did not begin with SETTINGS'));
      return;
    }
    try {
      if (type === frameType.message) this.#onMessage(stream, flags, bytes, start, end);
      else this.#onControl(type, stream, flags, reader.reset(bytes, start, end));
    } catch (error) {
      this.#protocolFault(RpcError.from(error));
    }
  }

  onOversized(type: number, stream: number, length: number): void {
    const what = type === frameType.message ? `a message on stream ${stream}` : `a frame`;
    this.#protocolFault(
      new RpcError(
        'resource_exhausted',
        `${what} has ${length} bytes, more than ${this.limits.maxMessageBytes}, the limit maxMessageBytes`,
      ),
    );
  }

  #onControl(type: number, stream: number, flags: number, payload: PayloadReader): void {
    if (type === frameType.header) this.#onHeader(stream, flags, payload);
    else if (type === frameType.end) this.#onEnd(stream, flags, payload);
    else if (type === frameType.credit) this.#onCredit(stream, payload.u32());
    else if (type === frameType.cancel) {
      this.#incoming?.get(stream)?.cancelled(readReason(payload));
    } else if (type === frameType.ping) this.#onPing(flags, payload);
    else if (type === frameType.goaway) this.#onGoaway(payload.u32(), readReason(payload));
    else if (type === frameType.settings) this.#onSettings(readSettings(payload));
    else throw new RpcError('internal', `the peer sent a frame of unknown type ${type}`);
  }

  #onSettings(settings: PeerSettings): void {
    if (this.#peerSettings !== undefined) throw new RpcError('internal', 'SETTINGS came twice');
    if (this.#options.refusal !== undefined) throw this.#options.refusal;
    this.#peerSettings = settings;
    const more = settings.streamWindowBytes - this.peerStreamWindowBytes;
    this.peerStreamWindowBytes = settings.streamWindowBytes;
    this.#sendCredit += settings.connectionWindowBytes - 65_536;
    for (const call of this.#outgoing?.open.values() ?? []) call.sendCredit += more;
    this.#timer.start();
    this.#roomAgain();
    this.#outgoing?.limitTo(settings.maxStreams);
  }

  #onHeader(stream: number, flags: number, payload: PayloadReader): void {
    if (this.#isOwn(stream)) {
      this.#outgoing?.open.get(stream)?.header(payload.pairs(this.limits));
      return;
    }
    const again = stream >= firstLane && this.#incoming?.has(stream);
    if (stream <= this.#lastPeerStream || again) {
      throw new RpcError('internal', `stream ${stream} was opened twice, or out of order`);
    }
    if (stream < firstLane) this.#lastPeerStream = stream;
    this.#paths ??= [];
    const path = readPath(payload, (flags & frameFlag.path) !== 0, this.#paths);
    const timeoutMs = payload.varint();
    let metadata: Metadata;
    try {
      metadata = payload.pairs(this.limits);
    } catch (error) {
      this.#refuse(stream, RpcError.from(error), 0);
      return;
    }
    this.#accept(stream, flags, path, metadata, timeoutMs);
  }

  #accept(
    stream: number,
    flags: number,
    path: string,
    metadata: Metadata,
    timeoutMs: number,
  ): void {
    if (this.#state !== 'open') {
      const closing = new RpcError('unavailable', 'the server is shutting down');
      this.#refuse(stream, closing, frameFlag.refused);
      return;
    }
    // A refusal, too, is an answer that would have to be kept.
    if (this.output.queuedBytes > this.limits.maxQueuedBytes) {
      this.abort(deaf('opens calls'));
      return;
    }
    this.#incoming ??= new Map();
    const running = Math.max(this.#runningHandlers, this.#incoming.size);
    if (running >= this.limits.maxStreams) {
      const message = `${running} calls are open on this connection, the limit maxStreams`;
      this.#refuse(stream, new RpcError('resource_exhausted', message), frameFlag.refused);
      return;
    }
    const deadlineAt = timeoutMs === 0 ? Number.POSITIVE_INFINITY : monotonicNow() + timeoutMs;
    const call = new IncomingCall(this, stream, path, metadata, deadlineAt);
    if ((flags & frameFlag.wantsGzip) !== 0) call.compression = 'gzip';
    else if ((flags & frameFlag.wantsZstd) !== 0) call.compression = 'zstd';
    this.#incoming.set(stream, call);
    this.#runningHandlers++;
    if (this.#options.handler === undefined) {
      const error = new RpcError('unimplemented', 'this side of the connection serves no methods');
      call.sendEnd({ error, metadata: Metadata.empty });
      return;
    }
    try {
      this.#options.handler(call);
    } catch (reason) {
      call.threw(reason);
    }
  }

  #refuse(stream: number, error: RpcError, flags: number): void {
    this.output.trailer(stream, { error, metadata: Metadata.empty }, flags);
  }

  #onMessage(stream: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
    const tooLong = messageTooLong(end - start, this.limits, undefined);
    if (tooLong !== undefined) throw tooLong;
    const cost = messageCost(end - start);
    this.#received += cost;
    if (this.#received > this.limits.connectionWindowBytes + this.#oneMessage) {
      throw new RpcError('resource_exhausted', 'the peer sent more than the credit it was given');
    }
    const call = this.#outgoing?.open.get(stream) ?? this.#incoming?.get(stream);
    if (call === undefined) {
      if (this.#isIdle(stream)) throw new RpcError('internal', `no stream ${stream} is open`);
      this.consumed(cost);
      return;
    }
    if (call.received + cost > call.windowBytes + this.#oneMessage) {
      throw new RpcError('resource_exhausted', 'the peer sent more than the credit it was given');
    }
    const message = decompressed(call, flags, bytes.subarray(start, end), this.#options);
    if (message === undefined) {
      this.consumed(cost);
      return;
    }
    call.receive(message, cost, (flags & (frameFlag.gzip | frameFlag.zstd)) !== 0);
    if ((flags & frameFlag.last) === 0) return;
    if (call instanceof OutgoingCall) call.receiveEnd(() => call.end(okTrailer));
    else call.receiveEnd(() => call.halfClose());
  }

  #onEnd(stream: number, flags: number, payload: PayloadReader): void {
    const incoming = this.#incoming?.get(stream);
    if (incoming !== undefined) {
      incoming.receiveEnd(() => incoming.halfClose());
      return;
    }
    const call = this.#outgoing?.open.get(stream);
    if (call === undefined) {
      if (this.#isIdle(stream)) throw new RpcError('internal', `no stream ${stream} is open`);
      return;
    }
    const trailer = readTrailer(payload, flags, this.limits);
    if (trailer.error === undefined) call.receiveEnd(() => call.end(trailer));
    else call.end(trailer);
  }

  #onCredit(stream: number, bytes: number): void {
    if (stream === 0) {
      this.#sendCredit = Math.min(this.#sendCredit + bytes, 0xffffffff);
      this.#roomAgain();
      return;
    }
    const call = this.#outgoing?.open.get(stream) ?? this.#incoming?.get(stream);
    if (call === undefined) return;
    call.sendCredit = Math.min(call.sendCredit + bytes, 0xffffffff);
    if (call.wantsRoom) call.flush();
  }

  #onPing(flags: number, payload: PayloadReader): void {
    if (payload.left !== 8) throw new RpcError('internal', 'a PING does not have 8 bytes');
    if ((flags & frameFlag.ack) !== 0) return;
    this.output.pong(payload.u32(), payload.u32());
    if (this.isFlooded) this.abort(deaf('pings'));
  }

  #onGoaway(last: number, reason: RpcError): void {
    if (this.#state === 'open') this.#state = 'draining';
    this.#outgoing?.failWaiting(goneAway(reason));
    for (const call of [...(this.#outgoing?.open.values() ?? [])]) {
      if (call.id <= last || call.id >= firstLane) continue;
      call.end({ error: goneAway(reason), metadata: Metadata.empty });
    }
    this.#closeWhenIdle();
  }

  /** Never opened, by either side. */
  #isIdle(stream: number): boolean {
    if (stream >= firstLane) return false;
    return this.#isOwn(stream)
      ? stream >= (this.#outgoing?.nextStream ?? 0)
      : stream > this.#lastPeerStream;
  }

  /** Of the numbers that this side gives. */
  #isOwn(stream: number): boolean {
    return (stream % 2 === 1) === (this.#options.side === 'client');
  }

  get #oneMessage(): number {
    return messageCost(this.limits.maxMessageBytes);
  }

  /** Why no call can be opened now; undefined: it can. */
  #refusal(metadata: Metadata): RpcError | undefined {
    if (this.#state !== 'open') return connectionClosing(this.peer);
    if (metadata.size > 0 && metadata.byteLength > this.limits.maxMetadataBytes) {
      return metadataTooLarge(metadata, this.limits);
    }
    return undefined;
  }

  /** Both credits allow a message, and the link takes more. */
  maySend(stream: FrameStream): boolean {
    return stream.sendCredit > 0 && this.#sendCredit > 0 && this.#link.queuedBytes === 0;
  }

  awaitRoom(stream: FrameStream): void {
    stream.wantsRoom = true;
    this.#waiting ??= new Set();
    this.#waiting.add(stream);
  }

  tooLong(length: number): RpcError | undefined {
    return messageTooLong(length, this.limits, this.#peerSettings);
  }

  writeMessage(stream: FrameStream, bytes: Uint8Array, compress: boolean | undefined): void {
    const length = this.output.message(stream.id, bytes, stream.compression, compress);
    const cost = messageCost(length);
    stream.sendCredit -= cost;
    this.#sendCredit -= cost;
  }

  ping(): void {
    this.output.ping();
  }

  /** A message was read, or dropped. */
  consumed(cost: number): void {
    this.#read += cost;
    if (this.#read * 2 < this.limits.connectionWindowBytes) return;
    this.#received -= this.#read;
    this.output.credit(0, this.#read);
    this.#read = 0;
  }

  forget(stream: FrameStream): void {
    this.#waiting?.delete(stream);
    this.#options.lanes?.release(stream.id);
    if (stream instanceof OutgoingCall) this.#outgoing?.forget(stream);
    else this.#incoming?.delete(stream.id);
    if (this.#state === 'draining') this.#sayFarewell();
    if (this.openCalls > 0) return;
    this.#timer.idleSince = monotonicNow();
    if (this.#state === 'draining') this.#closeWhenIdle();
  }

  handlerEnded(): void {
    this.#runningHandlers--;
  }

  #roomAgain(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#sendCredit <= 0 || this.#link.queuedBytes > 0) return;
    for (const stream of [...waiting]) {
      waiting.delete(stream);
      stream.flush();
    }
  }

  /** The peer takes no call after GOAWAY, so those that wait come first. */
  #sayFarewell(): void {
    if (this.#farewell === undefined || (this.#outgoing?.waiting ?? 0) > 0) return;
    this.output.goaway(this.#lastPeerStream, this.#farewell);
    this.#farewell = undefined;
  }

  #closeWhenIdle(): void {
    if (this.openCalls > 0 || this.#state !== 'draining') return;
    this.output.flush();
    this.#link.end();
  }

  #protocolFault(error: RpcError): void {
    if (this.#state === 'closed') return;
    this.#fault = this.isReady ? error : unbegun(this.peer, error, this.#options.refusal);
    this.#reader.stop();
    this.output.goaway(this.#lastPeerStream, error);
    this.output.flush();
    this.#link.end();
    this.linkClosed(error);
  }
}
