import { Resolver } from 'node:dns/promises';
import type { Endpoint, Endpoints } from '../balancing/endpoints.ts';
import { type Backoff, backoffMs } from '../core/backoff.ts';
import { type Clock, type Scheduled, systemClock } from '../core/clock.ts';
import { RpcError } from '../rpc-error.ts';

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
  /** Before the host and port of an endpoint's address. Default `http://`. */
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
const maxEndpoints = 1_000;
const retries: Backoff = { initialMs: 1_000, maxMs: 30_000, multiplier: 2, jitter: 0.2 };

/** Endpoints that are asked for again and again, until they are disposed of. */
export interface DnsEndpoints extends Endpoints, Disposable {}

/**
 * Finds endpoints in DNS: by SRV records (RFC 2782), with their priority and weight, or by addresses.
 * In the order of their addresses, at most 1,000; a name that has no records has none.
 * @throws RpcError unavailable when DNS cannot be asked the first time.
 */
export async function discoverDns(options: DnsDiscoveryOptions): Promise<DnsEndpoints> {
  const discovery = new DnsDiscovery(options);
  await discovery.begin();
  return discovery;
}

interface Found {
  readonly endpoints: Endpoint[];
  /** When it is to be asked again. */
  readonly nextMs: number;
}

class DnsDiscovery implements DnsEndpoints {
  readonly #options: DnsDiscoveryOptions;
  readonly #resolver: DnsResolver;
  readonly #clock: Clock;
  readonly #refreshMs: number;
  readonly #listeners = new Set<(endpoints: readonly Endpoint[]) => void>();
  #current: readonly Endpoint[] = [];
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

  get current(): readonly Endpoint[] {
    return this.#current;
  }

  onChange(listener: (endpoints: readonly Endpoint[]) => void): () => void {
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
    const endpoints = found.endpoints.slice(0, maxEndpoints);
    endpoints.sort((left, right) => (left.address < right.address ? -1 : 1));
    const text = JSON.stringify(endpoints);
    if (text === this.#text) return;
    this.#text = text;
    this.#current = endpoints;
    for (const listener of this.#listeners) listener(endpoints);
  }

  #askIn(delayMs: number): void {
    this.#timer = this.#clock.schedule(delayMs, () => void this.#again());
  }

  async #services(): Promise<Found> {
    const records = await noneIfMissing(this.#resolver.resolveSrv(this.#options.name));
    const endpoints = records
      // A single "." says that the service is decidedly not there (RFC 2782).
      .filter(({ name }) => name !== '' && name !== '.')
      .map(({ name, port, priority, weight }) => ({
        address: this.#addressOf(name, port),
        priority,
        weight,
      }));
    return { endpoints, nextMs: this.#refreshMs };
  }

  async #addresses(port: number): Promise<Found> {
    const { name } = this.#options;
    const [four, six] = await Promise.all([
      noneIfMissing(this.#resolver.resolve4(name, { ttl: true })),
      noneIfMissing(this.#resolver.resolve6(name, { ttl: true })),
    ]);
    const endpoints = [
      ...four.map(({ address }) => ({ address: this.#addressOf(address, port) })),
      ...six.map(({ address }) => ({ address: this.#addressOf(`[${address}]`, port) })),
    ];
    const ttlMs = Math.min(...[...four, ...six].map(({ ttl }) => ttl * 1000));
    return { endpoints, nextMs: Math.max(Math.min(ttlMs, this.#refreshMs), minRefreshMs) };
  }

  #addressOf(host: string, port: number): string {
    return `${this.#options.scheme ?? 'http://'}${host}:${port}`;
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
