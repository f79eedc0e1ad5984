import type { ClientCall, ClientSink, OpenOptions, Trailer } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { markRefused } from '../../core/refused.ts';
import { RpcError } from '../../rpc-error.ts';

export interface EarlyConnectionOptions {
  /** Whose first calls go with the first packet. */
  readonly connection: Connection;
  /** The end of its handshake. */
  readonly opened: Promise<{ readonly earlyRefused: boolean }>;
  /** Makes another one, without early data. */
  readonly redial: () => Promise<Connection>;
}

/** Whether a method may go with the first packet, which who records it can send again (RFC 8446, 8). */
export function mayGoEarly(method: MethodInfo): boolean {
  return method.kind === 'unary' && method.idempotency === 'no-side-effects';
}

/**
 * A resumed connection from its first packet on (0-RTT, RFC 9001, 4.6). Unary calls without side
 * effects are sent at once, all others when the handshake has ended. Where the server refuses early
 * data another connection is made, and those calls are sent again, on it.
 */
export class EarlyConnection implements Connection {
  readonly closed: Promise<RpcError | undefined>;
  readonly #options: EarlyConnectionOptions;
  /** Calls opened before the end of the handshake. */
  readonly #calls = new Set<EarlyCall>();
  #connection: Connection | undefined;
  #failure: RpcError | undefined;
  #resolveClosed: (error: RpcError | undefined) => void = () => {};
  readonly #settled: Promise<void>;

  constructor(options: EarlyConnectionOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#settled = this.#settle();
  }

  get acceptsCalls(): boolean {
    return this.#failure === undefined && (this.#connection?.acceptsCalls ?? true);
  }

  get openCalls(): number {
    return this.#connection?.openCalls ?? this.#calls.size;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    if (this.#connection !== undefined) return this.#connection.open(method, options, sink);
    const call = new EarlyCall({ method, options, sink }, (over) => this.#calls.delete(over));
    if (this.#failure !== undefined) {
      call.refuse(this.#failure);
      return call;
    }
    this.#calls.add(call);
    if (mayGoEarly(method)) call.beginEarly(this.#options.connection);
    return call;
  }

  async close(): Promise<void> {
    await this.#settled;
    await this.#connection?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #settle(): Promise<void> {
    let connection: Connection | undefined = this.#options.connection;
    const isAccepted = await this.#options.opened.then(
      ({ earlyRefused }) => !earlyRefused,
      () => false,
    );
    if (!isAccepted) {
      void connection.close();
      connection = await this.#redial();
    }
    if (connection === undefined) return;
    this.#connection = connection;
    void connection.closed.then(this.#resolveClosed);
    for (const call of [...this.#calls]) call.settle(connection, isAccepted);
    this.#calls.clear();
  }

  async #redial(): Promise<Connection | undefined> {
    try {
      return await this.#options.redial();
    } catch (cause) {
      const error = RpcError.from(cause);
      this.#failure = error;
      for (const call of [...this.#calls]) call.refuse(error);
      this.#calls.clear();
      this.#resolveClosed(error);
      return undefined;
    }
  }
}

interface CallOpening {
  readonly method: MethodInfo;
  readonly options: OpenOptions;
  readonly sink: ClientSink;
}

/** Keeps what it sends until the handshake has ended, so that it can be sent again. */
class EarlyCall implements ClientCall, ClientSink {
  readonly #opening: CallOpening;
  readonly #onOver: (call: EarlyCall) => void;
  #call: ClientCall | undefined;
  #messages: Uint8Array[] = [];
  #hasEnded = false;
  #isPaused = false;
  #isAnswered = false;
  #isOver = false;
  /** It was sent as early data, and not again since. */
  #isEarly = false;
  /** A failure that may be due to early data that was refused. */
  #failed: Trailer | undefined;
  /** Where it goes on after the handshake. */
  #connection: Connection | undefined;
  #isRefused = false;
  #isDropping = false;

  constructor(opening: CallOpening, onOver: (call: EarlyCall) => void) {
    this.#opening = opening;
    this.#onOver = onOver;
  }

  /** Sends it as early data. */
  beginEarly(connection: Connection): void {
    this.#isEarly = true;
    this.#begin(connection);
  }

  /** The handshake has ended: on this connection the call goes on, or begins, or begins again. */
  settle(connection: Connection, isAccepted: boolean): void {
    this.#connection = connection;
    const isLost = !isAccepted || this.#failed !== undefined;
    if (!this.#isEarly || (isLost && !this.#isAnswered)) this.#beginAgain(connection);
  }

  /** Ends the call, which no server has seen. */
  refuse(error: RpcError): void {
    this.#isRefused = true;
    markRefused(error);
    queueMicrotask(() => this.#end({ error, metadata: Metadata.empty }));
  }

  sendMessage(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#hasEnded || this.#isRefused) return true;
    const mayComeAgain = this.#connection === undefined || this.#isEarly;
    if (mayComeAgain && !this.#isAnswered) this.#messages.push(bytes.slice());
    return this.#call?.sendMessage(bytes) ?? false;
  }

  sendEnd(): void {
    this.#hasEnded = true;
    this.#call?.sendEnd();
  }

  cancel(error: RpcError): void {
    if (this.#isOver) return;
    this.#isEarly = false;
    if (this.#call === undefined) this.#end({ error, metadata: Metadata.empty });
    else this.#call.cancel(error);
  }

  pause(): void {
    this.#isPaused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#call?.resume();
  }

  onHeader(metadata: Metadata): void {
    this.#answered();
    this.#opening.sink.onHeader(metadata);
  }

  onMessage(bytes: Uint8Array): void {
    this.#answered();
    this.#opening.sink.onMessage(bytes);
  }

  onWritable(): void {
    this.#opening.sink.onWritable();
  }

  onEnd(trailer: Trailer): void {
    if (this.#isDropping) return;
    const mayBeEarly = this.#isEarly && !this.#isAnswered && trailer.error?.code === 'unavailable';
    if (!mayBeEarly) this.#end(trailer);
    else if (this.#connection === undefined) this.#failed = trailer;
    else this.#beginAgain(this.#connection);
  }

  #begin(connection: Connection): void {
    const { method, options } = this.#opening;
    const call = connection.open(method, options, this);
    this.#call = call;
    if (this.#isPaused) call.pause();
    for (const bytes of this.#messages) call.sendMessage(bytes);
    if (this.#hasEnded) call.sendEnd();
  }

  #beginAgain(connection: Connection): void {
    const wasHeld = this.#call === undefined && this.#messages.length > 0;
    this.#isEarly = false;
    this.#failed = undefined;
    this.#drop(this.#call);
    this.#begin(connection);
    this.#messages = [];
    if (wasHeld && !this.#hasEnded) this.#opening.sink.onWritable();
  }

  /** Ends the first attempt, which may still be under way. */
  #drop(attempt: ClientCall | undefined): void {
    this.#isDropping = true;
    attempt?.cancel(new RpcError('canceled', 'the call is sent again after the handshake'));
    this.#isDropping = false;
  }

  #answered(): void {
    this.#isAnswered = true;
    this.#messages = [];
  }

  #end(trailer: Trailer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver(this);
    this.#opening.sink.onEnd(trailer);
  }
}
