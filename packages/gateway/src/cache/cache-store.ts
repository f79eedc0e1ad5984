/** Numbers of a store. */
export interface StoreStats {
  readonly entries: number;
  /** Of all entries, with what it takes to keep them. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Entries that had to make room, since the start. */
  readonly evictions: number;
}

type Later<T> = T | Promise<T>;

/**
 * Where answers are kept, as bytes under a key. A store in this process answers at once; one
 * elsewhere answers with promises, which reject where it cannot be reached.
 */
export interface CacheStore {
  /** What was kept and has not run out. */
  get(key: string): Later<Uint8Array | undefined>;
  /** Keeps a value for so many milliseconds. One that is too large for the store is not kept. */
  set(key: string, value: Uint8Array, ttlMs: number): Later<void>;
  /** Forgets all; gives their number. */
  clear(): Later<number>;
  stats(): Later<StoreStats>;
  /** Other room than before, for a store that bounds itself. */
  resize(maxBytes: number): void;
}
