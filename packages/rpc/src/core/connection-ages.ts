import { RpcError } from '../rpc-error.ts';
import type { RpcLimits } from './limits.ts';
import { monotonicNow, Timed, timerWheel } from './timer-wheel.ts';

/** How a listener ends one of its connections. */
export interface AgeEnds<Connection> {
  /** It takes no further call, and closes after the last one. */
  drain(connection: Connection, reason: RpcError): void;
  /** Ends its calls, and it. */
  abort(connection: Connection, reason: RpcError): void;
}

type AgeLimits = Pick<RpcLimits, 'maxConnectionAgeMs' | 'maxConnectionAgeGraceMs'>;

/** A connection lives up to a tenth longer or shorter, lest many end at once. */
const jitter = 0.1;

/**
 * Ends the connections of a listener that have reached their age, so that their clients spread over
 * the servers that there are by then. Without `maxConnectionAgeMs` it keeps nothing.
 *
 * Source: gRFC A9.
 */
export class ConnectionAges<Connection> {
  readonly #limits: AgeLimits;
  readonly #ends: AgeEnds<Connection>;
  readonly #random: () => number;
  readonly #ages = new Map<Connection, Age<Connection>>();

  constructor(limits: AgeLimits, ends: AgeEnds<Connection>, random: () => number = Math.random) {
    this.#limits = limits;
    this.#ends = ends;
    this.#random = random;
  }

  /** A connection has been made. */
  add(connection: Connection): void {
    const { maxConnectionAgeMs } = this.#limits;
    if (maxConnectionAgeMs <= 0) return;
    const factor = 1 - jitter + 2 * jitter * this.#random();
    const age = new Age(this, connection);
    this.#ages.set(connection, age);
    timerWheel.add(age, monotonicNow() + maxConnectionAgeMs * factor);
  }

  /** A connection is gone. */
  delete(connection: Connection): void {
    const age = this.#ages.get(connection);
    if (age === undefined) return;
    timerWheel.remove(age);
    this.#ages.delete(connection);
  }

  /** For its entries in the timer wheel. */
  onDue(age: Age<Connection>): void {
    const { connection } = age;
    if (age.isGrace) {
      const message = 'the call outlasted the connection, whose age is limited: maxConnectionAgeMs';
      this.#ends.abort(connection, new RpcError('unavailable', message));
      return;
    }
    age.isGrace = true;
    timerWheel.add(age, monotonicNow() + this.#limits.maxConnectionAgeGraceMs);
    const message = 'the connection has reached its age: maxConnectionAgeMs';
    this.#ends.drain(connection, new RpcError('unavailable', message));
  }
}

class Age<Connection> extends Timed {
  readonly connection: Connection;
  /** It drains already. */
  isGrace = false;
  readonly #all: ConnectionAges<Connection>;

  constructor(all: ConnectionAges<Connection>, connection: Connection) {
    super();
    this.#all = all;
    this.connection = connection;
  }

  override onDue(): void {
    this.#all.onDue(this);
  }
}
