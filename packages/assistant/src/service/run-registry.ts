import { RpcError } from '@zeke/rpc';
import type { AgentEvent } from '../agent/agent-event.ts';

/** Events of one run that are kept for who comes later; of more, the first are dropped. */
const maxKeptEvents = 20_000;
/** How long a run that has ended can still be looked at, in milliseconds. */
const keepEndedMs = 5 * 60_000;
/** Runs that have ended and are kept. */
const maxEnded = 50;

/** An event with its number in its run, from 1. */
export interface NumberedEvent {
  readonly sequence: number;
  readonly event: AgentEvent;
}

export interface StartOptions {
  /** It goes on when who started it leaves. */
  readonly isDetached: boolean;
  /** Of who started it. */
  readonly signal: AbortSignal;
}

/** Runs of agents under way, and those that ended lately: to be followed by any number of callers. */
export class RunRegistry implements AsyncDisposable {
  readonly #runs = new Map<string, Run>();
  readonly #starting = new Set<Run>();

  /** How many are under way. */
  get active(): number {
    const known = new Set([...this.#runs.values(), ...this.#starting]);
    return [...known].filter(({ isEnded }) => !isEnded).length;
  }

  /**
   * Begins a run and tells its events. Leaving the loop ends it, unless it is detached. Throws what
   * `begin` throws before its first event.
   */
  async *start(
    begin: (signal: AbortSignal) => AsyncIterable<AgentEvent>,
    { isDetached, signal }: StartOptions,
  ): AsyncGenerator<NumberedEvent> {
    const run = new Run(begin, (sessionId) => {
      this.#runs.set(sessionId, run);
      this.#starting.delete(run);
    });
    this.#starting.add(run);
    void run.ended.then(() => this.#keepForAWhile(run));
    try {
      yield* run.follow(0, signal);
    } finally {
      if (!isDetached) await run.stop();
      this.#starting.delete(run);
    }
  }

  /** Events of a run after one of them. Throws `not_found` where there is none of this session. */
  follow(sessionId: string, after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    const run = this.#runs.get(sessionId);
    if (run !== undefined) return run.follow(after, signal);
    throw new RpcError('not_found', `session ${sessionId} does not work at the moment`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs.values(), ...this.#starting].map((run) => run.stop()));
    for (const run of this.#runs.values()) clearTimeout(run.forgetting);
    this.#runs.clear();
  }

  #keepForAWhile(run: Run): void {
    const forget = () => {
      clearTimeout(run.forgetting);
      if (this.#runs.get(run.sessionId) === run) this.#runs.delete(run.sessionId);
    };
    run.forgetting = setTimeout(forget, keepEndedMs);
    run.forgetting.unref();
    const ended = [...this.#runs.values()].filter(({ isEnded }) => isEnded);
    for (const { sessionId } of ended.slice(0, Math.max(0, ended.length - maxEnded))) {
      this.#runs.delete(sessionId);
    }
  }
}

class Run {
  sessionId = '';
  isEnded = false;
  forgetting: ReturnType<typeof setTimeout> | undefined;
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  #kept: AgentEvent[] = [];
  /** How many were told before those that are kept. */
  #dropped = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  constructor(
    begin: (signal: AbortSignal) => AsyncIterable<AgentEvent>,
    onSession: (sessionId: string) => void,
  ) {
    this.ended = this.#read(begin(this.#stop.signal), onSession);
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    let next = Math.max(after, this.#dropped);
    const onAbort = () => this.#wakeAll();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        if (signal.aborted) return;
        next = Math.max(next, this.#dropped);
        const event = this.#kept[next - this.#dropped];
        if (event !== undefined) {
          next += 1;
          yield { sequence: next, event };
        } else if (this.#failure !== undefined) throw this.#failure.error;
        else if (this.isEnded) return;
        else await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort(new RpcError('canceled', 'who asked for it has left'));
    await this.ended;
  }

  async #read(
    events: AsyncIterable<AgentEvent>,
    onSession: (sessionId: string) => void,
  ): Promise<void> {
    try {
      for await (const event of events) {
        if (event.type === 'start') {
          this.sessionId = event.sessionId;
          onSession(event.sessionId);
        }
        this.#keep(event);
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.isEnded = true;
    this.#wakeAll();
  }

  #keep(event: AgentEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > maxKeptEvents) {
      const half = Math.floor(maxKeptEvents / 2);
      this.#kept = this.#kept.slice(half);
      this.#dropped += half;
    }
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
