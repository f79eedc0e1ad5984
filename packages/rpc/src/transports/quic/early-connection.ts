import type { ClientCall, ClientSink, OpenOptions, Trailer } from '../../core/call.ts';
import { CallQueue, type CallQueueOptions } from '../../core/call-queue.ts';
import type { Connection } from '../../core/connection.ts';
import { FailedCall } from '../../core/failed-call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { markRefused } from '../../core/refused.ts';
import { RpcError } from '../../rpc-error.ts';

export interface EarlyConnectionOptions {
  /** Whose first calls go with the first packet. */
  readonly connection: Connection;
  /** The end of its handshake. */
  readonly opened: Promise<{ readonly earlyRefused: boolean }>;
  /** For messages. */
  readonly address: string;
  /** Of the calls that wait for the handshake. */
  readonly limits: CallQueueOptions['limits'];
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
  /** Calls that were sent before the end of the handshake. */
  readonly #calls = new Set<EarlyCall>();
  /** The others that were opened before it. */
  readonly #waiting: CallQueue;
  #connection: Connection | undefined;
  #failure: RpcError | undefined;
  #resolveClosed: (error: RpcError | undefined) => void = () => {};
  readonly #settled: Promise<void>;

  constructor(options: EarlyConnectionOptions) {
    this.#options = options;
    const { limits, address } = options;
    this.#waiting = new CallQueue({ limits, waitsFor: `for the handshake with ${address}` });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#settled = this.#settle();
  }

  get acceptsCalls(): boolean {
    return this.#failure === undefined && (this.#connection?.acceptsCalls ?? true);
  }

  get openCalls(): number {
    return this.#connection?.openCalls ?? this.#calls.size + this.#waiting.size;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    if (this.#connection !== undefined) return this.#connection.open(method, options, sink);
    if (this.#failure !== undefined) return new FailedCall(sink, markRefused(this.#failure));
    if (!mayGoEarly(method)) return this.#waiting.hold(method, options, sink);
    const call = new EarlyCall({ method, options, sink }, (over) => this.#calls.delete(over));
    this.#calls.add(call);
    call.begin(this.#options.connection);
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
    while (this.#waiting.size > 0) this.#waiting.beginNext(connection);
  }

  async #redial(): Promise<Connection | undefined> {
    try {
      return await this.#options.redial();
    } catch (cause) {
      const error = RpcError.from(cause);
      this.#failure = error;
      for (const call of [...this.#calls]) call.refuse(error);
      this.#calls.clear();
      this.#waiting.failAll(error);
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

interface SentMessage {
  readonly bytes: Uint8Array;
  readonly compress: boolean | undefined;
}

/**
 * Sent as early data. It keeps what it sends until the handshake has ended, so that it can be sent
 * again; the connection bounds that, which holds as much.
 */
class EarlyCall implements ClientCall, ClientSink {
  readonly #opening: CallOpening;
  readonly #onOver: (call: EarlyCall) => void;
  #call: ClientCall | undefined;
  #messages: SentMessage[] = [];
  #hasEnded = false;
  #isPaused = false;
  #isAnswered = false;
  #isOver = false;
  /** It was not sent again since. */
  #isEarly = true;
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

  /** Sends it, with what was sent before. */
  begin(connection: Connection): void {
    const { method, options } = this.#opening;
    const call = connection.open(method, options, this);
    this.#call = call;
    if (this.#isPaused) call.pause();
    for (const { bytes, compress } of this.#messages) call.sendMessage(bytes, compress);
    if (this.#hasEnded) call.sendEnd();
  }

  /** The handshake has ended: on this connection the call goes on, or begins again. */
  settle(connection: Connection, isAccepted: boolean): void {
    this.#connection = connection;
    const isLost = !isAccepted || this.#failed !== undefined;
    if (isLost && !this.#isAnswered) this.#beginAgain(connection);
  }

  /** Ends the call, which no server has seen. */
  refuse(error: RpcError): void {
    this.#isRefused = true;
    markRefused(error);
    queueMicrotask(() => this.#end({ error, metadata: Metadata.empty }));
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#isOver || this.#hasEnded || this.#isRefused) return true;
    const mayComeAgain = this.#connection === undefined || this.#isEarly;
    if (mayComeAgain && !this.#isAnswered) this.#messages.push({ bytes: bytes.slice(), compress });
    return this.#call?.sendMessage(bytes, compress) ?? false;
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

  onMessage(bytes: Uint8Array, compressed?: boolean): void {
    this.#answered();
    this.#opening.sink.onMessage(bytes, compressed);
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

  #beginAgain(connection: Connection): void {
    this.#isEarly = false;
    this.#failed = undefined;
    this.#drop(this.#call);
    this.begin(connection);
    this.#messages = [];
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
