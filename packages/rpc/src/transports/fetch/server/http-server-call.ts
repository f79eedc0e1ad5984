import { compressionThresholdBytes } from '../../../compression/compressor.ts';
import type { Peer, ServerCall, ServerSink, Trailer } from '../../../core/call.ts';
import type { RpcLimits } from '../../../core/limits.ts';
import { Metadata } from '../../../core/metadata.ts';
import { sinkFault } from '../../../core/sink-fault.ts';
import { monotonicNow, Timed, timerWheel } from '../../../core/timer-wheel.ts';
import { idleSink } from '../../../core/watched-call.ts';
import { RpcError } from '../../../rpc-error.ts';
import { binaryToJson, jsonToBinary } from '../wire/json-messages.ts';
import type { OpenCall } from './call-table.ts';
import type { Exchange } from './exchange.ts';

/** Of calls that end within this time, nobody waits for their end. */
const shortCallMs = 4;

/** What the calls of all protocols over HTTP have in common: their beginning and their end. */
export abstract class HttpServerCall extends Timed implements ServerCall, OpenCall {
  readonly path: string;
  readonly metadata: Metadata;
  readonly deadlineAt: number;
  readonly peer: Peer;
  sink: ServerSink = idleSink;

  protected readonly exchange: Exchange;
  protected readonly limits: RpcLimits;
  protected header: Metadata = Metadata.empty;
  protected isPaused = false;
  /** Nothing can be sent or received any more. */
  protected isOver = false;
  #hearsAbort = false;

  constructor(exchange: Exchange) {
    super();
    this.exchange = exchange;
    this.limits = exchange.settings.limits;
    this.path = exchange.path;
    this.metadata = exchange.metadata;
    this.deadlineAt = exchange.deadlineAt;
    this.peer = exchange.peer;
  }

  /** The response. It never rejects. */
  abstract begin(): Promise<Response>;
  abstract sendMessage(bytes: Uint8Array, compress?: boolean): boolean;
  abstract sendEnd(trailer: Trailer): void;
  abstract resume(): void;
  /** Sends the end to the client. */
  protected abstract respondEnd(trailer: Trailer): void;

  sendHeader(metadata: Metadata): void {
    if (!this.isOver) this.header = metadata;
  }

  pause(): void {
    this.isPaused = true;
  }

  draining(): void {
    if (!this.isOver) this.sink.onDrain?.();
  }

  /** Ends the call with an error, on both sides. */
  fail(error: RpcError): void {
    if (this.isOver) return;
    this.end();
    this.respondEnd({ error, metadata: Metadata.empty });
    this.sink.onCancel(error);
  }

  /** The signal of the request: the client is gone. */
  handleEvent(): void {
    this.fail(new RpcError('canceled', 'the client gave up the call, or its connection broke'));
  }

  /** Hands the call to its handler. */
  protected handle(): void {
    const { request, settings } = this.exchange;
    settings.watcher?.onCallBegin(request);
    settings.table.add(this);
    try {
      settings.handler(this);
    } catch (error) {
      this.fail(sinkFault(this.path, error));
      this.handled();
    }
  }

  /** `hearAbort` after a while: to listen costs more than all else in a short call. */
  protected hearAbortSoon(): void {
    if (!this.isOver && !this.#hearsAbort) timerWheel.add(this, monotonicNow() + shortCallMs);
  }

  override onDue(): void {
    this.hearAbort();
  }

  /** From now on the call ends when the client is gone. */
  protected hearAbort(): void {
    if (this.isOver || this.#hearsAbort) return;
    this.#hearsAbort = true;
    const { signal } = this.exchange.request;
    if (signal.aborted) this.handleEvent();
    else signal.addEventListener('abort', this);
  }

  /** Before the end is sent or received. */
  protected end(): void {
    const { request, settings } = this.exchange;
    this.isOver = true;
    timerWheel.remove(this);
    if (this.#hearsAbort) request.signal.removeEventListener('abort', this);
    settings.watcher?.onCallEnd(request);
  }

  /** Until its handler is done, a call that failed still counts as one of the peer's. */
  protected handled(): void {
    this.exchange.settings.table.delete(this);
  }

  /** A message as the handler takes it. */
  protected readMessage(wire: Uint8Array, isCompressed: boolean): Uint8Array {
    const { requestCompressor, content, method } = this.exchange;
    const bytes =
      isCompressed && wire.length > 0 && requestCompressor !== undefined
        ? requestCompressor.decompress(wire, this.limits.maxMessageBytes)
        : wire;
    if (content.format === 'binary' || method === undefined) return bytes;
    return jsonToBinary(method.input, bytes, this.exchange.settings.registry);
  }

  /** Compressed where that is wanted; `compress` undefined: where it is worth it. */
  protected compressed(wire: Uint8Array, compress: boolean | undefined): Uint8Array | undefined {
    const isWanted = compress ?? wire.length >= compressionThresholdBytes;
    return isWanted ? this.exchange.responseCompressor?.compress(wire) : undefined;
  }

  /** A message as it goes over the wire. It may be the same bytes. */
  protected writeMessage(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.limits.maxMessageBytes) {
      throw new RpcError(
        'resource_exhausted',
        `an answer of ${bytes.length} bytes: at most ${this.limits.maxMessageBytes} bytes are sent (maxMessageBytes)`,
      );
    }
    const { content, method, settings } = this.exchange;
    if (content.format === 'binary' || method === undefined) return bytes;
    try {
      return binaryToJson(method.output, bytes, settings.registry);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'unknown';
      throw new RpcError('internal', `the answer cannot be written as JSON: ${reason}`, { cause });
    }
  }
}
