import type { Peer, ServerCall, ServerSink, Trailer } from '../core/call.ts';
import { Metadata, type MetadataInit } from '../core/metadata.ts';
import { RpcError } from '../rpc-error.ts';

/** What the client of a scripted call has sent in its header. */
export interface ScriptedServerCallOptions {
  readonly path?: string;
  readonly metadata?: MetadataInit;
  readonly deadlineAt?: number;
  readonly peer?: Partial<Peer>;
}

/**
 * A call whose client is the test: it keeps what the server sends, and the test says what comes in.
 * It throws where the server, or the test, breaks the order of a call.
 */
export class ScriptedServerCall implements ServerCall {
  readonly path: string;
  readonly metadata: Metadata;
  readonly deadlineAt: number;
  readonly peer: Peer;
  header: Metadata | undefined;
  /** The messages that were sent, copied. */
  readonly sent: Uint8Array[] = [];
  trailer: Trailer | undefined;
  paused = false;
  /** What `sendMessage` answers. */
  hasRoom = true;
  /** The server has said that it is done with a call that was canceled. */
  released = false;
  /** Resolves with the trailer. */
  readonly end: Promise<Trailer>;
  readonly #resolve: (trailer: Trailer) => void;
  #sink: ServerSink | undefined;
  #canceled = false;

  constructor(options: ScriptedServerCallOptions = {}) {
    this.path = options.path ?? '/test.Service/Method';
    this.metadata = Metadata.from(options.metadata);
    this.deadlineAt = options.deadlineAt ?? Number.POSITIVE_INFINITY;
    this.peer = { transport: 'memory', address: '127.0.0.1:4711', ...options.peer };
    const { promise, resolve } = Promise.withResolvers<Trailer>();
    this.end = promise;
    this.#resolve = resolve;
  }

  /** The code of the end, `ok` for none, undefined before it. */
  get code(): string | undefined {
    return this.trailer && (this.trailer.error?.code ?? 'ok');
  }

  get sink(): ServerSink {
    if (this.#sink === undefined) throw new Error('the call has no sink yet');
    return this.#sink;
  }

  set sink(sink: ServerSink) {
    this.#sink = sink;
  }

  sendHeader(metadata: Metadata): void {
    if (this.#isOver) return;
    if (this.header !== undefined) throw new Error('sendHeader was called twice');
    if (this.sent.length > 0) throw new Error('sendHeader was called after a message');
    this.header = metadata;
  }

  sendMessage(bytes: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.sent.push(bytes.slice());
    return this.hasRoom;
  }

  sendEnd(trailer: Trailer): void {
    if (this.#canceled) this.released = true;
    if (this.#isOver) return;
    this.trailer = trailer;
    this.#resolve(trailer);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** The bytes are made unreadable afterwards, as lent ones may be. */
  message(bytes: Uint8Array): void {
    if (this.paused) throw new Error('the test sends to a call that is paused');
    const lent = bytes.slice();
    this.sink.onMessage(lent);
    lent.fill(0xee);
  }

  halfClose(): void {
    if (this.paused) throw new Error('the test half-closes a call that is paused');
    this.sink.onHalfClose();
  }

  /** The client gives up, or its connection breaks. */
  cancel(error: RpcError = new RpcError('canceled', 'the client gave up')): void {
    if (this.#isOver) throw new Error('the test cancels a call that has ended');
    this.#canceled = true;
    this.sink.onCancel(error);
  }

  get #isOver(): boolean {
    return this.trailer !== undefined || this.#canceled;
  }
}
