import { type Backoff, backoffMs } from '../core/backoff.ts';
import { type Clock, type Scheduled, systemClock } from '../core/clock.ts';
import { RpcError } from '../rpc-error.ts';
import type { InstanceStore } from './instance-store.ts';
import {
  type Discovery,
  type Instance,
  type InstanceHealth,
  type InstanceQuery,
  type Lease,
  matches,
  parseInstance,
  type RegisterOptions,
  type Registration,
  type Registry,
} from './registry.ts';

export interface StoredRegistryOptions {
  readonly store: InstanceStore;
  /** Told of reads and renewals that failed; they are tried again. */
  readonly onError?: (error: RpcError) => void;
  readonly clock?: Clock;
  /** Default `crypto.randomUUID`. */
  readonly newId?: () => string;
  /** Numbers from 0 to below 1: default `Math.random`. */
  readonly random?: () => number;
}

const minTtlMs = 1_000;
const retries: Backoff = { initialMs: 100, maxMs: 5_000, multiplier: 2, jitter: 0.2 };

/** A registry over a store: leases that renew themselves, and discoveries that read again. */
export function storedRegistry(options: StoredRegistryOptions): Registry {
  return new StoredRegistry(options);
}

class StoredRegistry implements Registry {
  readonly store: InstanceStore;
  readonly clock: Clock;
  readonly onError: (error: RpcError) => void;
  readonly random: () => number;
  readonly leases = new Set<StoredLease>();
  readonly discoveries = new Set<StoredDiscovery>();
  readonly #newId: () => string;
  #closed = false;

  constructor(options: StoredRegistryOptions) {
    this.store = options.store;
    this.clock = options.clock ?? systemClock;
    this.onError = options.onError ?? (() => {});
    this.random = options.random ?? Math.random;
    this.#newId = options.newId ?? (() => crypto.randomUUID());
  }

  async register(registration: Registration, options: RegisterOptions = {}): Promise<Lease> {
    this.#mustBeOpen();
    const { ttlMs = 10_000, health = 'serving' } = options;
    if (!(ttlMs >= minTtlMs)) {
      throw new RpcError('invalid_argument', `registry: ttlMs ${ttlMs} is less than ${minTtlMs}`);
    }
    const instance = parseInstance({ ...registration, id: this.#newId(), health });
    await this.store.put(instance, ttlMs).catch(asUnavailable);
    const lease = new StoredLease(this, instance, ttlMs);
    this.leases.add(lease);
    return lease;
  }

  async discover(query: InstanceQuery): Promise<Discovery> {
    this.#mustBeOpen();
    const discovery = new StoredDiscovery(this, query);
    this.discoveries.add(discovery);
    try {
      await discovery.begin();
    } catch (error) {
      discovery[Symbol.dispose]();
      return asUnavailable(error);
    }
    return discovery;
  }

  async list(): Promise<readonly Instance[]> {
    this.#mustBeOpen();
    const { instances } = await this.store.read().catch(asUnavailable);
    return instances;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const discovery of this.discoveries) discovery[Symbol.dispose]();
    await Promise.all([...this.leases].map((lease) => lease.revoke().catch(this.onError)));
    await this.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new RpcError('failed_precondition', 'the registry is closed');
  }
}

/** Renews itself when a third of its time has passed, and more often while that fails. */
class StoredLease implements Lease {
  readonly #registry: StoredRegistry;
  readonly #ttlMs: number;
  #instance: Instance;
  #timer: Scheduled | undefined;
  #failures = 0;
  #revoked = false;
  /** Writes go one after the other, so that none overtakes a revocation. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(registry: StoredRegistry, instance: Instance, ttlMs: number) {
    this.#registry = registry;
    this.#instance = instance;
    this.#ttlMs = ttlMs;
    this.#scheduleRenewal(ttlMs / 3);
  }

  get instance(): Instance {
    return this.#instance;
  }

  async setHealth(health: InstanceHealth): Promise<void> {
    if (this.#revoked) throw new RpcError('failed_precondition', 'the lease has been revoked');
    this.#instance = { ...this.#instance, health };
    await this.#put().catch(asUnavailable);
  }

  async revoke(): Promise<void> {
    if (this.#revoked) return;
    this.#revoked = true;
    this.#timer?.cancel();
    this.#registry.leases.delete(this);
    const { store } = this.#registry;
    this.#writing = this.#writing.then(() => store.remove(this.#instance));
    await this.#writing.catch(asUnavailable);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.revoke();
  }

  #put(): Promise<void> {
    const { store } = this.#registry;
    const written = this.#writing.then(async () => {
      if (!this.#revoked) await store.put(this.#instance, this.#ttlMs);
    });
    this.#writing = written.catch(() => {});
    return written;
  }

  #scheduleRenewal(delayMs: number): void {
    this.#timer = this.#registry.clock.schedule(delayMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    let delayMs = this.#ttlMs / 3;
    try {
      await this.#put();
      this.#failures = 0;
    } catch (error) {
      const { onError, random } = this.#registry;
      delayMs = Math.min(delayMs, backoffMs(retries, this.#failures, random));
      this.#failures += 1;
      onError(unavailable(error));
    }
    if (!this.#revoked) this.#scheduleRenewal(delayMs);
  }
}

class StoredDiscovery implements Discovery {
  readonly #registry: StoredRegistry;
  readonly #query: InstanceQuery;
  readonly #listeners = new Set<(instances: readonly Instance[]) => void>();
  #current: readonly Instance[] = [];
  #text = '[]';
  #unwatch: (() => void) | undefined;
  #timer: Scheduled | undefined;
  #failures = 0;
  #ended = false;
  /** A read is under way, and whether another one is needed after it. */
  #reading = false;
  #stale = false;

