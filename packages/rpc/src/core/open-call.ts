import { decodeMessage, lendMessage } from '../codec/message-bytes.ts';
import { RpcError } from '../rpc-error.ts';
import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from './call.ts';
import { type CallOptions, type MergedOptions, metadataOf } from './call-options.ts';
import { withCallerStack } from './caller-stack.ts';
import { MessageQueue } from './message-queue.ts';
import { MessageSender } from './message-sender.ts';
import { Metadata } from './metadata.ts';
import type { MethodInfo } from './method.ts';
import { openFenced } from './open-fenced.ts';
import { ownFault } from './own-fault.ts';
import { monotonicNow, Timed, timerWheel } from './timer-wheel.ts';
import { warnOfHook } from './warn.ts';

/** What the calls of all kinds have in common: the deadline, the signal, the end. */
abstract class OpenCall extends Timed implements ClientSink {
  protected call: ClientCall | undefined;
  protected readonly method: MethodInfo;
  protected isOver = false;
  readonly #options: MergedOptions;
  #sender: MessageSender | undefined;
  #onAbort: (() => void) | undefined;
  /** Its stack is that of the caller. */
  #caller: Error | undefined;

  constructor(method: MethodInfo, options: MergedOptions) {
    super();
    this.method = method;
    this.#options = options;
    if (options.callerStack === true) this.#caller = new Error();
  }

  begin(transport: Transport): void {
    const { metadata, signal, parent } = this.#options;
    const aborted = abortedOf(signal, parent?.signal);
    if (aborted !== undefined) {
      this.#finish(cancelledBy(aborted));
      return;
    }
    const deadlineAt = this.#arm();
    if (this.isOver) return;
    let pairs = Metadata.empty;
    try {
      if (metadata !== undefined) pairs = metadataOf(this.#options);
    } catch (error) {
      this.#finish(ownFault(`the metadata of ${this.method.path}`, error));
      return;
    }
    const options = openOptionsOf(pairs, deadlineAt, this.#options);
    this.call = openFenced(transport, this.method, options, this);
    if (this.isOver || (signal === undefined && parent === undefined)) return;
    this.#listen(signal, parent?.signal);
  }

  /** The earliest deadline, for which a timer is set. A call without time ends at once. */
  #arm(): number {
    const { timeoutMs, deadlineAt = never, parent } = this.#options;
    if (timeoutMs === undefined && deadlineAt === never && parent === undefined) return never;
    const now = monotonicNow();
    const dueAt = Math.min(now + (timeoutMs ?? never), deadlineAt, parent?.deadlineAt ?? never);
    if (dueAt > now) timerWheel.add(this, dueAt);
    else this.#finish(noTime(this.method, timeoutMs, dueAt));
    return dueAt;
  }

  #listen(own: AbortSignal | undefined, parents: AbortSignal | undefined): void {
    this.#onAbort = () => {
      const aborted = abortedOf(own, parents);
      if (aborted !== undefined) this.cancel(cancelledBy(aborted));
    };
    own?.addEventListener('abort', this.#onAbort, { once: true });
    parents?.addEventListener('abort', this.#onAbort, { once: true });
  }

  sendOnly(request: object): void {
    if (this.call === undefined || this.isOver) return;
    try {
      this.call.sendMessage(lendMessage(this.method.input, request));
      this.call.sendEnd();
    } catch (cause) {
      this.cancel(ownFault(`sending the request of ${this.method.path}`, cause));
    }
  }

  sendAll(requests: AsyncIterable<object>): void {
    if (this.call === undefined || this.isOver) return;
    this.#sender = new MessageSender(this.method.input, this, requests, (error) =>
      error === undefined
        ? this.#sendEnd()
        : this.cancel(ownFault(`the requests of ${this.method.path}`, error)),
    );
  }

  #sendEnd(): void {
    try {
      this.call?.sendEnd();
    } catch (cause) {
      this.cancel(ownFault(`an interceptor of ${this.method.path}`, cause));
    }
  }

  /** For the sender of a stream's messages. */
  sendMessage(bytes: Uint8Array): boolean {
    return this.call?.sendMessage(bytes) ?? true;
  }

  unwritable(cause: unknown): unknown {
    return cause;
  }

  cancel(error: RpcError): void {
    if (this.isOver) return;
    if (this.call === undefined) {
      this.#finish(error);
      return;
    }
    try {
      this.call.cancel(error);
    } catch (reason) {
      warnOfHook(`an interceptor that cancels ${this.method.path}`, reason);
      this.#finish(error);
    }
  }

  override onDue(): void {
    const { timeoutMs, deadlineAt = never, parent } = this.#options;
    const { path } = this.method;
    let message = `${path} did not end within ${timeoutMs} ms`;
    if (this.dueAt === deadlineAt) message = `${path} did not end before its deadline`;
    else if (this.dueAt === parent?.deadlineAt) {
      message = `${path} did not end before the deadline of the call that it was made for`;
    }
    this.cancel(new RpcError('deadline_exceeded', message));
  }

  onHeader(metadata: Metadata): void {
    const { onHeader } = this.#options;
    if (onHeader === undefined || this.isOver) return;
    try {
      onHeader(metadata);
    } catch (cause) {
      this.cancel(ownFault(`onHeader of ${this.method.path}`, cause));
    }
  }

  onWritable(): void {
    this.#sender?.resume();
  }

  onEnd({ error, metadata }: Trailer): void {
    if (this.isOver) return;
    const { onTrailer } = this.#options;
    if (onTrailer === undefined) {
      this.#finish(error);
      return;
    }
    try {
      onTrailer(metadata);
    } catch (cause) {
      // The failure of the call says more than that of its hook.
      if (error !== undefined) warnOfHook(`onTrailer of ${this.method.path}`, cause);
      this.#finish(error ?? ownFault(`onTrailer of ${this.method.path}`, cause));
      return;
    }
    this.#finish(error);
  }

  abstract onMessage(bytes: Uint8Array): void;
  protected abstract settle(error: RpcError | undefined): void;

  #finish(error: RpcError | undefined): void {
    this.#release();
    const caller = this.#caller;
    const isPlain = error === undefined || caller === undefined;
    this.settle(isPlain ? error : withCallerStack(error, caller));
  }

  #release(): void {
    this.isOver = true;
    timerWheel.remove(this);
    this.#sender?.stop();
    if (this.#onAbort === undefined) return;
    const { signal, parent } = this.#options;
    signal?.removeEventListener('abort', this.#onAbort);
    parent?.signal.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }
}

