import type { Peer } from '../../../core/call.ts';
import type { RpcLimits } from '../../../core/limits.ts';
import { RpcError } from '../../../rpc-error.ts';

/** A call that can be ended from outside of it. */
export interface OpenCall {
  readonly peer: Peer;
  /** No further call is taken. */
  draining(): void;
  /** Ends the call on both sides. */
  fail(error: RpcError): void;
}

/** The calls of a handler that are open, and how many each peer has. */
export class CallTable {
  readonly #limits: RpcLimits;
  readonly #open = new Set<OpenCall>();
  readonly #ofPeer = new Map<Peer, number>();
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  constructor(limits: RpcLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * @throws RpcError resource_exhausted when the peer has as many calls as it may, unavailable when
   * no new call is taken.
   */
  checkRoom(peer: Peer): void {
    if (this.#isDraining) {
      throw new RpcError('unavailable', 'the server is shutting down: call another one');
    }
    if ((this.#ofPeer.get(peer) ?? 0) >= this.#limits.maxStreams) {
      throw new RpcError(
        'resource_exhausted',
        `a connection has at most ${this.#limits.maxStreams} open calls (maxStreams)`,
      );
    }
  }

  add(call: OpenCall): void {
    this.#open.add(call);
    this.#ofPeer.set(call.peer, (this.#ofPeer.get(call.peer) ?? 0) + 1);
  }

  delete(call: OpenCall): void {
    if (!this.#open.delete(call)) return;
    const calls = this.#ofPeer.get(call.peer) ?? 1;
    if (calls === 1) this.#ofPeer.delete(call.peer);
    else this.#ofPeer.set(call.peer, calls - 1);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  /** Refuses new calls, lets the open ones end for so long, and then fails them. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    for (const call of [...this.#open]) call.draining();
    if (this.#open.size > 0 && graceMs > 0) await this.#emptyWithin(graceMs);
    const error = new RpcError('unavailable', 'the server has shut down', { retryable: true });
    for (const call of [...this.#open]) call.fail(error);
  }

  #emptyWithin(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
