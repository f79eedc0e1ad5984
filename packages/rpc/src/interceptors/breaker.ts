import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from '../core/call.ts';
import { FailedCall } from '../core/failed-call.ts';
import type { MethodInfo } from '../core/method.ts';
import { WatchedClientCall } from '../core/watched-call.ts';
import { type BreakerOptions, type BreakerState, Circuit } from './circuit.ts';

export { type BreakerOptions, type BreakerState, serverFaults } from './circuit.ts';

/** A circuit breaker whose state can be read. */
export interface Breaker {
  /** As of now: an open breaker whose time is over is half-open. */
  readonly state: BreakerState;
  /** Puts the breaker before a transport. What stands behind one breaker fails and recovers together. */
  readonly interceptor: (next: Transport) => Transport;
}

/**
 * Spares a server that fails: after some failures calls end at once with `unavailable`, marked as
 * refused, so that a load balancer may try elsewhere; later a few calls are let through, and when
 * they succeed, all are. A call succeeds with the first message of its answer or an end without an
 * error. What began before the breaker opened says nothing about the server later, and is not counted.
 */
export function breaker(options: BreakerOptions = {}): (next: Transport) => Transport {
  return createBreaker(options).interceptor;
}

/** The same, for who wants to show its state: `breaker` is its `interceptor`. */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const circuit = new Circuit(options);
  return {
    get state() {
      return circuit.state;
    },
    interceptor: (next) => new BreakerTransport(next, circuit),
  };
}

class BreakerTransport implements Transport {
  readonly #next: Transport;
  readonly #circuit: Circuit;

  constructor(next: Transport, circuit: Circuit) {
    this.#next = next;
    this.#circuit = circuit;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const refusal = this.#circuit.enter();
    if (refusal !== undefined) return new FailedCall(sink, refusal);
    return new BreakerCall(sink, this.#circuit).open(this.#next, method, options);
  }

  close(): Promise<void> {
    return this.#next.close();
  }
}

class BreakerCall extends WatchedClientCall {
  readonly #circuit: Circuit;
  readonly #epoch: number;
  #succeeded = false;

  constructor(sink: ClientSink, circuit: Circuit) {
    super(sink);
    this.#circuit = circuit;
    this.#epoch = circuit.epoch;
  }

  protected override received(): void {
    this.#succeed();
  }

  protected override ended(trailer: Trailer): void {
    if (trailer.error === undefined) this.#succeed();
    else this.#circuit.failed(this.#epoch, trailer.error.code, this.#succeeded);
  }

  #succeed(): void {
    if (this.#succeeded) return;
    this.#succeeded = true;
    this.#circuit.succeeded(this.#epoch);
  }
}
