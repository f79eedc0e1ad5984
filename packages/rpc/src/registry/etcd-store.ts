import { type Backoff, backoffMs } from '../core/backoff.ts';
import { boundedResponse, type Fetch } from '../core/bounded-fetch.ts';
import { type Clock, type Scheduled, systemClock } from '../core/clock.ts';
import { RpcError } from '../rpc-error.ts';
import type { InstanceStore, StoredInstances } from './instance-store.ts';
import { type Instance, parseInstance, type Registry } from './registry.ts';
import { type StoredRegistryOptions, storedRegistry } from './stored-registry.ts';

export interface EtcdRegistryOptions extends Omit<StoredRegistryOptions, 'store'> {
  /** Of a member or of a balancer before them: `http://127.0.0.1:2379`. */
  readonly url: string;
  /** With each request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of all keys. Default `/zrpc/registry/`. */
  readonly prefix?: string;
  /** For one request: default 5,000. */
  readonly timeoutMs?: number;
  /** Default the global one. */
  readonly fetch?: Fetch;
}

/** A watch tells of changes at once; this is for those that it has missed. */
const rereadMs = 15_000;
const maxAnswerBytes = 16 * 1024 * 1024;
const maxInstances = 10_000;
const rewatches: Backoff = { initialMs: 100, maxMs: 5_000, multiplier: 2, jitter: 0.2 };

/**
 * A registry in etcd (from 3.4 on), by the JSON form of its v3 API: a key with a lease an instance.
 * What no registry has written there is ignored.
 *
 * Source: https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/.
 */
export function etcdRegistry(options: EtcdRegistryOptions): Registry {
  return storedRegistry({ ...options, store: new EtcdStore(options) });
}

class EtcdStore implements InstanceStore {
  readonly #options: EtcdRegistryOptions;
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #leases = new Map<string, { readonly id: string; readonly text: string }>();
  readonly #watchers = new Set<() => void>();
  #watch: AbortController | undefined;
  #rewatch: Scheduled | undefined;
  #failures = 0;

  constructor(options: EtcdRegistryOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? fetch;
    this.#clock = options.clock ?? systemClock;
    this.#prefix = options.prefix ?? '/zrpc/registry/';
  }

  async put(instance: Instance, ttlMs: number): Promise<void> {
    const text = JSON.stringify(instance);
    const known = this.#leases.get(instance.id);
    const isAlive = known !== undefined && (await this.#keepAlive(known.id));
    if (isAlive && known.text === text) return;
    const lease = isAlive ? known.id : await this.#grant(ttlMs);
    const key = base64(this.#prefix + instance.id);
    await this.#ask('kv/put', { key, value: base64(text), lease });
    this.#leases.set(instance.id, { id: lease, text });
  }

  async remove(instance: Instance): Promise<void> {
    const lease = this.#leases.get(instance.id);
    this.#leases.delete(instance.id);
    // Its key goes with it.
    if (lease !== undefined) await this.#ask('lease/revoke', { ID: lease.id });
  }

  async read(): Promise<StoredInstances> {
    const answer = await this.#ask('kv/range', { ...this.#range(), limit: maxInstances });
    const items = Array.isArray(answer.kvs) ? answer.kvs : [];
    const instances = items.map(instanceOf).filter((instance) => instance !== undefined);
    return { instances, nextEndMs: rereadMs };
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    if (this.#watch === undefined) void this.#follow();
    return () => {
      this.#watchers.delete(changed);
      if (this.#watchers.size === 0) this.#unfollow();
    };
  }

  async close(): Promise<void> {
    this.#unfollow();
  }

  /** False when the lease has ended. */
  async #keepAlive(lease: string): Promise<boolean> {
    const { result } = await this.#ask('lease/keepalive', { ID: lease });
    const ttl = (result as { readonly TTL?: unknown } | undefined)?.TTL;
    return Number(ttl ?? 0) > 0;
  }

  async #grant(ttlMs: number): Promise<string> {
    const { ID } = await this.#ask('lease/grant', { TTL: Math.ceil(ttlMs / 1000) });
    if (typeof ID === 'string') return ID;
    throw unavailable('etcd gave no lease');
  }

  /** Any line that comes says that something has changed; what, is read. */
  async #follow(): Promise<void> {
    const abort = new AbortController();
    this.#watch = abort;
    try {
      const body = JSON.stringify({ create_request: this.#range() });
      const response = await this.#post('watch', body, abort.signal);
      if (response.body === null) throw unavailable('etcd answered a watch with nothing');
      for await (const _chunk of response.body) {
        this.#failures = 0;
        for (const changed of this.#watchers) changed();
      }
    } catch {
      // Reading again tells whether etcd is out of reach.
    }
    if (abort.signal.aborted) return;
    const waitMs = backoffMs(rewatches, this.#failures, Math.random);
    this.#failures += 1;
    this.#rewatch = this.#clock.schedule(waitMs, () => void this.#follow());
  }

  #unfollow(): void {
    this.#rewatch?.cancel();
    this.#watch?.abort();
    this.#watch = undefined;
  }

  /** All keys with the prefix: up to the prefix with its last character one higher. */
  #range(): { readonly key: string; readonly range_end: string } {
    const last = this.#prefix.charCodeAt(this.#prefix.length - 1);
    const end = this.#prefix.slice(0, -1) + String.fromCharCode(last + 1);
    return { key: base64(this.#prefix), range_end: base64(end) };
  }

  async #ask(method: string, request: object): Promise<Record<string, unknown>> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs ?? 5_000);
    const response = await this.#post(method, JSON.stringify(request), signal);
    const bounded = await boundedResponse(response, maxAnswerBytes);
    const answer: unknown = await bounded.json();
    if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
    throw unavailable(`etcd answered ${method} with no object`);
  }

  async #post(method: string, body: string, signal: AbortSignal): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...this.#options.headers };
    const url = new URL(`/v3/${method}`, this.#options.url).href;
    const response = await this.#fetch(url, { method: 'POST', headers, body, signal });
    if (response.ok) return response;
    await response.body?.cancel();
    throw unavailable(`etcd answered ${method} with HTTP ${response.status}`);
  }
}

/** Undefined for what is no instance. */
function instanceOf(item: unknown): Instance | undefined {
  const value = (item as { readonly value?: unknown } | null)?.value;
  if (typeof value !== 'string') return undefined;
  try {
    return parseInstance(JSON.parse(Buffer.from(value, 'base64').toString()));
  } catch {
    return undefined;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function unavailable(message: string): RpcError {
  return new RpcError('unavailable', message, { retryable: true });
}
