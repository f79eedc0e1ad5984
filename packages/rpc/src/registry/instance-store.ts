import type { Instance } from './registry.ts';

/** Where a registry keeps its instances: all that the kinds of registry differ in. */
export interface InstanceStore {
  /** Writes the instance, or renews it; it is gone `ttlMs` later. */
  put(instance: Instance, ttlMs: number): Promise<void>;
  /** Does nothing for an instance that is not there. */
  remove(instance: Instance): Promise<void>;
  /** Those that are alive, and when the next of them ends if nobody renews it, where that is known. */
  read(): Promise<StoredInstances>;
  /** Calls back when `read` may answer something else; the answer ends that. */
  watch(changed: () => void): () => void;
  /** Releases what it holds. */
  close(): Promise<void>;
}

export interface StoredInstances {
  readonly instances: readonly Instance[];
  /** In milliseconds from now. Infinity: `watch` tells. */
  readonly nextEndMs: number;
}
