import type { ClientCall, ClientSink, OpenOptions, Transport } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';

/** What a call that is not open yet may hold of messages. */
const maxHeldBytes = 4 * 1024 * 1024;

/**
 * A call whose opening waits for something, such as a token. What is sent meanwhile is held, up to
 * 4 MiB; then `open` or `fail` is called, once.
 */
export class DeferredClientCall implements ClientCall {
  readonly #sink: ClientSink;
  #call: ClientCall | undefined;
  #ended = false;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #halfClosed = false;
  #paused = false;

  constructor(sink: ClientSink) {
    this.#sink = sink;
  }

  /** Opens the call, unless it has been canceled, and sends what was held. */
  open(next: Transport, method: MethodInfo, options: OpenOptions): void {
    if (this.#ended) return;
    const call = next.open(method, options, this.#sink);
    this.#call = call;
    if (this.#paused) call.pause();
    const held = this.#held;
    this.#held = [];
    let writable = true;
    for (const bytes of held) writable = call.sendMessage(bytes);
    if (this.#halfClosed) call.sendEnd();
    else if (held.length > 0 && writable) this.#sink.onWritable();
  }

  /** Ends the call that could not be opened. */
  fail(error: RpcError): void {
    if (this.#ended || this.#call !== undefined) return;
    this.#ended = true;
    this.#held = [];
    this.#sink.onEnd({ error, metadata: Metadata.empty });
  }

  sendMessage(bytes: Uint8Array): boolean {
    if (this.#call !== undefined) return this.#call.sendMessage(bytes);
    if (this.#ended || this.#halfClosed) return false;
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > maxHeldBytes) {
      this.fail(
        new RpcError(
          'resource_exhausted',
          `more than ${maxHeldBytes} bytes were sent before the call was open: wait for room`,
        ),
      );
    } else {
      this.#held.push(bytes.slice());
    }
    return false;
  }

  sendEnd(): void {
    if (this.#call === undefined) this.#halfClosed = true;
    else this.#call.sendEnd();
  }

  cancel(error: RpcError): void {
    if (this.#call === undefined) this.fail(error);
    else this.#call.cancel(error);
  }

  pause(): void {
    this.#paused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#call?.resume();
  }
}
