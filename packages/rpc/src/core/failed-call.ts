import type { RpcError } from '../rpc-error.ts';
import type { ClientCall, ClientSink } from './call.ts';
import { Metadata } from './metadata.ts';

/** A call that is not even opened: it ends in a microtask, as a sink may not be told before `open` returns. */
export class FailedCall implements ClientCall {
  readonly #sink: ClientSink;
  #ended = false;

  constructor(sink: ClientSink, error: RpcError) {
    this.#sink = sink;
    queueMicrotask(() => this.cancel(error));
  }

  sendMessage(_bytes: Uint8Array): boolean {
    return true;
  }

  cancel(error: RpcError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.onEnd({ error, metadata: Metadata.empty });
  }

  sendEnd(): void {}
  pause(): void {}
  resume(): void {}
}
