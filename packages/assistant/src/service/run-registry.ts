import { RpcError } from '@zeke/rpc';
import type { AgentEvent } from '../agent/agent-event.ts';

/** Events of one run that are kept for who comes later; of more, the first are dropped. */
const maxKeptEvents = 20_000;
/** How long a run that has ended can still be looked at, in milliseconds. */
const keepEndedMs = 5 * 60_000;
/** Runs that have ended and are kept. */
const maxEnded = 50;

/** An event with its number in its run, from 1. */
export interface NumberedEvent<Event = AgentEvent> {
  readonly sequence: number;
  readonly event: Event;
}

export interface StartOptions {
  /** It goes on when who started it leaves. */
  readonly isDetached: boolean;
  /** Of who started it. */
  readonly signal: AbortSignal;
}

/**
 * What an event of a work that has agents do a part of it is to who follows its session: the first `start`
 * names the session, and what comes after `end` is not told. Undefined: nothing.
 */
export type AgentView<Event> = (event: Event) => AgentEvent | undefined;

/** Runs of agents under way, and those that ended lately: to be followed by any number of callers. */
export class RunRegistry implements AsyncDisposable {
  readonly #runs = new Map<string, AnyRun>();
  readonly #starting = new Set<AnyRun>();

  /** How many are under way. */
  get active(): number {
    const known = new Set([...this.#runs.values(), ...this.#starting]);
    return [...known].filter(({ isEnded }) => !isEnded).length;
  }

  /**
   * Begins a run and tells its events. Leaving the loop ends it, unless it is detached. Throws what
   * `begin` throws before its first event.
   */
  start(
    begin: (signal: AbortSignal) => AsyncIterable<AgentEvent>,
    options: StartOptions,
  ): AsyncGenerator<NumberedEvent> {
    return this.startAs(begin, (event) => event, options);
  }

  /** As `start`, for a work that tells more than an agent does; `view` is what followers are told of it. */
  async *startAs<Event>(
    begin: (signal: AbortSignal) => AsyncIterable<Event>,
    view: AgentView<Event>,
    { isDetached, signal }: StartOptions,
  ): AsyncGenerator<NumberedEvent<Event>> {
    const run = new Run(begin, view, (sessionId) => {
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
    if (run !== undefined) return run.followAgent(after, signal);
    throw new RpcError('not_found', `session ${sessionId} does not work at the moment`);
  }

  /** Asks a run to end, and does not wait for that. False where none of this session is under way. */
  cancel(sessionId: string): boolean {
    const run = this.#runs.get(sessionId);
    if (run === undefined || run.isEnded) return false;
    run.cancel('it was asked to end');
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs.values(), ...this.#starting].map((run) => run.stop()));
    for (const run of this.#runs.values()) clearTimeout(run.forgetting);
    this.#runs.clear();
  }

  #keepForAWhile(run: AnyRun): void {
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

/** A run, whatever its own events are. */
interface AnyRun {
  readonly sessionId: string;
  readonly isEnded: boolean;
  forgetting: ReturnType<typeof setTimeout> | undefined;
  followAgent(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent>;
  cancel(why: string): void;
  stop(): Promise<void>;
}

class Run<Event> implements AnyRun {
  sessionId = '';
  isEnded = false;
  forgetting: ReturnType<typeof setTimeout> | undefined;
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  readonly #view: AgentView<Event>;
  #kept: Event[] = [];
  /** How many were told before those that are kept. */
  #dropped = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  constructor(
    begin: (signal: AbortSignal) => AsyncIterable<Event>,
    view: AgentView<Event>,
    onSession: (sessionId: string) => void,
  ) {
    this.#view = view;
    this.ended = this.#read(begin(this.#stop.signal), onSession);
  }

  async *followAgent(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    for await (const { event, sequence } of this.follow(after, signal)) {
      const seen = this.#view(event);
      if (seen !== undefined) yield { event: seen, sequence };
    }
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent<Event>> {
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

  cancel(why: string): void {
    this.#stop.abort(new RpcError('canceled', why));
  }

  async stop(): Promise<void> {
    this.cancel('who asked for it has left');
    await this.ended;
  }

  async #read(events: AsyncIterable<Event>, onSession: (sessionId: string) => void): Promise<void> {
    try {
      for await (const event of events) {
        const seen = this.#view(event);
        if (seen?.type === 'start' && this.sessionId === '') {
          this.sessionId = seen.sessionId;
          onSession(seen.sessionId);
        }
        this.#keep(event);
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.isEnded = true;
    this.#wakeAll();
  }

  #keep(event: Event): void {
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
