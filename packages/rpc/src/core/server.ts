import { decodeMessage, lendMessage } from '../codec/message-bytes.ts';
import { RpcError } from '../rpc-error.ts';
import {
  type CallHandler,
  okTrailer,
  type Peer,
  type ServerCall,
  type ServerSink,
  type Trailer,
} from './call.ts';
import { type CallKey, callValue, transportCallOf } from './call-values.ts';
import { fencedHandler, type TellUnexpected } from './fenced-handler.ts';
import { MessageQueue } from './message-queue.ts';
import { MessageSender } from './message-sender.ts';
import { Metadata, type MetadataInit } from './metadata.ts';
import type { MethodInfo, ServiceType } from './method.ts';
import { Timed, timerWheel } from './timer-wheel.ts';
import { warn, warnOfHook } from './warn.ts';
import { idleSink } from './watched-call.ts';

/** What a handler may know and say besides the messages. */
export interface CallContext {
  readonly method: MethodInfo;
  readonly metadata: Metadata;
  readonly peer: Peer;
  /** By `performance.now()`; Infinity for never. */
  readonly deadlineAt: number;
  /** Aborted when the call ends before the handler does; its reason is the RpcError. */
  readonly signal: AbortSignal;
  /**
   * Aborted when this server has begun to shut down, and waits for its open calls: one that would go
   * on for ever should end soon, as `unavailable`, so that its client finds another server.
   */
  readonly draining: AbortSignal;
  /** Sent with the end of the call; may be added to until then. */
  readonly trailer: Metadata;
  /**
   * Whether the messages that are sent from now on are compressed, for a client that can read them;
   * set before the header. Default: as the client's are, from 1 KiB on.
   */
  compress: boolean | undefined;
  /** Sends the header now; else it goes, empty, before the first message. */
  sendHeader(metadata: MetadataInit): void;
  /** What an interceptor has left for this call. */
  value<T>(key: CallKey<T>): T | undefined;
}

export type ServerInterceptor = (next: CallHandler) => CallHandler;

export interface ServerOptions {
  /**
   * The first one sees a call first. What one throws ends the call that it was given: with the
   * RpcError as it is, else as `internal`, of which `onUnexpected` hears.
   */
  readonly interceptors?: readonly ServerInterceptor[];
  /**
   * Told of what handlers and interceptors throw that is no RpcError, of which the caller gets
   * `internal` and no reason, and of answers that their types cannot hold. Nobody else hears of it:
   * give it a log. Default: a warning of the process. `method` is a MethodInfo where it is served.
   */
  readonly onUnexpected?: (error: unknown, method: { readonly path: string }) => void;
}

/** Services behind one handler of calls, to be given to any number of listeners. */
export interface Server {
  readonly handler: CallHandler;
  /** What is served, in the order of `add`. */
  readonly services: readonly ServiceType[];
  /**
   * Serves a service. A method whose handler is missing is `unimplemented`.
   * @throws RpcError already_exists when a service of this name is served.
   */
  add<Handlers>(service: ServiceType<unknown, Handlers>, handlers: Partial<Handlers>): this;
  /** The method of a path, as a transport with JSON needs it. */
  method(path: string): MethodInfo | undefined;
}

/**
 * A server without services yet.
 *
 *     const server = createServer().add(Greeter, { sayHello: ({ name }) => ({ text: `Hello ${name}` }) });
 *     await using listener = await listenUnix({ path: '/run/x.sock', handler: server.handler });
 */
export function createServer(options: ServerOptions = {}): Server {
  return new ServiceTable(options);
}

// biome-ignore lint/suspicious/noExplicitAny: the generated interfaces give each method its types.
type Handler = (request: any, context: CallContext) => any;

interface ServedMethod {
  readonly method: MethodInfo;
  readonly handler: Handler;
  readonly tell: TellUnexpected;
}

class ServiceTable implements Server {
  readonly handler: CallHandler;
  readonly services: ServiceType[] = [];
  readonly #served = new Map<string, ServedMethod>();
  readonly #methods = new Map<string, MethodInfo>();
  readonly #tell: TellUnexpected;

  constructor(options: ServerOptions) {
    const { onUnexpected = warnOfFailure } = options;
    this.#tell = (error, { path }) => {
      try {
        onUnexpected(error, this.#methods.get(path) ?? { path });
      } catch (reason) {
        warnOfHook('onUnexpected of a server', reason);
        warnOfFailure(error, { path });
      }
    };
    let handler: CallHandler = (call) => this.#dispatch(call);
    // Each has its own fence, so that those before it see the end of a call that it breaks.
    for (const interceptor of [...(options.interceptors ?? [])].reverse()) {
      handler = fencedHandler(interceptor(handler), this.#tell);
    }
    this.handler = handler;
  }

  add<Handlers>(service: ServiceType<unknown, Handlers>, handlers: Partial<Handlers>): this {
    if (this.services.some((known) => known.typeName === service.typeName)) {
      throw new RpcError('already_exists', `the service ${service.typeName} is served already`);
    }
    this.services.push(service);
    const named = handlers as Record<string, unknown>;
    for (const [name, method] of Object.entries(service.methods)) {
      this.#methods.set(method.path, method);
      const handler = named[name];
      if (typeof handler !== 'function') continue;
      this.#served.set(method.path, {
        method,
        handler: (request, context) => handler.call(handlers, request, context),
        tell: this.#tell,
      });
    }
    return this;
  }

  method(path: string): MethodInfo | undefined {
    return this.#methods.get(path);
  }

  #dispatch(call: ServerCall): void {
    const served = this.#served.get(call.path);
    if (served === undefined) {
      call.sink = idleSink;
      call.sendEnd({ error: this.#unknown(call.path), metadata: Metadata.empty });
      return;
    }
    const { kind } = served.method;
    if (kind === 'unary') call.sink = new UnaryInvocation(call, served);
    else if (kind === 'server-stream') call.sink = new ServerStreamInvocation(call, served);
    else call.sink = new StreamInvocation(call, served);
  }

  #unknown(path: string): RpcError {
    if (this.#methods.has(path)) {
      return new RpcError('unimplemented', `${path} is part of the service, but not implemented`);
    }
    const service = path.slice(1, path.lastIndexOf('/'));
    const known = this.services.some((one) => one.typeName === service);
    return new RpcError(
      'unimplemented',
      known
        ? `the service ${service} has no method ${JSON.stringify(path.slice(service.length + 2))}`
        : `no service ${JSON.stringify(service)} is served here`,
    );
  }
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

function warnOfFailure(error: unknown, { path }: { readonly path: string }): void {
  warn('RpcHandler', `the handler of ${path} failed`, error);
}

function unwritable(method: MethodInfo, cause: unknown): RpcError {
  const reason = cause instanceof Error ? cause.message : 'unknown';
  return new RpcError('internal', `the answer of ${method.path} cannot be written: ${reason}`, {
    cause,
  });
}
