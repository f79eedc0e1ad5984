import type { Socket } from 'bun';

/** How long a side may take what is left for it once the other is gone, in milliseconds. */
const lingerMs = 10_000;

/**
 * One side of a connection whose bytes are passed to another. A side that takes less than comes makes
 * the other wait, so that what is held in memory is one read of a socket.
 */
export class Leg {
  #raw: Socket<Leg> | undefined;
  #other: Leg | undefined;
  readonly #waiting: Uint8Array[] = [];
  #state: 'open' | 'ending' | 'done' = 'open';
  #linger: ReturnType<typeof setTimeout> | undefined;
  readonly #onDone: () => void;

  /** `onDone` is called once, when nothing is left to be written, or the socket is gone. */
  constructor(onDone: () => void) {
    this.#onDone = onDone;
  }

  /** Two sides that pass on to each other what they get. */
  static join(left: Leg, right: Leg): void {
    left.#other = right;
    right.#other = left;
  }

  /** Its socket is there. Where the other is gone by now, it is of no use. */
  attach(raw: Socket<Leg>): void {
    this.#raw = raw;
    raw.setNoDelay(true);
    if (this.#state !== 'open') raw.terminate();
  }

  /** Its socket got bytes, which are used up when this returns. */
  received(bytes: Uint8Array): void {
    if (this.#other) this.#other.#write(bytes);
  }

  /** Its socket takes bytes again. */
  drained(): void {
    const raw = this.#raw;
    if (raw === undefined || this.#state === 'done') return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const sent = Math.max(0, raw.write(first));
      if (sent < first.length) {
        this.#waiting[0] = first.subarray(sent);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#state === 'ending') this.#finish(raw);
    else this.#source?.resume();
  }

  /** Its socket is gone: the other gets what is on its way, and ends. */
  closed(): void {
    clearTimeout(this.#linger);
    this.#waiting.length = 0;
    this.#done();
    if (this.#other) this.#other.#end();
  }

  /** Cuts both sides. */
  cut(): void {
    this.#raw?.terminate();
    this.#source?.terminate();
    this.closed();
  }

  /** The socket that what is written here comes from. */
  get #source(): Socket<Leg> | undefined {
    const other = this.#other;
    return other === undefined ? undefined : other.#raw;
  }

  #write(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    let sent = 0;
    if (this.#raw !== undefined && this.#waiting.length === 0) {
      sent = Math.max(0, this.#raw.write(bytes));
      if (sent === bytes.length) return;
    }
    this.#waiting.push(bytes.slice(sent));
    this.#source?.pause();
  }

  #end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    const raw = this.#raw;
    if (raw === undefined) {
      this.#done();
      return;
    }
    this.#linger = setTimeout(() => raw.terminate(), lingerMs);
    this.#linger.unref();
    if (this.#waiting.length === 0) this.#finish(raw);
  }

  /** What was written goes out, then FIN; `end` of a TLS socket would send TLS's notice and no FIN. */
  #finish(raw: Socket<Leg>): void {
    this.#done();
    raw.shutdown();
  }

  #done(): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#onDone();
  }
}
