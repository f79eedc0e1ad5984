/** An entry of a timer wheel. It is its own list node, so that adding one allocates nothing. */
export abstract class Timed {
  /** When it is due, by the wheel's clock. Set by the wheel. */
  dueAt: number = Number.POSITIVE_INFINITY;
  /** Neighbours in the wheel's slot; undefined while it is in none. Only the wheel touches them. */
  previousTimed: Timed | undefined;
  nextTimed: Timed | undefined;

  /** Called once when due, after it was taken out of the wheel. It must not throw. */
  abstract onDue(): void;
}

const slotMs = 4;
const slotCount = 1_024;

/**
 * All deadlines of a process in one timer: adding and removing take constant time, however many
 * there are. An entry is called up to 4 ms late, never early, all on one turn of the event loop.
 *
 * Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987, scheme 6.
 */
export class TimerWheel {
  readonly #slots: Timed[] = [];
  readonly #now: () => number;
  #size = 0;
  /** The last slot whose time has passed, counted from the clock's zero. */
  #passed: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The slot that the timer is set for. */
  #awaited = Number.POSITIVE_INFINITY;

  /** `now` is a monotonic clock in milliseconds. */
  constructor(now: () => number = monotonicNow) {
    this.#now = now;
    this.#passed = Math.floor(now() / slotMs);
    for (let i = 0; i < slotCount; i++) this.#slots.push(emptySlot());
  }

  /** The number of entries. */
  get size(): number {
    return this.#size;
  }

  /** Calls `entry.onDue` at `dueAt` or soon after. An entry that is in the wheel already is moved. */
  add(entry: Timed, dueAt: number): void {
    this.remove(entry);
    entry.dueAt = dueAt;
    if (dueAt === Number.POSITIVE_INFINITY) return;
    if (this.#size === 0) this.#passed = Math.floor(this.#now() / slotMs);
    const slot = Math.max(Math.ceil(dueAt / slotMs), this.#passed + 1);
    const head = this.#slots[slot % slotCount] as Timed;
    const last = head.previousTimed as Timed;
    entry.previousTimed = last;
    entry.nextTimed = head;
    last.nextTimed = entry;
    head.previousTimed = entry;
    this.#size++;
    if (slot < this.#awaited) this.#await(slot);
  }

  /** Takes an entry out. Does nothing where it is not in. */
  remove(entry: Timed): void {
    const { previousTimed, nextTimed } = entry;
    if (previousTimed === undefined || nextTimed === undefined) return;
    previousTimed.nextTimed = nextTimed;
    nextTimed.previousTimed = previousTimed;
    entry.previousTimed = undefined;
    entry.nextTimed = undefined;
    this.#size--;
  }

  #await(slot: number): void {
    clearTimeout(this.#timer);
    this.#awaited = slot;
    const delayMs = Math.max(0, slot * slotMs - this.#now());
    this.#timer = setTimeout(() => this.#turn(), Math.min(Math.ceil(delayMs), 2 ** 31 - 1));
    // A deadline alone keeps no process alive; in a browser the timer is a number.
    if (typeof this.#timer === 'object') this.#timer.unref();
  }

  #turn(): void {
    this.#awaited = Number.POSITIVE_INFINITY;
    const now = this.#now();
    const current = Math.floor(now / slotMs);
    const first = Math.max(this.#passed + 1, current - slotCount + 1);
    this.#passed = current;
    for (let slot = first; slot <= current; slot++) this.#fire(slot % slotCount, now);
    if (this.#size === 0) return;
    let next = current + 1;
    while (next < current + slotCount && this.#isEmpty(next)) next++;
    if (next < this.#awaited) this.#await(next);
  }

  #isEmpty(slot: number): boolean {
    const head = this.#slots[slot % slotCount] as Timed;
    return head.nextTimed === head;
  }

  /** The chain is taken off its slot first: `onDue` may add and remove whatever it likes. */
  #fire(index: number, now: number): void {
    const chain = this.#slots[index] as Timed;
    if (chain.nextTimed === chain) return;
    this.#slots[index] = emptySlot();
    while (chain.nextTimed !== chain) {
      const entry = chain.nextTimed as Timed;
      this.remove(entry);
      if (entry.dueAt <= now) entry.onDue();
      else this.add(entry, entry.dueAt);
    }
  }
}

class SlotHead extends Timed {
  override onDue(): void {}
}

function emptySlot(): Timed {
  const head = new SlotHead();
  head.previousTimed = head;
  head.nextTimed = head;
  return head;
}

/** Milliseconds of a clock that never jumps. */
export function monotonicNow(): number {
  return performance.now();
}

/** The wheel of this process, for all calls and connections. */
export const timerWheel: TimerWheel = new TimerWheel();
