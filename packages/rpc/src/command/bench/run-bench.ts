import type { Transport } from '../../core/call.ts';
import { BenchCall, type BenchPlan } from './bench-call.ts';
import { BenchResults } from './bench-results.ts';

/** How calls follow each other. */
export type BenchLoop =
  | {
      /** So many are under way at any time: for capacity. */
      readonly kind: 'closed';
      readonly concurrency: number;
    }
  | {
      /** They begin at a fixed rate, however long they take: for latency. */
      readonly kind: 'open';
      readonly perSecond: number;
      /** Calls under way at once. Those that are due meanwhile begin late, and count from when they were due. */
      readonly maxInFlight: number;
    };

export interface BenchOptions {
  readonly plan: BenchPlan;
  readonly loop: BenchLoop;
  /** Calls take turns on them. */
  readonly transports: readonly Transport[];
  /** Before anything is measured, in milliseconds; 0 for none. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** What calls may take that are under way at the end, in milliseconds; then they are given up. */
  readonly drainMs: number;
  /** Ends the run early; what was measured counts. */
  readonly signal: AbortSignal;
}

export interface BenchRun {
  readonly results: BenchResults;
  /** What was measured took so long, in milliseconds. */
  readonly measuredMs: number;
  /** Calls that ended well in that time, whenever they began. */
  readonly endedOk: number;
}

/** Makes calls for some time and measures them. Failed calls are counted; none is thrown. */
export function runBench(options: BenchOptions): Promise<BenchRun> {
  return new Promise((resolve) => {
    new Run(options, resolve).begin();
  });
}

/** Below this wait a timer is too coarse, so the event loop goes round instead, in milliseconds. */
const spinMs = 2;

class Run {
  readonly #options: BenchOptions;
  readonly #resolve: (run: BenchRun) => void;
  readonly #now: () => number;
  readonly #results = new BenchResults();
  readonly #open = new Set<BenchCall>();
  readonly #beganAt: number;
  /** When measuring begins and ends. */
  readonly #measureAt: number;
  #endAt: number;
  #next = 0;
  #endedOk = 0;
  /** What is due waits for the end of a call. */
  #isFull = false;
  #isStopping = false;
  #isOver = false;
  /** Of the next call, and of the end. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BenchOptions, resolve: (run: BenchRun) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#now = options.plan.now;
    this.#beganAt = this.#now();
    this.#measureAt = this.#beganAt + options.warmUpMs;
    this.#endAt = this.#measureAt + options.durationMs;
  }

  begin(): void {
    const { loop, signal } = this.#options;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#end = setTimeout(() => this.#stop(), this.#endAt - this.#beganAt);
    if (signal.aborted) this.#onAbort();
    else if (loop.kind === 'open') this.#tick(loop.perSecond, loop.maxInFlight);
    else for (let i = 0; i < loop.concurrency; i++) this.#start(this.#now());
  }

  readonly #onAbort = (): void => {
    if (this.#isStopping) this.#giveUp();
    else this.#stop();
  };

  /** Begins what is due, then waits for what is next. */
  #tick(perSecond: number, maxInFlight: number): void {
    if (this.#isStopping) return;
    for (;;) {
      const now = this.#now();
      if (now >= this.#endAt) {
        this.#stop();
        return;
      }
      const wait = this.#dueAt(perSecond) - now;
      if (wait > 0) {
        const again = (): void => this.#tick(perSecond, maxInFlight);
        if (wait > spinMs) this.#timer = setTimeout(again, wait - spinMs);
        else setImmediate(again);
        return;
      }
      if (this.#open.size >= maxInFlight) {
        this.#isFull = true;
        return;
      }
      this.#start(this.#dueAt(perSecond));
    }
  }

  #dueAt(perSecond: number): number {
    return this.#beganAt + (this.#next * 1_000) / perSecond;
  }

  #start(dueAt: number): void {
    const { plan, transports } = this.#options;
    const transport = transports[this.#next % transports.length] as Transport;
    this.#next += 1;
    const results = dueAt < this.#measureAt ? undefined : this.#results;
    const call = new BenchCall(plan, results, dueAt, (ended) => this.#ended(ended));
    this.#open.add(call);
    call.begin(transport);
  }

  #ended(call: BenchCall): void {
    this.#open.delete(call);
    const now = this.#now();
    if (call.error === undefined && now >= this.#measureAt && now <= this.#endAt) {
      this.#endedOk += 1;
    }
    // A timer alone would come late where calls end without a turn of the event loop.
    if (now >= this.#endAt) this.#stop();
    if (this.#isStopping) {
      if (this.#open.size === 0) this.#finish();
      return;
    }
    const { loop } = this.#options;
    if (loop.kind === 'open') {
      if (!this.#isFull) return;
      this.#isFull = false;
      this.#tick(loop.perSecond, loop.maxInFlight);
    } else if (call.error === undefined) this.#start(now);
    // A call that fails at once must not keep the event loop from all else.
    else setImmediate(() => this.#isStopping || this.#start(this.#now()));
  }

  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    clearTimeout(this.#end);
    clearTimeout(this.#timer);
    this.#endAt = Math.min(this.#endAt, this.#now());
    this.#countUnsent();
    if (this.#open.size === 0) {
      this.#finish();
      return;
    }
    const { signal, drainMs } = this.#options;
    this.#end = setTimeout(() => this.#giveUp(), signal.aborted ? 0 : drainMs);
  }

  #countUnsent(): void {
    const { loop } = this.#options;
    if (loop.kind !== 'open') return;
    // Rounding must not make one more of what is due exactly at the end.
    const due = Math.ceil(((this.#endAt - this.#beganAt) * loop.perSecond) / 1_000 - 1e-6);
    this.#results.unsent = Math.max(0, due - this.#next);
  }

  #giveUp(): void {
    for (const call of [...this.#open]) call.giveUp();
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#end);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#resolve({
      results: this.#results,
      measuredMs: Math.max(0, this.#endAt - this.#measureAt),
      endedOk: this.#endedOk,
    });
  }
}
