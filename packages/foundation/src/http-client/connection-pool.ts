import type { Connection, ConnectionOwner, Passenger } from './connection.ts';
import { dial, type Lookup, type Origin } from './dial.ts';
import { HttpFault } from './http-fault.ts';

/** What the pools of a client share. */
export interface PoolOptions {
  readonly connectTimeoutMs: number;
  /** Connections to one origin, used or not; a request that finds no free one waits. */
  readonly maxPerOrigin: number;
  /** Requests that may wait for a connection to one origin. */
  readonly maxWaiting: number;
  /** How long a connection is kept that nothing uses. */
  readonly idleMs: number;
  readonly lookup?: Lookup | undefined;
  /** Makes room for one more connection among those of all origins; false where there is none. */
  takeRoom(): boolean;
  giveRoom(): void;
}

/** A server that says how long it keeps connections is not asked over one within this before its end. */
const idleMarginMs = 1_000;
/** How often connections that nothing has used for too long are looked for. */
const sweepMs = 5_000;

/** The connections to one origin. Of the free ones the one used last is taken first. */
export class ConnectionPool implements ConnectionOwner {
  readonly #origin: Origin;
  readonly #options: PoolOptions;
  /** The one used last stands last. */
  readonly #free: Connection[] = [];
  readonly #waiting = new Set<Passenger>();
  /** Connections, those included that are on their way. */
  #open = 0;
  #opening = 0;
  #isClosed = false;
  #sweep: ReturnType<typeof setTimeout> | undefined;

  constructor(origin: Origin, options: PoolOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** It has no connection, and nobody waits for one. */
  get isEmpty(): boolean {
    return this.#open === 0 && this.#waiting.size === 0;
  }

  /** Gives a request to a free connection, or to the next that there is. */
  carry(passenger: Passenger): void {
    const now = performance.now();
    for (let free = this.#free.pop(); free; free = this.#free.pop()) {
      if (free.expiresAt <= now) free.close();
      else if (free.carry(passenger)) return;
    }
    this.#wait(passenger);
  }

  /** The same once more, after the connection was found closed: the free ones are as old or older. */
  carryAfresh(passenger: Passenger): void {
    this.#closeFree();
    this.#wait(passenger);
  }

  /** A request that waits is not wanted any more. */
  forget(passenger: Passenger): void {
    this.#waiting.delete(passenger);
  }

  /** Closes the connection that was free for the longest time; false where none is free. */
  closeOldest(): boolean {
    const oldest = this.#free.shift();
    oldest?.close();
    return oldest !== undefined;
  }

  /** Closes what is free, now and from now on. */
  close(): void {
    this.#isClosed = true;
    this.#closeFree();
  }

  free(connection: Connection): void {
    for (const passenger of this.#waiting) {
      this.#waiting.delete(passenger);
      if (connection.carry(passenger)) return;
      this.#wait(passenger);
      return;
    }
    if (this.#isClosed) {
      connection.close();
      return;
    }
    const told = connection.idleMs;
    const { idleMs } = this.#options;
    const restMs = told === undefined ? idleMs : Math.min(idleMs, told - idleMarginMs);
    connection.expiresAt = performance.now() + restMs;
    connection.rest();
    this.#free.push(connection);
    this.#sweep ??= this.#laterSweep();
  }

  gone(connection: Connection): void {
    const at = this.#free.lastIndexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    this.#open--;
    this.#options.giveRoom();
    this.#openMore();
  }

  #wait(passenger: Passenger): void {
    const { maxWaiting } = this.#options;
    if (this.#waiting.size >= maxWaiting) {
      passenger.onFault(tooMany(`${maxWaiting} requests wait for a connection already`), false);
      return;
    }
    this.#waiting.add(passenger);
    this.#openMore();
  }

  /** As many connections are on their way as requests wait, up to the limits. */
  #openMore(): void {
    const { maxPerOrigin, takeRoom } = this.#options;
    while (this.#opening < this.#waiting.size && this.#open < maxPerOrigin) {
      if (!takeRoom()) {
        // Where one of ours will be free sooner or later, that one is waited for.
        if (this.#open === 0) this.#failFirst(tooMany('too many connections are open'));
        return;
      }
      this.#open++;
      this.#opening++;
      void this.#dial();
    }
  }

  async #dial(): Promise<void> {
    const { connectTimeoutMs, lookup } = this.#options;
    try {
      const connection = await dial(this.#origin, connectTimeoutMs, this, lookup);
      this.#opening--;
      this.free(connection);
    } catch (reason) {
      this.#opening--;
      this.#open--;
      this.#options.giveRoom();
      this.#failFirst(reason);
      this.#openMore();
    }
  }

  #failFirst(reason: unknown): void {
    for (const passenger of this.#waiting) {
      this.#waiting.delete(passenger);
      passenger.onFault(reason, false);
      return;
    }
  }

  #laterSweep(): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      const now = performance.now();
      for (const connection of [...this.#free]) {
        if (connection.expiresAt <= now) connection.close();
      }
      this.#sweep = this.#free.length > 0 ? this.#laterSweep() : undefined;
    }, sweepMs);
    timer.unref();
    return timer;
  }

  #closeFree(): void {
    for (const connection of this.#free.splice(0)) connection.close();
    clearTimeout(this.#sweep);
    this.#sweep = undefined;
  }
}

function tooMany(what: string): HttpFault {
  return new HttpFault('HTTP_TOO_MANY', what);
}
