import type { DisposableTransport, Transport } from './call.ts';

/**
 * - `idle`: not connected, and free to connect;
 * - `connecting`: calls wait;
 * - `ready`: calls get through at once;
 * - `failed`: it cannot connect, and calls fail until `retryAt`;
 * - `closed`: for good.
 */
export type Readiness = 'idle' | 'connecting' | 'ready' | 'failed' | 'closed';

/** A Transport that knows whether calls get through, and can connect before one comes. */
export interface ReadyTransport extends DisposableTransport {
  readonly readiness: Readiness;
  /** When it may connect again after a failure, by `performance.now()`. */
  readonly retryAt: number;
  /** Connects if it is idle. */
  connect(): void;
  /** Calls back after changes; the answer ends that. */
  onReadiness(listener: () => void): () => void;
}

/** Whether this transport says how ready it is. */
export function isReadyTransport(transport: Transport): transport is ReadyTransport {
  return 'readiness' in transport && 'onReadiness' in transport;
}
