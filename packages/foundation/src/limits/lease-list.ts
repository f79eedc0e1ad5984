import type { Lease } from './concurrency-limiter.ts';

/**
 * Leases that all last equally long, in the order in which they end: a linked list, since the front
 * of a `Set` becomes slow to find when many have been taken from it.
 */
export class LeaseList {
  readonly #leaseMs: number;
  readonly #monotonicMs: () => number;
  readonly #counts = new Map<string, number>();
  #first: HeldLease | undefined;
  #last: HeldLease | undefined;
  #size = 0;
  #readingMs: number;
  #nowMs = 0;

  constructor(leaseMs: number, monotonicMs: () => number) {
    this.#leaseMs = leaseMs;
    this.#monotonicMs = monotonicMs;
    this.#readingMs = monotonicMs();
  }

  get size(): number {
    return this.#size;
  }

  /** The leases of a key, lost ones too until `endLost` has found them. */
  countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): HeldLease {
    const lease = new HeldLease(key, this);
    this.#counts.set(key, this.countOf(key) + 1);
    this.#append(lease);
    return lease;
  }

  /** Ends those whose time is over, `most` at most, and says how many. */
  endLost(most: number): number {
    const nowMs = this.#tick();
    let ended = 0;
    while (this.#first !== undefined && this.#first.untilMs <= nowMs && ended < most) {
      this.end(this.#first);
      ended += 1;
    }
    return ended;
  }

  /** False when it had ended. */
  end(lease: HeldLease): boolean {
    if (!lease.isHeld) return false;
    const count = this.countOf(lease.key) - 1;
    if (count === 0) this.#counts.delete(lease.key);
    else this.#counts.set(lease.key, count);
    this.#unlink(lease);
    return true;
  }

  /** Begins the time of a lease anew; false when it had ended. */
  prolong(lease: HeldLease): boolean {
    this.endLost(Number.POSITIVE_INFINITY);
    if (!lease.isHeld) return false;
    this.#unlink(lease);
    this.#append(lease);
    return true;
  }

  #append(lease: HeldLease): void {
    lease.isHeld = true;
    lease.untilMs = this.#tick() + this.#leaseMs;
    lease.before = this.#last;
    if (this.#last === undefined) this.#first = lease;
    else this.#last.after = lease;
    this.#last = lease;
    this.#size += 1;
  }

  #unlink(lease: HeldLease): void {
    const { before, after } = lease;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    lease.before = undefined;
    lease.after = undefined;
    lease.isHeld = false;
    this.#size -= 1;
  }

  /** The list's own time, which stands still while the clock goes back. */
  #tick(): number {
    const readingMs = this.#monotonicMs();
    if (readingMs > this.#readingMs) this.#nowMs += readingMs - this.#readingMs;
    this.#readingMs = readingMs;
    return this.#nowMs;
  }
}

/** A lease and its neighbours in the list. */
export class HeldLease implements Lease {
  readonly key: string;
  readonly #list: LeaseList;
  isHeld = false;
  untilMs = 0;
  before: HeldLease | undefined;
  after: HeldLease | undefined;

  constructor(key: string, list: LeaseList) {
    this.key = key;
    this.#list = list;
  }

  release(): boolean {
    this.#list.endLost(Number.POSITIVE_INFINITY);
    return this.#list.end(this);
  }

  renew(): boolean {
    return this.#list.prolong(this);
  }

  [Symbol.dispose](): void {
    this.#list.end(this);
  }
}
