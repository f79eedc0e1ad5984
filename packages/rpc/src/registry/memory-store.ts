import { type Clock, systemClock } from '../core/clock.ts';
import type { InstanceStore, StoredInstances } from './instance-store.ts';
import type { Instance, Registry } from './registry.ts';
import { type StoredRegistryOptions, storedRegistry } from './stored-registry.ts';

/** A registry within this process. */
export function memoryRegistry(options: Omit<StoredRegistryOptions, 'store'> = {}): Registry {
  return storedRegistry({ ...options, store: memoryStore(options.clock) });
}

/** A store that several registries of one process may share. */
export function memoryStore(clock: Clock = systemClock): InstanceStore {
  return new MemoryStore(clock);
}

interface Entry {
  readonly instance: Instance;
  readonly endsAt: number;
}

class MemoryStore implements InstanceStore {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async put(instance: Instance, ttlMs: number): Promise<void> {
    this.#entries.set(instance.id, { instance, endsAt: this.#clock.now() + ttlMs });
    this.#tell();
  }

  async remove(instance: Instance): Promise<void> {
    if (this.#entries.delete(instance.id)) this.#tell();
  }

  async read(): Promise<StoredInstances> {
    const now = this.#clock.now();
    let nextEndMs = Number.POSITIVE_INFINITY;
    for (const [id, { endsAt }] of this.#entries) {
      if (endsAt <= now) this.#entries.delete(id);
      else nextEndMs = Math.min(nextEndMs, endsAt - now);
    }
    return { instances: [...this.#entries.values()].map(({ instance }) => instance), nextEndMs };
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  async close(): Promise<void> {}

  #tell(): void {
    for (const changed of this.#watchers) changed();
  }
}
