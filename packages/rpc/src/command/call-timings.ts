import type { Transport } from '../core/call.ts';
import { isReadyTransport } from '../core/ready-transport.ts';
import { formatMicroseconds } from './duration.ts';

/** When what of a call has happened. */
export class CallTimings {
  readonly #now: () => number;
  readonly #parts: { readonly name: string; readonly ms: number }[] = [];
  #began = Number.NaN;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Connects, where the transport does that before its first call. A failure is not told here: the
   * first call tells it.
   */
  async connect(transport: Transport, signal: AbortSignal): Promise<void> {
    if (!isReadyTransport(transport)) return;
    const began = this.#now();
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (transport.readiness === 'connecting' && !signal.aborted) return;
        stop();
        signal.removeEventListener('abort', check);
        resolve();
      };
      const stop = transport.onReadiness(check);
      signal.addEventListener('abort', check, { once: true });
      transport.connect();
      check();
    });
    this.#add('connect', began);
  }

  /** Measures what has to be known before the call. */
  async measure<T>(name: string, work: Promise<T>): Promise<T> {
    const began = this.#now();
    try {
      return await work;
    } finally {
      this.#add(name, began);
    }
  }

  /** The call begins; what follows is counted from here. */
  begin(): void {
    this.#began = this.#now();
  }

  /** Counts once; the names are those in `text`. */
  mark(name: 'header' | 'first message' | 'total'): void {
    if (Number.isNaN(this.#began) || this.#parts.some((part) => part.name === name)) return;
    this.#add(name, this.#began);
  }

  /** Whether that has happened. */
  has(name: 'header'): boolean {
    return this.#parts.some((part) => part.name === name);
  }

  /** `connect 1.20 ms · schema 4.10 ms · header 812 µs · first message 815 µs · total 820 µs` */
  text(): string {
    return this.#parts
      .map(({ name, ms }) => `${name} ${formatMicroseconds(ms * 1_000)}`)
      .join(' · ');
  }

  #add(name: string, since: number): void {
    this.#parts.push({ name, ms: this.#now() - since });
  }
}
