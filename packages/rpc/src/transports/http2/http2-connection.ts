import { monotonicNow } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import type { ByteSocket, SocketHandler } from '../../sockets/socket.ts';
import { ConnectionFault } from './connection-fault.ts';
import { ConnectionTimer } from './connection-timer.ts';
import { DataSender } from './data-sender.ts';
import { FloodGuard } from './flood-guard.ts';
import { defaultWindowBytes, errorCode, frameFlag, max31Bits, setting } from './frame.ts';
import { closedStream, FrameChecker, type FrameReceiver, protocolError } from './frame-checker.ts';
import { FrameParser } from './frame-parser.ts';
import { FrameWriter } from './frame-writer.ts';
import { CompressionFault } from './hpack/compression-fault.ts';
import { type HeaderSink, HpackDecoder } from './hpack/decoder.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import type { Http2Limits } from './http2-limits.ts';
import type { Http2Stream } from './http2-stream.ts';
import { noSettings, type PeerSettings, readSettings } from './peer-settings.ts';
import { ResetStreams } from './reset-streams.ts';

/**
 * One HTTP/2 connection that carries gRPC (RFC 9113): streams, flow control, settings, pings, the
 * end. What differs between client and server is in the two subclasses.
 */
export abstract class Http2Connection implements SocketHandler, FrameReceiver {
  readonly limits: Http2Limits;
  readonly writer: FrameWriter;
  readonly sender: DataSender;
  readonly encoder: HpackEncoder = new HpackEncoder();
  /** The peer's SETTINGS_INITIAL_WINDOW_SIZE: what a new stream may send. */
  initialSendWindow: number = defaultWindowBytes;
  /** What a new stream may receive: ours is not in force before the peer has acknowledged it. */
  initialReceiveWindow: number;
  /** Bytes of messages that are not whole, of all streams. */
  partialBytes = 0;
  /** How long a frame takes to be answered, in milliseconds; 0 as long as that is not known. */
  roundTripMs = 0;
  protected readonly socket: ByteSocket;
  protected readonly guard: FloodGuard;
  protected readonly timer: ConnectionTimer;
  protected readonly streams: Map<number, Http2Stream> = new Map();
  protected peerSettings: PeerSettings = noSettings;
  protected state: 'open' | 'draining' | 'closing' | 'closed' = 'open';
  #resetStreams: ResetStreams | undefined;
  readonly #parser: FrameParser;
  readonly #decoder = new HpackDecoder();
  #receiveWindow: number;
  #read = 0;
  #settingsSentAt = 0;
  #fault: RpcError | undefined;
  #closed: PromiseWithResolvers<RpcError | undefined> | undefined;

  protected constructor(socket: ByteSocket, limits: Http2Limits) {
    this.socket = socket;
    this.limits = limits;
    this.writer = new FrameWriter(socket);
    this.guard = new FloodGuard(limits);
    this.sender = new DataSender(this.writer, this.guard);
    this.timer = new ConnectionTimer(this, limits);
    this.#parser = new FrameParser(new FrameChecker(this, this.guard, limits), maxFrameBytes);
    this.initialReceiveWindow = Math.max(limits.streamWindowBytes, defaultWindowBytes);
    this.#receiveWindow = Math.max(limits.connectionWindowBytes, defaultWindowBytes);
  }

  /** How many bytes of the chunk do not belong to a frame: the client's preface. */
  protected abstract skipPreface(chunk: Uint8Array): number;
  /** The peer's settings have changed; at the first time the connection is ready. */
  protected abstract onSettings(isFirst: boolean): void;
  /** A stream was reset, by the peer or for the peer's fault. */
  protected abstract onReset(): void;
  /** Whether nobody has opened this stream yet. */
  protected abstract isIdle(stream: number): boolean;
  /** The highest stream that the peer opened, for GOAWAY. */
  protected abstract get lastPeerStream(): number;
  /** No call is open and none will be: the connection may be closed. */
  protected abstract get mayClose(): boolean;
  /** A PING of ours was answered. */
  protected abstract onPong(): void;
  /** The connection is of no use any more. */
  protected abstract onBroken(error: RpcError): void;
  /** The socket is closed. */
  protected abstract onClosed(): void;
  /** Refuses new calls and closes when the open ones have ended. */
  abstract drain(reason: string): void;
  abstract get openCalls(): number;
  /** What to look at when the peer does not begin as HTTP/2 does; after a message. */
  protected abstract get advice(): string;
  /** A header block, which must be decoded whatever becomes of it. */
  abstract receiveHeaders(
    stream: number,
    endsStream: boolean,
    block: Uint8Array,
    start: number,
    end: number,
  ): void;
  abstract receiveGoaway(lastStream: number, code: number, message: string): void;

