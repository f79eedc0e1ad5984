import type { RpcError } from '@zeke/rpc';
import type { Usage } from '../neutral/usage.ts';

/**
 * What happens to a provider's stream on its way to the caller: bytes in, bytes out, and beside
 * them what must be known of it. `push` and `end` throw RpcError while `started` is false: nothing
 * was sent yet, so another provider may still be asked.
 */
export interface StreamTransform {
  push(bytes: Uint8Array): Uint8Array;
  /** The provider's bytes have ended: what is left to send. */
  end(): Uint8Array;
  /** The first good record was seen. */
  readonly started: boolean;
  /** An error that the provider told inside the stream, already among the bytes. */
  readonly failure: RpcError | undefined;
  /** Why the stream may not go on, though the provider would. What `push` gave until then may go out. */
  readonly stop?: RpcError | undefined;
  /** The stream came to its end by the rules of the provider's dialect. */
  readonly complete: boolean;
  readonly usage: Usage;
  /** True when the provider said what it used. */
  readonly usageKnown: boolean;
  /** Tells an error in the caller's dialect. */
  fail(error: RpcError): Uint8Array;
  /** The text that was answered so far, for counting, and what share of it that is. */
  answered(): { output: string; outputShare: number };
}
