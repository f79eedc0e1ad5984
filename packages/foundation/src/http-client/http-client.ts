import { ConnectionPool, type PoolOptions } from './connection-pool.ts';
import type { Lookup } from './dial.ts';
import { Exchange } from './exchange.ts';
import { sendByFetch } from './fetch-answer.ts';
import type { HttpAnswer } from './http-answer.ts';
import { type Environment, isProxied } from './proxied.ts';
import { type HttpRequest, type Target, targetOf } from './request-text.ts';

export interface HttpClientOptions {
  /** Sends what the environment wants to go over a proxy. */
  readonly fetch: typeof fetch;
  readonly environment: Environment;
  /**
   * Connections in all; 32,768 unless told otherwise: a stream has one for as long as it lasts, so
   * there must be more than a server lets run at once.
   */
  readonly maxConnections?: number;
  /** Connections to one origin; 32,768 unless told otherwise. More requests than that wait. */
  readonly maxPerOrigin?: number;
  /** Requests that may wait for a connection to one origin; 8,192 unless told otherwise. */
  readonly maxWaiting?: number;
  /** From the look for an address to the end of TLS's handshake; 10,000 unless told otherwise. */
  readonly connectTimeoutMs?: number;
  /** How long a connection is kept that nothing uses; 60,000 unless told otherwise. */
  readonly idleMs?: number;
  /**
   * Finds the addresses of a host, and may refuse them by throwing: connections go to these and to no
   * other. The system's own way unless told otherwise.
   */
  readonly lookup?: Lookup;
}

/** How a request is sent and answered; `HttpClient` is one. */
export interface HttpSender {
  /**
   * Sends a request; resolves when the head of its answer is there. Rejects with HttpFault, with an
   * error of the system (both have a `code`), and with the signal's reason.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

const defaultMaxConnections = 32_768;
/** Where so many URLs are known, all are forgotten: there are only some of each provider. */
const maxTargets = 1_024;
/** Where there are so many origins, those without connections are forgotten. */
const maxPools = 256;

/** A URL that was seen before, and how it is asked; undefined where that is by `fetch`. */
interface Route {
  readonly target: Target;
  readonly pool: ConnectionPool | undefined;
}

/**
 * A client of HTTP/1.1 (RFC 9110, 9112) on the thread that calls it. Connections are kept and used
 * again; redirects are not followed, no compression is asked for (what comes compressed is decoded),
 * and an answer that breaks the rules of HTTP is an error and the end of its connection. A request
 * whose used connection closes before any byte of its answer goes out once more if it may.
 */
export class HttpClient implements HttpSender, Disposable {
  readonly #options: HttpClientOptions;
  readonly #poolOptions: PoolOptions;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #routes = new Map<string, Route>();
  #open = 0;
  #isClosed = false;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#poolOptions = {
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      maxPerOrigin: options.maxPerOrigin ?? defaultMaxConnections,
      maxWaiting: options.maxWaiting ?? 8_192,
      idleMs: options.idleMs ?? 60_000,
      lookup: options.lookup,
      takeRoom: () => this.#takeRoom(),
      giveRoom: () => {
        this.#open--;
      },
    };
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    try {
      const { pool, target } = this.#routeOf(request.url);
      if (pool === undefined) return sendByFetch(this.#options.fetch, request);
      return new Exchange(request, target, pool).send();
    } catch (fault) {
      return Promise.reject(fault);
    }
  }

  /** Connections that are open or on their way. */
  get openConnections(): number {
    return this.#open;
  }

  /** Closes the connections that nothing uses, now and from now on. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const pool of this.#pools.values()) pool.close();
  }

  #routeOf(url: string): Route {
    const known = this.#routes.get(url);
    if (known) return known;
    const target = targetOf(url);
    const proxied = isProxied(target, this.#options.environment);
    const route = { target, pool: proxied ? undefined : this.#poolOf(target) };
    if (this.#routes.size >= maxTargets) this.#routes.clear();
    this.#routes.set(url, route);
    return route;
  }

  #poolOf(target: Target): ConnectionPool {
    const known = this.#pools.get(target.origin);
    if (known) return known;
    if (this.#pools.size >= maxPools) this.#forgetEmpty();
    const pool = new ConnectionPool(target, this.#poolOptions);
    if (this.#isClosed) pool.close();
    this.#pools.set(target.origin, pool);
    return pool;
  }

  /** A pool that is forgotten must not be in a route. */
  #forgetEmpty(): void {
    this.#routes.clear();
    for (const [origin, pool] of this.#pools) if (pool.isEmpty) this.#pools.delete(origin);
  }

  #takeRoom(): boolean {
    const { maxConnections = defaultMaxConnections } = this.#options;
    if (this.#open >= maxConnections && !this.#closeOldest()) return false;
    this.#open++;
    return true;
  }

  #closeOldest(): boolean {
    for (const pool of this.#pools.values()) if (pool.closeOldest()) return true;
    return false;
  }
}