  /** Settles once the socket is closed. The error says why; undefined: in order. */
  get closed(): Promise<RpcError | undefined> {
    // Made when somebody asks: ten thousand connections of a server need none.
    if (this.#closed === undefined) {
      this.#closed = Promise.withResolvers();
      if (this.state === 'closed') this.#closed.resolve(this.#fault);
    }
    return this.#closed.promise;
  }

  get isReady(): boolean {
    return this.peerSettings !== noSettings;
  }

  /** More waits to be sent than the limit allows. */
  get isFlooded(): boolean {
    return this.sender.unsentBytes + this.writer.queuedBytes > this.limits.maxQueuedBytes;
  }

  onData(bytes: Uint8Array): void {
    if (this.state === 'closed' || this.state === 'closing') return;
    this.timer.heard = true;
    try {
      this.#parser.push(bytes, this.skipPreface(bytes));
    } catch (error) {
      this.#onThrown(error);
    }
  }

  onDrain(): void {
    this.writer.drained();
    this.sender.flushAll();
  }

  onClose(cause?: Error): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.timer.stop();
    this.#parser.stop();
    this.writer.stop();
    const { address } = this.socket;
    if (cause !== undefined && this.#fault === undefined) {
      const advice = this.isReady ? '' : this.advice;
      this.#fault = unavailable(`the connection to ${address} broke${advice}`, cause);
    }
    this.#break(this.#fault ?? this.#closedFault());
    this.onClosed();
    this.#closed?.resolve(this.#fault);
  }

  /** Ends every call and the connection, at once. */
  abort(error: RpcError): void {
    if (this.state === 'closed') return;
    this.state = 'closing';
    this.#fault ??= error;
    this.#parser.stop();
    this.#break(this.#fault);
    this.socket.destroy();
  }

  /** Ends the connection for a fault of the peer, which is told so. */
  fail(fault: ConnectionFault): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    this.#fault ??= this.#errorOf(fault);
    this.writer.goaway(this.lastPeerStream, fault.code, fault.message);
    this.closeSocket();
    this.#break(this.#fault);
  }

  sendPing(): void {
    this.writer.ping(0, pingPayload);
  }

  /** Bytes of DATA have been read, or dropped: the peer may send as many again. */
  credit(bytes: number): void {
    this.#read += bytes;
    if (this.#read * 2 < this.limits.connectionWindowBytes || this.state === 'closed') return;
    this.writer.windowUpdate(0, this.#read);
    this.#receiveWindow += this.#read;
    this.#read = 0;
  }

  /** The stream is over. */
  forget(stream: Http2Stream): void {
    this.streams.delete(stream.id);
    this.timer.wasBusy = true;
    if (this.state !== 'open') this.closeIfDone();
  }

  /** Resets a stream; frames that are on their way for it are ignored. */
  reset(stream: number, code: number): void {
    this.#resetStreams ??= new ResetStreams();
    this.#resetStreams.add(stream);
    this.writer.resetStream(stream, code);
  }

  receiveData(
    streamNumber: number,
    isLast: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    flowBytes: number,
  ): void {
    this.#receiveWindow -= flowBytes;
    if (this.#receiveWindow < 0) throw windowFault('DATA is beyond the connection window');
    const stream = this.streams.get(streamNumber);
    if (stream === undefined) {
      if (this.isIdle(streamNumber)) throw protocolError('DATA on a stream that is not open');
      this.credit(flowBytes);
      if (!this.isResetLately(streamNumber)) {
        this.reset(streamNumber, errorCode.streamClosed);
        this.onReset();
      }
      return;
    }
    stream.receiveWindow -= flowBytes;
    if (stream.remoteEnded || stream.receiveWindow < 0) {
      this.credit(flowBytes);
      if (stream.remoteEnded) this.failStream(stream, errorCode.streamClosed, 'DATA after its end');
      else this.failStream(stream, errorCode.flowControlError, 'DATA beyond its window');
      return;
    }
    if (stream.contentLeft >= 0 && !this.#isWithinLength(stream, end - start, isLast)) {
      this.credit(flowBytes);
      return;
    }
    if (flowBytes > end - start) {
      // Padding is given back at once: nobody reads it.
      const padding = flowBytes - (end - start);
      this.credit(padding);
      stream.receiveWindow += padding;
      this.writer.windowUpdate(streamNumber, padding);
    }
    stream.receive(bytes, start, end, isLast);
  }

  receiveReset(streamNumber: number, code: number): void {
    const stream = this.streams.get(streamNumber);
    if (stream !== undefined) {
      stream.onPeerReset(code);
      this.onReset();
    } else if (streamNumber === 0 || this.isIdle(streamNumber)) {
      throw protocolError('RST_STREAM for a stream that is not open');
    } else this.guard.idleFrame();
  }

  receiveSettings(bytes: Uint8Array, start: number, end: number): void {
    const isFirst = !this.isReady;
    this.peerSettings = readSettings(this.peerSettings, bytes, start, end);
    this.writer.settingsAck();
    this.encoder.setMaxTableBytes(this.peerSettings.headerTableBytes);
    this.writer.maxFrameBytes = this.peerSettings.maxFrameBytes;
    this.#setInitialSendWindow(this.peerSettings.initialWindowBytes);
    this.#boundAnswers();
    if (isFirst) this.timer.start();
    this.onSettings(isFirst);
  }

  receiveSettingsAck(): void {
    this.roundTripMs = monotonicNow() - this.#settingsSentAt;
    const less = this.initialReceiveWindow - this.limits.streamWindowBytes;
    if (less === 0) return;
    this.initialReceiveWindow -= less;
    for (const stream of this.streams.values()) stream.receiveWindow -= less;
  }

  receivePing(bytes: Uint8Array, start: number): void {
    this.writer.ping(frameFlag.ack, bytes, start);
    this.#boundAnswers();
  }

  receivePong(): void {
    this.timer.answered();
    this.onPong();
  }

  receiveWindowUpdate(streamNumber: number, more: number): void {
    if (streamNumber === 0) {
      if (more === 0) throw protocolError('WINDOW_UPDATE by nothing');
      this.sender.window += more;
      if (this.sender.window > max31Bits) throw windowFault('the connection window is too large');
      this.sender.flushAll();
      return;
    }
    const stream = this.streams.get(streamNumber);
    if (stream === undefined) {
      if (this.isIdle(streamNumber)) throw protocolError('WINDOW_UPDATE for no stream');
    } else if (more === 0) {
      this.failStream(stream, errorCode.protocolError, 'WINDOW_UPDATE by nothing');
    } else if (stream.sendWindow + more > max31Bits) {
      this.failStream(stream, errorCode.flowControlError, 'its window is too large');
    } else {
      stream.sendWindow += more;
      this.sender.flush(stream);
    }
  }

  /**
   * Decodes a header block.
   * @throws ConnectionFault COMPRESSION_ERROR.
   */
  protected decode(block: Uint8Array, start: number, end: number, sink: HeaderSink): void {
    try {
      this.#decoder.decode(block, start, end, sink);
    } catch (error) {
      if (!(error instanceof CompressionFault)) throw error;
      throw new ConnectionFault(errorCode.compressionError, error.message);
    }
  }

  /** The stream that a decoded header block is for; undefined where nobody waits for it any more. */
  protected streamOfHeaders(streamNumber: number): Http2Stream | undefined {
    const stream = this.streams.get(streamNumber);
    if (stream?.remoteEnded) {
      this.failStream(stream, errorCode.streamClosed, 'HEADERS after its end');
      return undefined;
    }
    if (stream === undefined) {
      if (this.isIdle(streamNumber)) throw protocolError('HEADERS on a stream that is not open');
      if (!this.isResetLately(streamNumber)) throw closedStream(streamNumber);
    }
    return stream;
  }

  /** What this side says first, after a client's preface. */
  protected sendSettings(first: readonly [id: number, value: number]): void {
    const { streamWindowBytes, connectionWindowBytes, maxMetadataBytes, maxReservedHeaderBytes } =
      this.limits;
    this.writer.settings([
      first,
      [setting.initialWindowSize, streamWindowBytes],
      [setting.maxFrameSize, maxFrameBytes],
      [setting.maxHeaderListSize, maxMetadataBytes + maxReservedHeaderBytes],
    ]);
    if (connectionWindowBytes > defaultWindowBytes) {
      this.writer.windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
    }
    this.#settingsSentAt = monotonicNow();
  }

  /** Sends what is written, then closes the socket. */
  protected closeSocket(): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    this.state = 'closing';
    this.#parser.stop();
    this.writer.stop();
    this.timer.closing();
    this.socket.end();
  }

  protected closeIfDone(): void {
    if (this.state === 'draining' && this.mayClose) this.closeSocket();
  }

  /** A stream whose frames break a rule ends; the connection goes on. */
  protected failStream(stream: Http2Stream, code: number, what: string): void {
    this.reset(stream.id, code);
    stream.broken(new RpcError('internal', `stream ${stream.id} broke a rule of HTTP/2: ${what}`));
    this.onReset();
  }

  /** Whether frames for this stream may be on their way without a fault of the peer. */
  protected isResetLately(stream: number): boolean {
    return this.#resetStreams?.has(stream) === true;
  }

  #onThrown(error: unknown): void {
    if (error instanceof ConnectionFault) {
      this.fail(error);
      return;
    }
    this.#fault ??= RpcError.from(error);
    this.fail(new ConnectionFault(errorCode.internalError, 'an unexpected failure of this side'));
  }

  /** A message of another length than it says is malformed (RFC 9113, 8.1.1). */
  #isWithinLength(stream: Http2Stream, bytes: number, isLast: boolean): boolean {
    stream.contentLeft -= bytes;
    if (stream.contentLeft >= 0 && (!isLast || stream.contentLeft === 0)) return true;
    this.failStream(stream, errorCode.protocolError, 'DATA of another length than content-length');
    return false;
  }

  #errorOf(fault: ConnectionFault): RpcError {
    const { address } = this.socket;
    if (!this.isReady) {
      const message = `${address} does not speak HTTP/2 with prior knowledge: ${fault.message}${this.advice}`;
      return new RpcError('unavailable', message, { cause: fault });
    }
    const code = fault.code === errorCode.enhanceYourCalm ? 'resource_exhausted' : 'internal';
    const message = `the HTTP/2 connection to ${address} failed: ${fault.message}`;
    return new RpcError(code, message, { cause: fault });
  }

  #closedFault(): RpcError {
    const advice = this.isReady ? '' : ` before the server said anything${this.advice}`;
    return unavailable(`the connection to ${this.socket.address} was closed${advice}`);
  }

  #break(error: RpcError): void {
    for (const stream of [...this.streams.values()]) stream.broken(error);
    this.onBroken(error);
  }

  #setInitialSendWindow(bytes: number): void {
    const more = bytes - this.initialSendWindow;
    if (more === 0) return;
    this.initialSendWindow = bytes;
    for (const stream of [...this.streams.values()]) {
      stream.sendWindow += more;
      if (stream.sendWindow > max31Bits) throw windowFault('SETTINGS make a window too large');
      if (more > 0) this.sender.flush(stream);
    }
  }

  /** A peer that asks and does not read the answers must not fill the memory. */
  #boundAnswers(): void {
    if (!this.writer.isBlocked || !this.isFlooded) return;
    const message = `the peer at ${this.socket.address} does not read the answers to its frames`;
    this.abort(new RpcError('resource_exhausted', message));
  }
}

/** The SETTINGS_MAX_FRAME_SIZE of this side: a message of 64 KiB fits whole. */
const maxFrameBytes = 256 * 1024;

const pingPayload = new Uint8Array(8);

function windowFault(message: string): ConnectionFault {
  return new ConnectionFault(errorCode.flowControlError, message);
}

function unavailable(message: string, cause?: Error): RpcError {
  return new RpcError('unavailable', message, { cause, retryable: true });
}
