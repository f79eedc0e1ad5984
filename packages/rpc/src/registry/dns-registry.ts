import { Resolver } from 'node:dns/promises';
import { type Backoff, backoffMs } from '../core/backoff.ts';
import { type Clock, type Scheduled, systemClock } from '../core/clock.ts';
import { RpcError } from '../rpc-error.ts';
import type { Discovery, Instance } from './registry.ts';

/** What is asked of DNS; `node:dns`'s `Resolver` is one. */
export interface DnsResolver {
  resolveSrv(
    name: string,
  ): Promise<{ name: string; port: number; priority: number; weight: number }[]>;
  resolve4(name: string, options: { ttl: true }): Promise<{ address: string; ttl: number }[]>;
  resolve6(name: string, options: { ttl: true }): Promise<{ address: string; ttl: number }[]>;
}

export interface DnsDiscoveryOptions {
  /** A name with SRV records, such as `_grpc._tcp.notes.example`, or, with `port`, one with addresses. */
  readonly name: string;
  /** Asks for A and AAAA records instead of SRV. */
  readonly port?: number;
  /** Before the host and port of an instance's address. Default `http://`. */
  readonly scheme?: string;
  /** How often it is asked again; sooner where addresses say so. Default 30,000. */
  readonly refreshMs?: number;
  /** Default: that of the system. */
  readonly resolver?: DnsResolver;
  /** Told of questions that failed; what is known stays. */
  readonly onError?: (error: RpcError) => void;
  readonly clock?: Clock;
}

const minRefreshMs = 1_000;
const maxInstances = 1_000;
const retries: Backoff = { initialMs: 1_000, maxMs: 30_000, multiplier: 2, jitter: 0.2 };

/**
 * Finds instances in DNS: by SRV records (RFC 2782), of which only those of the best priority count,
 * with the weight as label `weight`; or by addresses. A name that has no records has no instances.
 * @throws RpcError unavailable when DNS cannot be asked the first time.
 */
export async function discoverDns(options: DnsDiscoveryOptions): Promise<Discovery> {
  const discovery = new DnsDiscovery(options);
  await discovery.begin();
  return discovery;
}

class DnsDiscovery implements Discovery {
  readonly #options: DnsDiscoveryOptions;
  readonly #resolver: DnsResolver;
  readonly #clock: Clock;
  readonly #refreshMs: number;
  readonly #listeners = new Set<(instances: readonly Instance[]) => void>();
  #current: readonly Instance[] = [];
  #text = '[]';
  #timer: Scheduled | undefined;
  #failures = 0;
  #ended = false;

  constructor(options: DnsDiscoveryOptions) {
    this.#options = options;
    this.#resolver = options.resolver ?? new Resolver({ timeout: 5_000, tries: 2 });
    this.#clock = options.clock ?? systemClock;
    this.#refreshMs = Math.max(options.refreshMs ?? 30_000, minRefreshMs);
  }

  get current(): readonly Instance[] {
    return this.#current;
  }

  onChange(listener: (instances: readonly Instance[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  async begin(): Promise<void> {
    try {
      await this.#ask();
    } catch (cause) {
      throw this.#unavailable(cause);
    }
  }

  async #again(): Promise<void> {
    try {
      await this.#ask();
      this.#failures = 0;
    } catch (cause) {
      if (this.#ended) return;
      this.#askIn(backoffMs(retries, this.#failures, Math.random));
      this.#failures += 1;
      this.#options.onError?.(this.#unavailable(cause));
    }
  }

  async #ask(): Promise<void> {
    const { port } = this.#options;
    const found = port === undefined ? await this.#services() : await this.#addresses(port);
    if (this.#ended) return;
    this.#askIn(found.nextMs);
    const instances = found.instances.slice(0, maxInstances);
    instances.sort((left, right) => (left.id < right.id ? -1 : 1));
    const text = JSON.stringify(instances);
    if (text === this.#text) return;
    this.#text = text;
    this.#current = instances;
    for (const listener of this.#listeners) listener(instances);
  }

  #askIn(delayMs: number): void {
    this.#timer = this.#clock.schedule(delayMs, () => void this.#again());
  }

  async #services(): Promise<{ readonly instances: Instance[]; readonly nextMs: number }> {
    const records = await noneIfMissing(this.#resolver.resolveSrv(this.#options.name));
    const best = Math.min(...records.map(({ priority }) => priority));
    const instances = records
      // A single "." says that the service is decidedly not there (RFC 2782).
      .filter(({ priority, name }) => priority === best && name !== '' && name !== '.')
      .map(({ name, port, weight }) => this.#instance(name, port, { weight: String(weight) }));
    return { instances, nextMs: this.#refreshMs };
  }

  async #addresses(
    port: number,
  ): Promise<{ readonly instances: Instance[]; readonly nextMs: number }> {
    const { name } = this.#options;
    const [four, six] = await Promise.all([
      noneIfMissing(this.#resolver.resolve4(name, { ttl: true })),
      noneIfMissing(this.#resolver.resolve6(name, { ttl: true })),
    ]);
    const instances = [
      ...four.map(({ address }) => this.#instance(address, port, {})),
      ...six.map(({ address }) => this.#instance(`[${address}]`, port, {})),
    ];
    const ttlMs = Math.min(...[...four, ...six].map(({ ttl }) => ttl * 1000));
    return { instances, nextMs: Math.max(Math.min(ttlMs, this.#refreshMs), minRefreshMs) };
  }

  #instance(host: string, port: number, labels: Record<string, string>): Instance {
    const { name, scheme = 'http://' } = this.#options;
    const id = `${host}:${port}`;
    const address = scheme + id;
    return { id, name, version: '0', address, capabilities: [], labels, health: 'serving' };
  }

  #unavailable(cause: unknown): RpcError {
    const { name } = this.#options;
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    return new RpcError('unavailable', `DNS has no answer about ${name}: ${code}`, {
      cause,
      retryable: true,
    });
  }
}

/** A name without records of this kind is an answer as well. */
async function noneIfMissing<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENODATA' || code === 'ENOTFOUND') return [];
    throw error;
  }
}
