import { RpcError } from '../rpc-error.ts';
import type { ClientCall, ClientSink, OpenOptions, Transport } from './call.ts';
import { FailedCall } from './failed-call.ts';
import { HeldCall, HoldLimit } from './held-call.ts';
import type { RpcLimits } from './limits.ts';
import type { MethodInfo } from './method.ts';
import { markRefused } from './refused.ts';

export interface CallQueueOptions {
  readonly limits: Pick<RpcLimits, 'maxQueuedCalls' | 'maxQueuedBytes'>;
  /** What they wait for, for messages: `for a connection to unix:/run/x.sock`. */
  readonly waitsFor: string;
  /** A call was given up before its turn. @returns what its caller is told. */
  readonly onLeft?: (error: RpcError) => RpcError;
}

/**
 * Calls that wait, first come, first served: for a connection, or for a free stream of one. Their
 * number and what they hold are bounded; one too many ends as `resource_exhausted`. None of them has
 * left this process, and their failures say so (`markRefused`).
 */
export class CallQueue {
  readonly #options: CallQueueOptions;
  readonly #held: HoldLimit;
  readonly #calls = new Set<QueuedCall>();
  readonly #leave = (call: QueuedCall, error: RpcError): RpcError => {
    if (!this.#calls.delete(call)) return error;
    return this.#options.onLeft?.(error) ?? error;
  };

  constructor(options: CallQueueOptions) {
    this.#options = options;
    const { maxQueuedBytes, maxQueuedCalls } = options.limits;
    this.#held = new HoldLimit(maxQueuedBytes, maxQueuedCalls);
  }

  get size(): number {
    return this.#calls.size;
  }

  /** A call that waits for `beginNext`. */
  hold(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const { limits, waitsFor } = this.#options;
    if (this.#calls.size >= limits.maxQueuedCalls) {
      const message = `${this.#calls.size} calls wait ${waitsFor}, the limit maxQueuedCalls; call again later`;
      const error = new RpcError('resource_exhausted', message, { retryable: true });
      return new FailedCall(sink, markRefused(error));
    }
    const call = new QueuedCall(method, options, sink, this.#held, this.#leave);
    this.#calls.add(call);
    return call;
  }

  /** Opens the call that has waited longest. */
  beginNext(next: Transport): void {
    const [call] = this.#calls;
    if (call === undefined) return;
    this.#calls.delete(call);
    call.begin(next);
  }

  /** Ends those that wait now. */
  failAll(error: RpcError): void {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const call of calls) call.fail(markRefused(error));
  }

  /** Ends those that do not wait for ever (`waitForReady`). */
  failImpatient(error: RpcError): void {
    const calls = [...this.#calls].filter(({ options }) => options.waitForReady !== true);
    for (const call of calls) this.#calls.delete(call);
    for (const call of calls) call.fail(markRefused(error));
  }
}

class QueuedCall extends HeldCall {
  readonly #leave: (call: QueuedCall, error: RpcError) => RpcError;

  constructor(
    method: MethodInfo,
    options: OpenOptions,
    sink: ClientSink,
    held: HoldLimit,
    leave: (call: QueuedCall, error: RpcError) => RpcError,
  ) {
    super(method, options, sink, held);
    this.#leave = leave;
  }

  protected override onLeft(error: RpcError): RpcError {
    return this.#leave(this, error);
  }
}
