import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from '../core/call.ts';
import type { MethodInfo } from '../core/method.ts';
import { isReadyTransport, type Readiness, type ReadyTransport } from '../core/ready-transport.ts';
import { WatchedClientCall } from '../core/watched-call.ts';

export interface ConnectionPoolOptions {
  /** Makes a transport of one connection, all to the same server. */
  readonly connect: () => Transport;
  /** Connections at most, at least 1. */
  readonly size: number;
  /** With so many calls on each connection another one is made: 100. */
  readonly callsPerConnection?: number;
}

/**
 * One server over several connections: for servers that take few calls on each, or that answer each
 * connection on one core. A call goes to the connection with the fewest; while one connects, calls
 * go to those that are ready.
 */
export function connectionPool(options: ConnectionPoolOptions): ReadyTransport {
  return new ConnectionPool(options);
}

interface Pooled {
  readonly transport: Transport;
  /** The same, if it says how ready it is. */
  readonly connection: ReadyTransport | undefined;
  pending: number;
}

class ConnectionPool implements ReadyTransport {
  readonly #options: ConnectionPoolOptions;
  readonly #callsPerConnection: number;
  readonly #pooled: Pooled[] = [];
  readonly #first: Pooled;
  readonly #listeners = new Set<() => void>();

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    this.#callsPerConnection = options.callsPerConnection ?? 100;
    this.#first = this.#add();
  }

  get readiness(): Readiness {
    let best: Readiness = 'closed';
    for (const pooled of this.#pooled) {
      const readiness = readinessOf(pooled);
      if (order.indexOf(readiness) < order.indexOf(best)) best = readiness;
    }
    return best;
  }

  get retryAt(): number {
    return Math.min(...this.#pooled.map(({ connection }) => connection?.retryAt ?? 0));
  }

  connect(): void {
    this.#first.connection?.connect();
  }

  onReadiness(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const pooled = this.#pick();
    return new PooledCall(sink, pooled).open(pooled.transport, method, options);
  }

  async close(): Promise<void> {
    await Promise.all(this.#pooled.map(({ transport }) => transport.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pick(): Pooled {
    let best: Pooled | undefined;
    for (const pooled of this.#pooled) {
      if (readinessOf(pooled) !== 'ready') continue;
      if (best === undefined || pooled.pending < best.pending) best = pooled;
    }
    if (best === undefined) return this.#first;
    if (best.pending < this.#callsPerConnection) return best;
    const another = this.#another();
    return another && readinessOf(another) === 'ready' ? another : best;
  }

  /** A connection for the calls to come, unless one is being made or there are enough. */
  #another(): Pooled | undefined {
    if (this.#pooled.some((pooled) => readinessOf(pooled) === 'connecting')) return undefined;
    const idle = this.#pooled.find((pooled) => readinessOf(pooled) === 'idle');
    const another = idle ?? (this.#pooled.length < this.#options.size ? this.#add() : undefined);
    another?.connection?.connect();
    return another;
  }

  #add(): Pooled {
    const transport = this.#options.connect();
    const connection = isReadyTransport(transport) ? transport : undefined;
    connection?.onReadiness(() => this.#announce());
    const pooled: Pooled = { transport, connection, pending: 0 };
    this.#pooled.push(pooled);
    return pooled;
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Best first: the pool is as ready as its best connection. */
const order: readonly Readiness[] = ['ready', 'connecting', 'idle', 'failed', 'closed'];

function readinessOf(pooled: Pooled): Readiness {
  return pooled.connection?.readiness ?? 'ready';
}

class PooledCall extends WatchedClientCall {
  readonly #pooled: Pooled;

  constructor(sink: ClientSink, pooled: Pooled) {
    super(sink);
    this.#pooled = pooled;
    pooled.pending++;
  }

  protected override ended(_trailer: Trailer): void {
    this.#pooled.pending--;
  }
}
