import { RpcError } from '../rpc-error.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import type { ClientCall, ClientSink, OpenOptions } from './call.ts';
import { CallQueue, type CallQueueOptions } from './call-queue.ts';
import { type Clock, type Scheduled, systemClock } from './clock.ts';
import type { Connection } from './connection.ts';
import { FailedCall } from './failed-call.ts';
import { limitsWith } from './limits.ts';
import type { MethodInfo } from './method.ts';
import type { Readiness, ReadyTransport } from './ready-transport.ts';
import { markRefused } from './refused.ts';

export interface ReconnectingOptions {
  /** For messages: `unix:/run/x.sock`. */
  readonly address: string;
  /**
   * Makes a connection, through its handshake. The signal is aborted when nobody needs it any more.
   * @throws whatever says why there is none.
   */
  readonly dial: (signal: AbortSignal) => Promise<Connection>;
  /** Of the calls that wait for a connection. */
  readonly limits?: Partial<CallQueueOptions['limits']> | undefined;
  /** Of a call whose deadline came first: why there is no connection yet, as far as is known. */
  readonly unanswered?: string;
  /** After a failure no new attempt is made for so long. Default 100 ms to 5 s. */
  readonly backoff?: Backoff;
  /** Default: that of the process, `Math.random`. */
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** From 100 ms to 5 s, doubling. */
export const reconnectBackoff: Backoff = {
  initialMs: 100,
  maxMs: 5_000,
  multiplier: 2,
  jitter: 0.2,
};

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'dialling'; readonly abort: AbortController }
  | { readonly kind: 'connected'; readonly connection: Connection }
  | { readonly kind: 'failed'; readonly until: number; readonly error: RpcError }
  | { readonly kind: 'closed' };

/**
 * A Transport that connects with the first call, and again with the first call after the connection
 * was lost. Calls that come while it connects wait, as `maxQueuedCalls` and `maxQueuedBytes` allow;
 * when it cannot connect they fail as `unavailable`, and so does every call until the back-off has
 * passed. Those with `waitForReady` wait on, and are why it connects again by itself.
 */
export class ReconnectingTransport implements ReadyTransport {
  readonly #options: ReconnectingOptions;
  readonly #clock: Clock;
  #state: State = { kind: 'idle' };
  #failures = 0;
  readonly #waiting: CallQueue;
  readonly #listeners = new Set<() => void>();
  /** It connects though no call waits for that. */
  #isWanted = false;
  /** The next attempt, while calls wait for the end of the back-off. */
  #redial: Scheduled | undefined;

  constructor(options: ReconnectingOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#waiting = new CallQueue({
      limits: limitsWith(options.limits),
      waitsFor: `for a connection to ${options.address}`,
      onLeft: (error) => this.#forget(error),
    });
  }

  get readiness(): Readiness {
    const state = this.#state;
    if (state.kind === 'connected') return state.connection.acceptsCalls ? 'ready' : 'idle';
    if (state.kind === 'failed') return this.#clock.now() < state.until ? 'failed' : 'idle';
    return state.kind === 'dialling' ? 'connecting' : state.kind;
  }

  get retryAt(): number {
    return this.#state.kind === 'failed' ? this.#state.until : 0;
  }

  connect(): void {
    this.#isWanted = true;
    if (this.readiness === 'idle') void this.#dial();
  }

  onReadiness(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const state = this.#state;
    if (state.kind === 'connected' && state.connection.acceptsCalls) {
      return state.connection.open(method, options, sink);
    }
    if (state.kind === 'closed') return new FailedCall(sink, markRefused(this.#isClosed()));
    const isBackedOff = state.kind === 'failed' && this.#clock.now() < state.until;
    if (isBackedOff && options.waitForReady !== true) return new FailedCall(sink, state.error);
    const call = this.#waiting.hold(method, options, sink);
    if (isBackedOff) this.#redialAt(state.until);
    else if (state.kind !== 'dialling') void this.#dial();
    return call;
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    this.#stopRedial();
    if (state.kind === 'dialling') state.abort.abort();
    this.#waiting.failAll(this.#isClosed());
    this.#announce();
    if (state.kind === 'connected') await state.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #redialAt(until: number): void {
    this.#redial ??= this.#clock.schedule(until - this.#clock.now(), () => {
      this.#redial = undefined;
      if (this.#state.kind === 'failed' && this.#waiting.size > 0) void this.#dial();
    });
  }

  #stopRedial(): void {
    this.#redial?.cancel();
    this.#redial = undefined;
  }

  async #dial(): Promise<void> {
    this.#stopRedial();
    const abort = new AbortController();
    this.#state = { kind: 'dialling', abort };
    try {
      const connection = await this.#options.dial(abort.signal);
      // It may have been closed meanwhile.
      if (abort.signal.aborted) {
        await connection.close();
        return;
      }
      this.#failures = 0;
      this.#state = { kind: 'connected', connection };
      while (this.#waiting.size > 0) this.#waiting.beginNext(connection);
      void connection.closed.then(() => this.#announce());
      this.#announce();
    } catch (cause) {
      if (abort.signal.aborted) return;
      const error = markRefused(this.#unreachable(cause));
      const backoff = this.#options.backoff ?? reconnectBackoff;
      const wait = backoffMs(backoff, this.#failures++, this.#options.random ?? Math.random);
      const until = this.#clock.now() + wait;
      this.#state = { kind: 'failed', until, error };
      this.#waiting.failImpatient(error);
      if (this.#waiting.size > 0) this.#redialAt(until);
      this.#announce();
    }
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** A call has been cancelled; nobody may wait any more. @returns what its caller is told. */
  #forget(error: RpcError): RpcError {
    const state = this.#state;
    if (this.#waiting.size === 0) this.#stopRedial();
    if (this.#waiting.size === 0 && !this.#isWanted && state.kind === 'dialling') {
      state.abort.abort();
      this.#state = { kind: 'idle' };
    }
    if (error.code !== 'deadline_exceeded') return error;
    const { address, unanswered = 'there was no connection until then' } = this.#options;
    const reason = state.kind === 'failed' ? state.error.message : `${address}: ${unanswered}`;
    return new RpcError(error.code, `${error.message}; ${reason}`, { cause: error });
  }

  #isClosed(): RpcError {
    return new RpcError('unavailable', `the client of ${this.#options.address} is closed`);
  }

  #unreachable(cause: unknown): RpcError {
    if (cause instanceof RpcError) return cause;
    const message = `cannot connect to ${this.#options.address}: ${reasonOf(cause)}`;
    return new RpcError('unavailable', message, { cause, retryable: true });
  }
}

/** What runtimes tell by a code alone, or each in words of its own. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
};

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'for an unknown reason';
  if (/wrong.version.number/i.test(cause.message)) return 'no TLS is spoken at that port';
  const code = 'code' in cause ? String(cause.code) : '';
  const reason = reasons[code];
  return reason === undefined ? cause.message : `${reason} (${code})`;
}