  constructor(registry: StoredRegistry, query: InstanceQuery) {
    this.#registry = registry;
    this.#query = query;
  }

  get current(): readonly Instance[] {
    return this.#current;
  }

  onChange(listener: (instances: readonly Instance[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async begin(): Promise<void> {
    // Watched before it is read, so that no change falls between the two.
    this.#unwatch = this.#registry.store.watch(() => void this.#read());
    this.#reading = true;
    try {
      await this.#readOnce();
    } finally {
      this.#reading = false;
    }
    if (this.#stale) await this.#read();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#unwatch?.();
    this.#timer?.cancel();
    this.#listeners.clear();
    this.#registry.discoveries.delete(this);
  }

  async #read(): Promise<void> {
    if (this.#reading || this.#ended) {
      this.#stale = true;
      return;
    }
    this.#reading = true;
    do {
      this.#stale = false;
      try {
        await this.#readOnce();
        this.#failures = 0;
      } catch (error) {
        if (this.#ended) break;
        const { onError, random } = this.#registry;
        this.#readIn(backoffMs(retries, this.#failures, random));
        this.#failures += 1;
        onError(unavailable(error));
      }
    } while (this.#stale && !this.#ended);
    this.#reading = false;
  }

  async #readOnce(): Promise<void> {
    const { instances, nextEndMs } = await this.#registry.store.read();
    if (this.#ended) return;
    this.#readIn(nextEndMs);
    const wanted = instances
      .filter((instance) => instance.health === 'serving' && matches(instance, this.#query))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
    const text = JSON.stringify(wanted);
    if (text === this.#text) return;
    this.#text = text;
    this.#current = wanted;
    for (const listener of this.#listeners) listener(wanted);
  }

  #readIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#registry.clock.schedule(delayMs, () => void this.#read());
  }
}

function asUnavailable(error: unknown): never {
  throw unavailable(error);
}

function unavailable(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return new RpcError('unavailable', 'the registry cannot be reached; the log has the cause', {
    cause: error,
    retryable: true,
  });
}
