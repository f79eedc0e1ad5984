import { RpcError } from '../rpc-error.ts';
import type { InstanceStore, StoredInstances } from './instance-store.ts';
import { type Instance, parseInstance, type Registry } from './registry.ts';
import { type StoredRegistryOptions, storedRegistry } from './stored-registry.ts';

/**
 * A Redis client, whichever it is. With Bun's: `{ send: (command, args) => client.send(command, args) }`;
 * with node-redis: `client.sendCommand([command, ...args])`; with ioredis: `client.call(command, ...args)`.
 */
export interface RedisCommands {
  /** One command; texts and lists of texts come back, null for nothing. */
  send(command: string, args: string[]): Promise<unknown>;
  /**
   * Calls back for each message of a channel, on a connection of its own; the answer ends that.
   * Without it changes are found by polling alone.
   */
  subscribe?(channel: string, listener: () => void): Promise<() => void>;
}

export interface RedisRegistryOptions extends Omit<StoredRegistryOptions, 'store'> {
  /** Is not closed with the registry. */
  readonly redis: RedisCommands;
  /** Of all keys and of the channel. Default `{zrpc}:registry`; one slot of a cluster, by its braces. */
  readonly prefix?: string;
  /** How often instances are read, since a key that ends tells nobody: default 1,000. */
  readonly pollMs?: number;
}

/**
 * A registry in Redis (from 2.6.12 on, or Valkey): one key an instance, which ends by itself, and a
 * set of their ids. What no registry has written there is ignored.
 */
export function redisRegistry(options: RedisRegistryOptions): Registry {
  const { redis, prefix = '{zrpc}:registry', pollMs = 1_000, ...rest } = options;
  return storedRegistry({ ...rest, store: new RedisStore(redis, prefix, pollMs) });
}

class RedisStore implements InstanceStore {
  readonly #redis: RedisCommands;
  readonly #prefix: string;
  readonly #pollMs: number;
  /** What this process has written, to tell a renewal from a change. */
  readonly #written = new Map<string, string>();
  readonly #watchers = new Set<() => void>();
  #unsubscribe: Promise<() => void> | undefined;

  constructor(redis: RedisCommands, prefix: string, pollMs: number) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#pollMs = pollMs;
  }

  async put(instance: Instance, ttlMs: number): Promise<void> {
    const text = JSON.stringify(instance);
    const lifetime = String(Math.ceil(ttlMs));
    await this.#redis.send('SET', [this.#keyOf(instance.id), text, 'PX', lifetime]);
    await this.#redis.send('SADD', [this.#prefix, instance.id]);
    if (this.#written.get(instance.id) === text) return;
    this.#written.set(instance.id, text);
    await this.#tell();
  }

  async remove(instance: Instance): Promise<void> {
    this.#written.delete(instance.id);
    await this.#redis.send('DEL', [this.#keyOf(instance.id)]);
    await this.#redis.send('SREM', [this.#prefix, instance.id]);
    await this.#tell();
  }

  async read(): Promise<StoredInstances> {
    const ids = textsOf(await this.#redis.send('SMEMBERS', [this.#prefix]));
    if (ids.length === 0) return { instances: [], nextEndMs: this.#pollMs };
    const keys = ids.map((id) => this.#keyOf(id));
    const values = await this.#redis.send('MGET', keys);
    if (!Array.isArray(values)) throw unexpected('MGET');
    const ended = ids.filter((_id, index) => values[index] === null);
    // One that comes back meanwhile is added again by its next renewal.
    if (ended.length > 0) await this.#redis.send('SREM', [this.#prefix, ...ended]);
    const instances = values.map(instanceOf).filter((instance) => instance !== undefined);
    return { instances, nextEndMs: this.#pollMs };
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    const listener = (): void => {
      for (const watcher of this.#watchers) watcher();
    };
    // Without a subscription, polling finds the changes.
    this.#unsubscribe ??= this.#redis.subscribe?.(this.#prefix, listener).catch(() => () => {});
    return () => this.#watchers.delete(changed);
  }

  async close(): Promise<void> {
    (await this.#unsubscribe)?.();
  }

  async #tell(): Promise<void> {
    await this.#redis.send('PUBLISH', [this.#prefix, 'changed']);
  }

  #keyOf(id: string): string {
    return `${this.#prefix}:${id}`;
  }
}

function textsOf(value: unknown): string[] {
  const texts = value instanceof Set ? [...value] : value;
  if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return texts;
  throw unexpected('SMEMBERS');
}

/** Undefined for a key that has ended, and for what is no instance. */
function instanceOf(value: unknown): Instance | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return parseInstance(JSON.parse(value));
  } catch {
    return undefined;
  }
}

function unexpected(command: string): RpcError {
  return new RpcError('unavailable', `Redis answers ${command} with something else than a list`);
}
