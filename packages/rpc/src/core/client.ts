import { decodeMessage, lendMessage } from '../codec/message-bytes.ts';
import type { MessageInit, MessageType } from '../codec/message-type.ts';
import { RpcError } from '../rpc-error.ts';
import type { ClientCall, ClientSink, CompressionName, Trailer, Transport } from './call.ts';
import { MessageQueue } from './message-queue.ts';
import { MessageSender } from './message-sender.ts';
import { Metadata, type MetadataInit } from './metadata.ts';
import type { MethodInfo, ServiceType } from './method.ts';
import { openFenced } from './open-fenced.ts';
import { ownFault } from './own-fault.ts';
import { monotonicNow, Timed, timerWheel } from './timer-wheel.ts';
import { warnOfHook } from './warn.ts';

/** How one call is made. */
export interface CallOptions {
  readonly metadata?: MetadataInit;
  /**
   * The whole call may take this long, in milliseconds; the server is told. 0 and less: it is too
   * late already. Default: no limit.
   */
  readonly timeoutMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Of messages from 1 KiB on, in both directions where the server can. Default: none. */
  readonly compression?: CompressionName;
  /** The metadata of the header. What it throws cancels the call, which fails with it. */
  readonly onHeader?: (metadata: Metadata) => void;
  /** The metadata of the trailer, of failed calls too. What it throws fails a call that went well. */
  readonly onTrailer?: (metadata: Metadata) => void;
}

const noOptions: CallOptions = {};

/**
 * The typed client of a service: for each method a function of the generated client interface. A
 * failed call throws an RpcError.
 *
 *     const greeter = createClient(Greeter, transport);
 *     const { text } = await greeter.sayHello({ name: 'Ada' }, { timeoutMs: 1_000 });
 *     for await (const tick of greeter.watch({})) …
 */
export function createClient<Client>(
  service: ServiceType<Client>,
  transport: Transport,
  defaults: CallOptions = noOptions,
): Client {
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods)) {
    client[name] = callerOf(transport, method, defaults);
  }
  return client as Client;
}

function callerOf(transport: Transport, method: MethodInfo, defaults: CallOptions): unknown {
  const merged = (options: CallOptions | undefined): CallOptions =>
    options === undefined
      ? defaults
      : defaults === noOptions
        ? options
        : { ...defaults, ...options };
  switch (method.kind) {
    case 'unary':
      return (request: object, options?: CallOptions) =>
        callUnary(transport, method, request, merged(options));
    case 'server-stream':
      return (request: object, options?: CallOptions) =>
        callServerStream(transport, method, request, merged(options));
    case 'client-stream':
      return (requests: AsyncIterable<object>, options?: CallOptions) =>
        callClientStream(transport, method, requests, merged(options));
    case 'bidi-stream':
      return (requests: AsyncIterable<object>, options?: CallOptions) =>
        callBidiStream(transport, method, requests, merged(options));
  }
}

/**
 * One message each way.
 * @throws RpcError the status of the call.
 */
export function callUnary<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  request: MessageInit<I>,
  options: CallOptions = noOptions,
): Promise<O> {
  const sink = new SingleResponse<O>(method, options);
  sink.begin(transport);
  sink.sendOnly(request);
  return sink.promise;
}

/**
 * Many messages there, one back. The requests are taken as fast as the server reads, and their
 * iterator is closed when the call ends first.
 * @throws RpcError the status of the call; what the requests throw cancels it.
 */
export function callClientStream<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  requests: AsyncIterable<MessageInit<I>>,
  options: CallOptions = noOptions,
): Promise<O> {
  const sink = new SingleResponse<O>(method, options);
  sink.begin(transport);
  sink.sendAll(requests);
  return sink.promise;
}

/**
 * One message there, many back. The call begins at once; leaving the loop cancels it. The iterable
 * can be read once, and throws the RpcError of the call.
 */
export function callServerStream<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  request: MessageInit<I>,
  options: CallOptions = noOptions,
): AsyncIterableIterator<O> {
  const sink = new ManyResponses<O>(method, options);
  sink.begin(transport);
  sink.sendOnly(request);
  return sink.responses;
}

/** Many messages each way, independent of each other; else as the two above. */
export function callBidiStream<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  requests: AsyncIterable<MessageInit<I>>,
  options: CallOptions = noOptions,
): AsyncIterableIterator<O> {
  const sink = new ManyResponses<O>(method, options);
  sink.begin(transport);
  sink.sendAll(requests);
  return sink.responses;
}

/** What the calls of all kinds have in common: the deadline, the signal, the end. */
abstract class OpenCall extends Timed implements ClientSink {
  protected call: ClientCall | undefined;
  protected readonly method: MethodInfo;
  protected isOver = false;
  readonly #options: CallOptions;
  #sender: MessageSender | undefined;
  #onAbort: (() => void) | undefined;

  constructor(method: MethodInfo, options: CallOptions) {
    super();
    this.method = method;
    this.#options = options;
  }

  begin(transport: Transport): void {
    const { metadata, timeoutMs, signal, compression } = this.#options;
    if (signal?.aborted) {
      this.#finish(cancelledBy(signal));
      return;
    }
    let deadlineAt = Number.POSITIVE_INFINITY;
    if (timeoutMs !== undefined) {
      if (!(timeoutMs > 0)) {
        this.#finish(noTime(this.method, timeoutMs));
        return;
      }
      deadlineAt = monotonicNow() + timeoutMs;
      timerWheel.add(this, deadlineAt);
    }
    let pairs = Metadata.empty;
    try {
      if (metadata !== undefined) pairs = Metadata.from(metadata);
    } catch (error) {
      this.#finish(ownFault(`the metadata of ${this.method.path}`, error));
      return;
    }
    this.call = openFenced(
      transport,
      this.method,
      compression === undefined
        ? { metadata: pairs, deadlineAt }
        : { metadata: pairs, deadlineAt, compression },
      this,
    );
    if (signal !== undefined) {
      this.#onAbort = () => this.cancel(cancelledBy(signal));
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
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
    const call = this.call;
    this.#sender = new MessageSender(this.method.input, this, requests, (error) => {
      if (error === undefined) call.sendEnd();
      else this.cancel(ownFault(`the requests of ${this.method.path}`, error));
    });
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
    const message = `${this.method.path} did not end within ${this.#options.timeoutMs} ms`;
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
    this.settle(error);
  }

  #release(): void {
    this.isOver = true;
    timerWheel.remove(this);
    this.#sender?.stop();
    if (this.#onAbort === undefined) return;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = undefined;
  }
}

/** A call that is answered with one message. */
class SingleResponse<O extends object> extends OpenCall {
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
class ManyResponses<O extends object> extends OpenCall {
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

/** The error of a call that has no time from its beginning. */
function noTime({ path }: MethodInfo, timeoutMs: number): RpcError {
  return Number.isNaN(timeoutMs)
    ? new RpcError('invalid_argument', `${path}: timeoutMs is NaN, write milliseconds`)
    : new RpcError('deadline_exceeded', `${path} has no time left: timeoutMs is ${timeoutMs}`);
}

function unreadable(method: MethodInfo, cause: unknown): RpcError {
  const reason = cause instanceof Error ? cause.message : 'unknown';
  return new RpcError('internal', `the answer of ${method.path} cannot be read: ${reason}`, {
    cause,
  });
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
