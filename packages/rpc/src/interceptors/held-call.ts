import type { ClientCall, ClientSink, OpenOptions, Transport } from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import { RpcError } from '../rpc-error.ts';

/** What calls that wait may hold of messages, together. */
export class HoldLimit {
  readonly maxBytes: number;
  bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }
}

/**
 * A call that may have to wait before it is opened, and holds what is sent meanwhile. Its sender is
 * told that there is no room; one whose messages exceed the limit ends as `resource_exhausted`.
 */
export class HeldCall implements ClientCall {
  readonly method: MethodInfo;
  readonly options: OpenOptions;
  protected readonly sink: ClientSink;
  readonly #limit: HoldLimit;
  #call: ClientCall | undefined;
  #ended = false;
  #held: Uint8Array[] | undefined;
  #heldBytes = 0;
  #halfClosed = false;
  #paused = false;

  constructor(method: MethodInfo, options: OpenOptions, sink: ClientSink, limit: HoldLimit) {
    this.method = method;
    this.options = options;
    this.sink = sink;
    this.#limit = limit;
  }

  /**
   * Opens the call and sends what was held. `sink` stands before the caller's; it may hear
   * `onWritable` after an end that came while messages were sent.
   */
  begin(next: Transport, sink: ClientSink): void {
    if (this.#ended || this.#call) return;
    const call = next.open(this.method, this.options, sink);
    this.#call = call;
    if (this.#paused) call.pause();
    const held = this.#held ?? [];
    let hasRoom = held.length > 0;
    for (const bytes of held) hasRoom = call.sendMessage(bytes);
    this.#release();
    if (this.#halfClosed) call.sendEnd();
    else if (hasRoom) sink.onWritable();
  }

  /** Ends the call that was not opened. */
  fail(error: RpcError): void {
    if (this.#ended || this.#call) return;
    this.#ended = true;
    this.#release();
    this.onLeft();
    this.sink.onEnd({ error, metadata: Metadata.empty });
  }

  /** It has ended before it was opened. Called before the sink is told. */
  protected onLeft(): void {}

  sendMessage(bytes: Uint8Array): boolean {
    if (this.#call) return this.#call.sendMessage(bytes);
    if (this.#ended) return true;
    if (this.#limit.bytes + bytes.length > this.#limit.maxBytes) {
      const message = `${this.method.path}: calls that wait hold too much already; call again later`;
      this.fail(new RpcError('resource_exhausted', message, { retryable: true }));
      return true;
    }
    this.#held ??= [];
    this.#held.push(bytes.slice());
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

  #release(): void {
    this.#limit.bytes -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#held = undefined;
  }
}
