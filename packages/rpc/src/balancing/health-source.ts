import type { Transport } from '../core/call.ts';
import type { Endpoint } from './endpoints.ts';

/**
 * Knows which endpoints serve: by `grpc.health.v1`, or from anywhere else. An endpoint is taken to
 * serve until the source says that it does not.
 */
export interface HealthSource {
  /**
   * Watches one endpoint, over its transport if need be, and calls back with what it finds out,
   * undefined where it does not know any more; the answer ends that. Never calls back before it has
   * returned.
   */
  watch(
    endpoint: Endpoint,
    transport: Transport,
    onChange: (isServing: boolean | undefined) => void,
  ): () => void;
}
