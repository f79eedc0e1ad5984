import { decodeMessage, lendMessage } from '../codec/message-bytes.ts';
import { RpcError } from '../rpc-error.ts';
import { okTrailer, type Peer, type ServerCall, type ServerSink, type Trailer } from './call.ts';
import type { CallContext } from './call-context.ts';
import { type CallKey, callValue, transportCallOf } from './call-values.ts';
import type { TellUnexpected } from './fenced-handler.ts';
import { MessageQueue } from './message-queue.ts';
import { MessageSender } from './message-sender.ts';
import { Metadata, type MetadataInit } from './metadata.ts';
import type { MethodInfo } from './method.ts';
import { Timed, timerWheel } from './timer-wheel.ts';

// biome-ignore lint/suspicious/noExplicitAny: the generated interfaces give each method its types.
type Handler = (request: any, context: CallContext) => any;

/** A method and who answers it. */
export interface ServedMethod {
  readonly method: MethodInfo;
  readonly handler: Handler;
  readonly tell: TellUnexpected;
}

/** Makes the sink of a call of this method, which runs its handler. */
export function invoke(call: ServerCall, served: ServedMethod): ServerSink {
  const { kind } = served.method;
  if (kind === 'unary') return new UnaryInvocation(call, served);
  if (kind === 'server-stream') return new ServerStreamInvocation(call, served);
  return new StreamInvocation(call, served);
}

/** One call of a method that is served: its deadline, its context, its end. */
abstract class Invocation extends Timed implements ServerSink, CallContext {
  compress: boolean | undefined = undefined;
  protected readonly call: ServerCall;
  protected readonly served: ServedMethod;
  protected isOver = false;
  #abort: AbortController | undefined;
  #abortReason: RpcError | undefined;
  #trailer: Metadata | undefined;
  #drain: AbortController | undefined;

  constructor(call: ServerCall, served: ServedMethod) {
    super();
    this.call = call;
    this.served = served;
    if (call.deadlineAt !== Number.POSITIVE_INFINITY) timerWheel.add(this, call.deadlineAt);
  }

  get method(): MethodInfo {
    return this.served.method;
  }

  get metadata(): Metadata {
    return this.call.metadata;
  }

  get peer(): Peer {
    return this.call.peer;
  }

  get deadlineAt(): number {
    return this.call.deadlineAt;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  get draining(): AbortSignal {
    this.#drain ??= new AbortController();
    return this.#drain.signal;
  }

  get trailer(): Metadata {
    this.#trailer ??= new Metadata();
    return this.#trailer;
  }

  sendHeader(metadata: MetadataInit): void {
    this.call.sendHeader(Metadata.from(metadata), this.compress);
  }

  value<T>(key: CallKey<T>): T | undefined {
    return callValue(this.call, key);
  }

  /** For the sender of a stream's messages. */
  sendMessage(bytes: Uint8Array): boolean {
    return this.call.sendMessage(bytes, this.compress);
  }

  /** The error of an answer that its type cannot hold, which is the handler's mistake. */
  unwritable(cause: unknown): RpcError {
    const error = unwritable(this.method, cause);
    this.served.tell(error, this.method);
    return error;
  }

  abstract onMessage(bytes: Uint8Array): void;
  abstract onHalfClose(): void;
  onWritable(): void {}

  onDrain(): void {
    this.#drain ??= new AbortController();
    this.#drain.abort(new RpcError('unavailable', 'the server is shutting down'));
  }

  onCancel(error: RpcError): void {
    if (this.isOver) return;
    this.#close();
    this.#interrupt(error);
    // A transport counts the call as running until it is told that it is not.
    this.#sendEnd(okTrailer);
  }

  override onDue(): void {
    if (this.isOver) return;
    const error = new RpcError('deadline_exceeded', `${this.method.path} took too long`);
    this.end(error);
    this.#interrupt(error);
  }

  /** Ends the call; later ends do nothing. */
  protected end(error: RpcError | undefined): void {
    if (this.isOver) return;
    this.#close();
    this.#sendEnd(this.#trailerWith(error));
  }

  protected fail(reason: unknown): void {
    if (this.isOver) return;
    if (!(reason instanceof RpcError)) this.served.tell(reason, this.method);
    this.end(RpcError.from(reason));
  }

  /** The handler is not to go on, and nothing more of it is read or sent. */
  protected stop(): void {}

  /** @returns the request, or undefined when it was none and the call has ended. */
  protected decode(bytes: Uint8Array): object | undefined {
    try {
      return decodeMessage(this.method.input, bytes);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Sends what the handler returned, and the end. */
  protected answer(response: object): void {
    if (this.isOver) return;
    let bytes: Uint8Array;
    try {
      bytes = lendMessage(this.method.output, response);
    } catch (cause) {
      this.fail(this.unwritable(cause));
      return;
    }
    try {
      this.sendMessage(bytes);
    } catch (reason) {
      this.fail(reason);
      return;
    }
    this.end(undefined);
  }

  /** An interceptor's call may throw; the peer is told the end regardless. */
  #sendEnd(trailer: Trailer): void {
    try {
      this.call.sendEnd(trailer);
    } catch (reason) {
      this.served.tell(reason, this.method);
      const { metadata } = trailer;
      transportCallOf(this.call).sendEnd({ error: RpcError.from(reason), metadata });
    }
  }

  #trailerWith(error: RpcError | undefined): Trailer {
    if (error === undefined && this.#trailer === undefined) return okTrailer;
    return { error, metadata: this.#trailer ?? Metadata.empty };
  }

  #close(): void {
    this.isOver = true;
    timerWheel.remove(this);
    this.stop();
  }

  #interrupt(reason: RpcError): void {
    this.#abortReason = reason;
    this.#abort?.abort(reason);
  }
}

/** What a method with one request does with the messages that come. */
abstract class SingleRequestInvocation extends Invocation {
  #request: object | undefined;

