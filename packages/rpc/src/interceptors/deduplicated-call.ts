import { createHash, type Hash } from 'node:crypto';
import type { ServerCall, ServerSink, Trailer } from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import { WatchedServerCall } from '../core/watched-call.ts';
import { RpcError } from '../rpc-error.ts';
import type { Deduplication } from './deduplicate.ts';

/** How a call was answered. */
export interface Answer {
  readonly header: Metadata | undefined;
  /** Undefined: they were too long to be kept. */
  readonly messages: readonly Uint8Array[] | undefined;
  readonly trailer: Trailer;
  /** A digest of the request; undefined when it was answered before it was complete. */
  readonly request: string | undefined;
  /** What it takes. */
  readonly bytes: number;
}

/** The call that runs. It keeps its answer while it gives it. */
export class FirstCall extends WatchedServerCall {
  readonly #id: string;
  readonly #table: Deduplication;
  readonly #hash: Hash = createHash('sha256');
  #request: string | undefined;
  #header: Metadata | undefined;
  #messages: Uint8Array[] | undefined = [];
  #bytes = 0;
  readonly #repeated = new Set<RepeatedCall>();
  /** Why its own client is gone, while the call runs on for others. */
  #left: RpcError | undefined;
  /** Its handler was told to wait for room. */
  #owesWritable = false;
  #isOver = false;

  constructor(call: ServerCall, id: string, table: Deduplication) {
    super(call);
    this.#id = id;
    this.#table = table;
  }

  /** False: there is no room. */
  reserve(bytes: number): boolean {
    if (!this.#table.take(bytes, this.#bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  join(call: RepeatedCall): void {
    this.#repeated.add(call);
    call.waitFor(this);
  }

  /** Nobody wants the answer any more: not this one, at least. */
  leave(call: RepeatedCall): void {
    this.#repeated.delete(call);
    if (this.#left && this.#repeated.size === 0 && gaveUp(this.#left)) this.#cancel(this.#left);
  }

  override sendHeader(metadata: Metadata, compress?: boolean): void {
    if (this.#isOver) return;
    if (this.reserve(metadata.byteLength)) this.#header = metadata;
    else this.#keepNoMore();
    super.sendHeader(metadata, compress);
  }

  override sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#isOver) return true;
    if (this.#messages && this.reserve(bytes.length)) this.#messages.push(bytes.slice());
    else this.#keepNoMore();
    const hasRoom = super.sendMessage(bytes, compress) || this.#left !== undefined;
    if (!hasRoom) this.#owesWritable = true;
    return hasRoom;
  }

  override sendEnd(trailer: Trailer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.reserve(trailer.metadata.byteLength)) this.#keepNoMore();
    const answer: Answer = {
      header: this.#header,
      messages: this.#messages,
      trailer: this.#messages ? trailer : { error: trailer.error, metadata: Metadata.empty },
      request: this.#request,
      bytes: this.#bytes,
    };
    this.#table.finish(this.#id, answer);
    super.sendEnd(trailer);
    for (const call of this.#repeated) call.answerWith(answer);
    this.#repeated.clear();
  }

  protected override received(bytes: Uint8Array): void {
    addMessage(this.#hash, bytes);
  }

  override onHalfClose(): void {
    this.#request = this.#hash.digest('base64');
    super.onHalfClose();
  }

  override onCancel(error: RpcError): void {
    const runsOn = this.#request !== undefined && (!gaveUp(error) || this.#repeated.size > 0);
    if (!runsOn) {
      this.#cancel(error);
      return;
    }
    this.#left = error;
    if (this.#owesWritable) this.onWritable();
  }

  override onWritable(): void {
    this.#owesWritable = false;
    super.onWritable();
  }

  #cancel(error: RpcError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#table.release(this.#bytes);
    this.#table.finish(this.#id, undefined);
    super.onCancel(error);
    for (const call of this.#repeated) call.abandon();
    this.#repeated.clear();
  }

  /** What it took so far is given back, but for the entry itself. */
  #keepNoMore(): void {
    if (!this.#messages) return;
    let bytes = 0;
    for (const message of this.#messages) bytes += message.length;
    this.#table.release(bytes);
    this.#bytes -= bytes;
    this.#messages = undefined;
  }
}

/** The caller wants no answer any more, unlike one whose connection broke. */
function gaveUp(error: RpcError): boolean {
  return error.code === 'canceled' || error.code === 'deadline_exceeded';
}

/** A call with a key that is known. It is answered once its request is complete, to be compared. */
export class RepeatedCall implements ServerSink {
  readonly #call: ServerCall;
  readonly #hash: Hash = createHash('sha256');
  #request: string | undefined;
  #first: FirstCall | undefined;
  #answer: Answer | undefined;
  /** Messages of the answer that have been sent. */
  #sent = 0;
  #isOver = false;

  constructor(call: ServerCall) {
    this.#call = call;
    call.sink = this;
  }

  waitFor(first: FirstCall): void {
    this.#first = first;
  }

  answerWith(answer: Answer): void {
    this.#answer = answer;
    this.#tryToAnswer();
  }

  /** The first call was cancelled before it had an answer. */
  abandon(): void {
    const message = 'the first call with this idempotency-key was canceled; call again';
    this.#fail(new RpcError('unavailable', message, { retryable: true }));
  }

  onMessage(bytes: Uint8Array): void {
    addMessage(this.#hash, bytes);
  }

  onHalfClose(): void {
    this.#request = this.#hash.digest('base64');
    this.#tryToAnswer();
  }

  onCancel(): void {
    this.#isOver = true;
    this.#first?.leave(this);
  }

  onWritable(): void {
    this.#sendOn();
  }

  #tryToAnswer(): void {
    const answer = this.#answer;
    if (this.#isOver || answer === undefined || this.#request === undefined) return;
    if (answer.request !== undefined && answer.request !== this.#request) {
      const message = 'this idempotency-key was used with another request; use a new one';
      this.#fail(new RpcError('invalid_argument', message));
    } else if (answer.messages === undefined) {
      const message =
        'the call with this idempotency-key was made, and its answer is too long to be given again';
      this.#fail(new RpcError('failed_precondition', message));
    } else {
      if (answer.header) this.#call.sendHeader(answer.header);
      this.#sendOn();
    }
  }

  #sendOn(): void {
    if (this.#isOver || !this.#answer?.messages) return;
    const { messages, trailer } = this.#answer;
    while (this.#sent < messages.length) {
      const hasRoom = this.#call.sendMessage(messages[this.#sent++] as Uint8Array);
      if (!hasRoom && this.#sent < messages.length) return;
    }
    this.#isOver = true;
    this.#call.sendEnd(trailer);
  }

  #fail(error: RpcError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.sendEnd({ error, metadata: Metadata.empty });
  }
}

/** With its length, so that two messages are not the same as one. */
function addMessage(hash: Hash, bytes: Uint8Array): void {
  hash.update(`${bytes.length}:`).update(bytes);
}
