import { RpcError } from '../rpc-error.ts';
import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from './call.ts';
import { defaultLimits } from './limits.ts';
import { Metadata } from './metadata.ts';
import type { MethodInfo } from './method.ts';
import { openFenced } from './open-fenced.ts';
import { markRefused } from './refused.ts';

/** How many calls may wait, and what they may hold of messages, together. */
export class HoldLimit {
  readonly maxBytes: number;
  readonly maxCalls: number;
  bytes = 0;
  calls = 0;

  constructor(
    maxBytes: number = defaultLimits.maxQueuedBytes,
    maxCalls: number = defaultLimits.maxQueuedCalls,
  ) {
    this.maxBytes = maxBytes;
    this.maxCalls = maxCalls;
  }
}

/** A message that is sent later, and what its sender said of its compression. */
export interface HeldMessage {
  readonly bytes: Uint8Array;
  readonly compress: boolean | undefined;
}

/**
 * A call that may have to wait before it is opened, and holds what is sent meanwhile. Its sender is
 * told that there is no room. A call too many, and one whose message is more than all may hold, ends
 * as `resource_exhausted`; a single message is always taken.
 */
export class HeldCall implements ClientCall {
  readonly method: MethodInfo;
  readonly options: OpenOptions;
  protected readonly sink: ClientSink;
  readonly #limit: HoldLimit;
  #call: ClientCall | undefined;
  #ended = false;
  #held: HeldMessage[] | undefined;
  #heldBytes = 0;
  #halfClosed = false;
  #paused = false;

  constructor(method: MethodInfo, options: OpenOptions, sink: ClientSink, limit: HoldLimit) {
    this.method = method;
    this.options = options;
    this.sink = sink;
    this.#limit = limit;
    limit.calls += 1;
    if (limit.calls > limit.maxCalls) queueMicrotask(() => this.fail(this.#tooMany()));
  }

  /** Opens the call and sends what was held. `sink` stands before the caller's. */
  begin(next: Transport, sink: ClientSink = this.sink, options: OpenOptions = this.options): void {
    if (this.#ended || this.#call) return;
    const held = this.#held ?? [];
    // The call may end while they are sent.
    const watch = held.length > 0 ? new EndWatch(sink) : undefined;
    const call = openFenced(next, this.method, options, watch ?? sink);
    this.#call = call;
    if (this.#paused) call.pause();
    let hasRoom = held.length > 0;
    for (const { bytes, compress } of held) hasRoom = call.sendMessage(bytes, compress);
    this.#release();
    if (this.#halfClosed) call.sendEnd();
    else if (hasRoom && watch?.isOver !== true) sink.onWritable();
  }

  /** Ends the call that was not opened. */
  fail(error: RpcError): void {
    if (this.#ended || this.#call) return;
    this.#ended = true;
    this.#release();
    this.sink.onEnd({ error: this.onLeft(error), metadata: Metadata.empty });
  }

  /** It has ended before it was opened. @returns what the sink is told. */
  protected onLeft(error: RpcError): RpcError {
    return error;
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#call) return this.#call.sendMessage(bytes, compress);
    if (this.#ended || this.#halfClosed) return true;
    const { bytes: heldBytes, maxBytes } = this.#limit;
    if (heldBytes > 0 && heldBytes + bytes.length > maxBytes) {
      const message = `${this.method.path} cannot wait: with its message, calls that wait would hold more than ${maxBytes} bytes; call again later`;
      this.fail(markRefused(new RpcError('resource_exhausted', message, { retryable: true })));
      return true;
    }
    this.#held ??= [];
    this.#held.push({ bytes: bytes.slice(), compress });
    this.#heldBytes += bytes.length;
    this.#limit.bytes += bytes.length;
    return false;
  }

  sendEnd(): void {
    this.#halfClosed = true;
    this.#call?.sendEnd();
  }

  cancel(error: RpcError): void {
    if (this.#call) this.#call.cancel(error);
    else this.fail(error);
  }

  pause(): void {
    this.#paused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#call?.resume();
  }

  #tooMany(): RpcError {
    const message = `${this.method.path} cannot wait: ${this.#limit.maxCalls} calls do already; call again later`;
    return markRefused(new RpcError('resource_exhausted', message, { retryable: true }));
  }

  #release(): void {
    this.#limit.calls -= 1;
    this.#limit.bytes -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#held = undefined;
  }
}

class EndWatch implements ClientSink {
  readonly #sink: ClientSink;
  isOver = false;

  constructor(sink: ClientSink) {
    this.#sink = sink;
  }

  onHeader(metadata: Metadata): void {
    this.#sink.onHeader(metadata);
  }

  onMessage(bytes: Uint8Array, compressed?: boolean): void {
    this.#sink.onMessage(bytes, compressed);
  }

  onWritable(): void {
    this.#sink.onWritable();
  }

  onEnd(trailer: Trailer): void {
    this.isOver = true;
    this.#sink.onEnd(trailer);
  }
}