  override onMessage(bytes: Uint8Array): void {
    if (this.isOver) return;
    if (this.#request === undefined) this.#request = this.decode(bytes);
    else this.fail(new RpcError('internal', `${this.method.path} takes one message, not several`));
  }

  override onHalfClose(): void {
    if (this.isOver) return;
    const request = this.#request;
    if (request === undefined) {
      this.fail(new RpcError('internal', `${this.method.path} needs a message, and none came`));
      return;
    }
    try {
      this.run(request);
    } catch (error) {
      this.fail(error);
    }
  }

  protected abstract run(request: object): void;
}

class UnaryInvocation extends SingleRequestInvocation {
  protected override run(request: object): void {
    const response = this.served.handler(request, this);
    if (typeof response?.then === 'function') {
      response.then(
        (value: object) => this.answer(value),
        (error: unknown) => this.fail(error),
      );
    } else this.answer(response);
  }
}

class ServerStreamInvocation extends SingleRequestInvocation {
  #sender: MessageSender | undefined;

  protected override run(request: object): void {
    this.#sender = new MessageSender(
      this.method.output,
      this,
      this.served.handler(request, this),
      (error) => (error === undefined ? this.end(undefined) : this.fail(error)),
    );
  }

  override onWritable(): void {
    this.#sender?.resume();
  }

  protected override stop(): void {
    this.#sender?.stop();
  }
}

/** A method that takes many messages, and answers with one or with many. */
class StreamInvocation extends Invocation {
  readonly #requests: MessageQueue<object>;
  #sender: MessageSender | undefined;

  constructor(call: ServerCall, served: ServedMethod) {
    super(call, served);
    this.#requests = new MessageQueue<object>({
      pause: () => call.pause(),
      resume: () => call.resume(),
      // A handler that has read enough goes on answering; what still comes is dropped.
      abandon: () => call.resume(),
    });
    queueMicrotask(() => this.#run());
  }

  override onMessage(bytes: Uint8Array): void {
    if (this.isOver) return;
    const request = this.decode(bytes);
    if (request !== undefined) this.#requests.push(request, bytes.length);
  }

  override onHalfClose(): void {
    this.#requests.end(undefined);
  }

  override onCancel(error: RpcError): void {
    this.#requests.end(error);
    super.onCancel(error);
  }

  override onDue(): void {
    this.#requests.end(new RpcError('deadline_exceeded', `${this.method.path} took too long`));
    super.onDue();
  }

  override onWritable(): void {
    this.#sender?.resume();
  }

  protected override stop(): void {
    this.#sender?.stop();
    this.#requests.end(undefined);
  }

  #run(): void {
    if (this.isOver) return;
    try {
      const response = this.served.handler(this.#requests, this);
      if (this.method.kind === 'bidi-stream') this.#stream(response);
      else {
        Promise.resolve(response).then(
          (value) => this.answer(value),
          (error) => this.fail(error),
        );
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #stream(responses: AsyncIterable<object>): void {
    this.#sender = new MessageSender(this.method.output, this, responses, (error) =>
      error === undefined ? this.end(undefined) : this.fail(error),
    );
  }
}

function unwritable(method: MethodInfo, cause: unknown): RpcError {
  const reason = cause instanceof Error ? cause.message : 'unknown';
  return new RpcError('internal', `the answer of ${method.path} cannot be written: ${reason}`, {
    cause,
  });
}
