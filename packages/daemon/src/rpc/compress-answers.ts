import { type CallHandler, Metadata, WatchedServerCall } from '@zeke/rpc';

/** A server interceptor that compresses long answers for clients that can read that. */
export function compressAnswers(next: CallHandler): CallHandler {
  return (call) => next(new CompressedCall(call));
}

class CompressedCall extends WatchedServerCall {
  #hasHeader = false;

  override sendHeader(metadata: Metadata): void {
    this.#hasHeader = true;
    super.sendHeader(metadata, true);
  }

  override sendMessage(bytes: Uint8Array): boolean {
    if (!this.#hasHeader) this.sendHeader(Metadata.empty);
    return super.sendMessage(bytes, true);
  }
}
