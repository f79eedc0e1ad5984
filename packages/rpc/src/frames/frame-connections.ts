import { ConnectionAges } from '../core/connection-ages.ts';
import type { RpcLimits } from '../core/limits.ts';
import { RpcError } from '../rpc-error.ts';
import type { FrameConnection } from './frame-connection.ts';

const defaultGraceMs = 10_000;

/** The open connections of a listener: their number is bounded, and they end with it. */
export class FrameConnections {
  readonly #limits: RpcLimits;
  readonly #open = new Set<FrameConnection>();
  readonly #ages: ConnectionAges<FrameConnection>;
  readonly #forget = (connection: FrameConnection): void => {
    this.#open.delete(connection);
    this.#ages.delete(connection);
  };
  #closing = false;

  constructor(limits: RpcLimits) {
    this.#limits = limits;
    this.#ages = new ConnectionAges<FrameConnection>(limits, {
      drain: (connection, reason) => connection.drain(reason),
      abort: (connection, reason) => connection.abort(reason),
    });
  }

  get size(): number {
    return this.#open.size;
  }

  /** Why no further connection is taken; undefined: one is. */
  refusal(): RpcError | undefined {
    if (this.#closing) return new RpcError('unavailable', 'the server is shutting down');
    if (this.#open.size < this.#limits.maxConnections) return undefined;
    const message = `${this.#open.size} connections are open, the limit maxConnections`;
    return new RpcError('resource_exhausted', message);
  }

  add(connection: FrameConnection): void {
    this.#open.add(connection);
    this.#ages.add(connection);
    connection.onClosed = this.#forget;
  }

  /** Lets the open calls end for `graceMs`, then cancels them. */
  async close(graceMs: number = defaultGraceMs): Promise<void> {
    this.#closing = true;
    const reason = new RpcError('unavailable', 'the server is shutting down');
    const all = [...this.#open];
    for (const connection of all) connection.drain(reason);
    const timer = setTimeout(() => {
      for (const connection of this.#open) connection.abort(reason);
    }, graceMs);
    await Promise.all(all.map((connection) => connection.closed));
    clearTimeout(timer);
  }
}