/** A call that is answered with one message. */
export class SingleResponse<O extends object> extends OpenCall {
  readonly promise: Promise<O>;
  #resolve: (response: O) => void = () => {};
  #reject: (error: RpcError) => void = () => {};
  #response: O | undefined;

  constructor(method: MethodInfo, options: CallOptions) {
    super(method, options);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override onMessage(bytes: Uint8Array): void {
    if (this.#response !== undefined) {
      const message = `${this.method.path} answered with more than one message`;
      this.cancel(new RpcError('internal', message));
      return;
    }
    try {
      this.#response = decodeMessage(this.method.output, bytes) as O;
    } catch (error) {
      this.cancel(unreadable(this.method, error));
    }
  }

  protected override settle(error: RpcError | undefined): void {
    if (error !== undefined) this.#reject(error);
    else if (this.#response !== undefined) this.#resolve(this.#response);
    else {
      const message = `${this.method.path} ended with the status OK and without a message`;
      this.#reject(new RpcError('internal', message));
    }
  }
}

/** A call that is answered with any number of messages. */
export class ManyResponses<O extends object> extends OpenCall {
  readonly responses: MessageQueue<O> = new MessageQueue<O>({
    pause: () => this.call?.pause(),
    resume: () => this.call?.resume(),
    abandon: () =>
      this.cancel(new RpcError('canceled', 'the reader of the responses stopped reading')),
  });

  override onMessage(bytes: Uint8Array): void {
    try {
      this.responses.push(decodeMessage(this.method.output, bytes) as O, bytes.length);
    } catch (error) {
      this.cancel(unreadable(this.method, error));
    }
  }

  protected override settle(error: RpcError | undefined): void {
    this.responses.end(error);
  }
}

const never = Number.POSITIVE_INFINITY;

function openOptionsOf(
  metadata: Metadata,
  deadlineAt: number,
  { compression, waitForReady, parent }: CallOptions,
): OpenOptions {
  if (compression === undefined && waitForReady === undefined && parent === undefined) {
    return { metadata, deadlineAt };
  }
  return {
    metadata,
    deadlineAt,
    ...(compression === undefined ? {} : { compression }),
    ...(waitForReady === undefined ? {} : { waitForReady }),
    ...(parent === undefined ? {} : { parent }),
  };
}

/** The error of a call that has no time from its beginning. */
function noTime({ path }: MethodInfo, timeoutMs: number | undefined, dueAt: number): RpcError {
  if (Number.isNaN(dueAt)) {
    const name = Number.isNaN(timeoutMs) ? 'timeoutMs' : 'deadlineAt';
    return new RpcError('invalid_argument', `${path}: ${name} is NaN, write milliseconds`);
  }
  const why =
    timeoutMs !== undefined && timeoutMs <= 0
      ? `timeoutMs is ${timeoutMs}`
      : 'its deadline has passed';
  return new RpcError('deadline_exceeded', `${path} has no time left: ${why}`);
}

function unreadable(method: MethodInfo, cause: unknown): RpcError {
  const reason = cause instanceof Error ? cause.message : 'unknown';
  return new RpcError('internal', `the answer of ${method.path} cannot be read: ${reason}`, {
    cause,
  });
}

function abortedOf(
  own: AbortSignal | undefined,
  parents: AbortSignal | undefined,
): AbortSignal | undefined {
  if (own?.aborted) return own;
  return parents?.aborted ? parents : undefined;
}

function cancelledBy(signal: AbortSignal): RpcError {
  if (signal.reason instanceof RpcError) return signal.reason;
  if (signal.reason instanceof Error && signal.reason.name === 'TimeoutError') {
    return new RpcError('deadline_exceeded', 'the signal of the call timed out', {
      cause: signal.reason,
    });
  }
  return new RpcError('canceled', 'the call was canceled by its signal', { cause: signal.reason });
}
