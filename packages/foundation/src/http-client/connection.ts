import type { Socket } from 'bun';
import type { AnswerHead } from './answer-head.ts';
import { AnswerParser, type AnswerSink } from './answer-parser.ts';
import { HttpFault } from './http-fault.ts';
import { maxJoined } from './request-text.ts';

/** A request that a connection carries, and who hears of its answer. */
export interface Passenger extends AnswerSink {
  readonly method: string;
  readonly head: string;
  /** Of the body; the head is ASCII. */
  readonly bodyBytes: number;
  readonly body: string | Uint8Array | undefined;
  /** What carries it; the connection sets it. */
  connection: Connection | undefined;
  /** The connection is of no more use; `isUntouched` when it ended before any byte of an answer. */
  onFault(reason: unknown, isUntouched: boolean): void;
}

/** Whom a connection tells of itself. */
export interface ConnectionOwner {
  /** It has brought an answer to its end and may carry another request. */
  free(connection: Connection): void;
  /** It is closed. Told once. */
  gone(connection: Connection): void;
}

/** What a connection asks of its socket. */
export type RawSocket = Pick<
  Socket,
  'close' | 'pause' | 'ref' | 'resume' | 'terminate' | 'unref' | 'write'
>;

/** One connection of HTTP/1.1: carries one request at a time. */
export class Connection implements AnswerSink {
  readonly #raw: RawSocket;
  readonly #owner: ConnectionOwner;
  readonly #parser = new AnswerParser();
  #passenger: Passenger | undefined;
  /** What of a request the system did not take yet. */
  #unsent: Uint8Array | undefined;
  #isTouched = false;
  #isClosed = false;
  #isPaused = false;
  #rests = false;
  /** Requests carried. */
  #carried = 0;
  /** When it is closed if nothing has used it until then, in milliseconds of the monotonic clock. */
  expiresAt = 0;

  constructor(raw: RawSocket, owner: ConnectionOwner) {
    this.#raw = raw;
    this.#owner = owner;
  }

  /** It has carried another request before. */
  get isReused(): boolean {
    return this.#carried > 1;
  }

  /** How long its server says that it keeps it open, in milliseconds. */
  get idleMs(): number | undefined {
    return this.#parser.idleMs;
  }

  /** Sends a request; only when it is free. False when it is closed and nothing of it was sent. */
  carry(passenger: Passenger): boolean {
    const raw = this.#raw;
    if (this.#rests) raw.ref();
    this.#rests = false;
    this.#carried++;
    const { head, body } = passenger;
    const joins = typeof body === 'string' && body.length <= maxJoined;
    const first = joins ? head + body : head;
    const sent = raw.write(first);
    if (sent < 0) {
      this.#close();
      return false;
    }
    this.#passenger = passenger;
    passenger.connection = this;
    this.#isTouched = false;
    this.#parser.begin(passenger.method, this);
    if (!joins && body !== undefined) this.#sendApart(head, sent, body);
    else if (sent < head.length + passenger.bodyBytes) {
      this.#unsent = Buffer.from(first).subarray(sent);
    }
    return true;
  }

  #sendApart(head: string, sent: number, body: string | Uint8Array): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.#unsent =
      sent < head.length ? Buffer.concat([Buffer.from(head.slice(sent)), bytes]) : bytes;
    this.onDrain();
  }

  /** The system takes more. */
  onDrain(): void {
    const unsent = this.#unsent;
    if (unsent === undefined) return;
    const sent = Math.max(0, this.#raw.write(unsent));
    this.#unsent = sent < unsent.length ? unsent.subarray(sent) : undefined;
  }

  onBytes(bytes: Buffer): void {
    if (this.#passenger === undefined) {
      // Nothing was asked: what this is, nobody knows.
      this.destroy();
      return;
    }
    this.#isTouched = true;
    let used: number;
    try {
      used = this.#parser.push(bytes);
    } catch (fault) {
      this.#fail(fault);
      return;
    }
    if (this.#parser.isDone && !this.#isClosed) this.#arrive(used === bytes.length);
  }

  /** The answer is whole: another request may follow if both sides are at their end. */
  #arrive(isExact: boolean): void {
    this.#passenger = undefined;
    if (!isExact || this.#unsent !== undefined || !this.#parser.keepsAlive) {
      this.close();
      return;
    }
    this.resume();
    this.#owner.free(this);
  }

  onHead(head: AnswerHead): void {
    this.#passenger?.onHead(head);
  }

  onBody(bytes: Buffer): void {
    this.#passenger?.onBody(bytes);
  }

  onEnd(): void {
    this.#passenger?.onEnd();
  }

  /** The other side closed, or the network failed. */
  onClose(error: Error | undefined): void {
    if (this.#isClosed) return;
    if (error === undefined) this.#parser.end();
    if (this.#parser.isDone) {
      this.#passenger = undefined;
      this.#close();
      return;
    }
    this.#fail(error ?? closed(this.#isTouched));
  }

  /** Nothing is asked for now: the process need not go on for it. */
  rest(): void {
    this.#rests = true;
    this.#raw.unref();
  }

  /** Takes no more bytes from the system, so that the server is held up, until `resume`. */
  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#raw.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#raw.resume();
  }

  /** Closes it in good order; nothing is under way. */
  close(): void {
    this.#raw.close();
    this.#close();
  }

  /** Closes it at once; who waits for an answer hears nothing. */
  destroy(): void {
    this.#passenger = undefined;
    this.#raw.terminate();
    this.#close();
  }

  #fail(reason: unknown): void {
    const passenger = this.#passenger;
    this.destroy();
    passenger?.onFault(reason, !this.#isTouched);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unsent = undefined;
    this.#owner.gone(this);
  }
}

function closed(isTouched: boolean): HttpFault {
  const when = isTouched ? 'in the middle of' : 'before';
  return new HttpFault('HTTP_CLOSED', `the server closed the connection ${when} its answer`);
}
