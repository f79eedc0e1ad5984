import type { RpcError } from '../rpc-error.ts';
import type { DisposableTransport } from './call.ts';

/** One connection to one peer, from its handshake to its end. It is never dialled again. */
export interface Connection extends DisposableTransport {
  /** False once no further call can be opened on it: it is draining or closed. */
  readonly acceptsCalls: boolean;
  /** Calls that are open on it, in both directions. */
  readonly openCalls: number;
  /** Settles once, when nothing of it is left. The error says why; undefined: it was closed in order. */
  readonly closed: Promise<RpcError | undefined>;
}
