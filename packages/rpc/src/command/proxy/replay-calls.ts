import {
  type CallHandler,
  okTrailer,
  type ServerCall,
  type ServerSink,
  type Trailer,
} from '../../core/call.ts';
import { callValue } from '../../core/call-values.ts';
import { type Clock, type Scheduled, systemClock } from '../../core/clock.ts';
import { Metadata } from '../../core/metadata.ts';
import { RpcError } from '../../rpc-error.ts';
import { callNote } from '../listen/call-log.ts';
import type { ReplayableCall } from '../recording/read-recording.ts';
import type { ReplayBook, ReplayEntry } from './replay-book.ts';

export interface ReplayOptions {
  /** Answer when the recorded call was answered, and not at once. */
  readonly paced?: boolean;
  readonly clock?: Clock;
}

/** What a call may say before it is refused: recordings keep as much of one. */
const maxRequestBytes = 8 * 1024 ** 2;

/**
 * Answers calls as a recording has it: each response after as many requests as there had been before
 * it then.
 */
export function replayCalls(book: ReplayBook, options: ReplayOptions = {}): CallHandler {
  return (call) => {
    call.sink = new ReplayedCall(call, book, options);
  };
}

class ReplayedCall implements ServerSink {
  readonly #call: ServerCall;
  readonly #book: ReplayBook;
  readonly #clock: Clock;
  readonly #paced: boolean;
  readonly #beganAt: number;
  readonly #requests: Uint8Array[] = [];
  #requestBytes = 0;
  #halfClosed = false;
  #entry: ReplayEntry | undefined;
  #responses = 0;
  #headerSent = false;
  #isOver = false;
  #isFull = false;
  #timer: Scheduled | undefined;

  constructor(call: ServerCall, book: ReplayBook, options: ReplayOptions) {
    this.#call = call;
    this.#book = book;
    this.#clock = options.clock ?? systemClock;
    this.#paced = options.paced ?? false;
    this.#beganAt = this.#clock.now();
  }

  onMessage(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#requestBytes += bytes.length;
    if (this.#requestBytes > maxRequestBytes) {
      const message = 'the requests of this call are larger than a recording keeps, 8 MiB';
      this.#end({ error: new RpcError('resource_exhausted', message), metadata: Metadata.empty });
      return;
    }
    this.#requests.push(bytes.slice());
    this.#goOn();
  }

  onHalfClose(): void {
    this.#halfClosed = true;
    this.#goOn();
  }

  onCancel(): void {
    this.#end(okTrailer);
  }

  onWritable(): void {
    this.#isFull = false;
    this.#send();
  }

  #goOn(): void {
    if (this.#isOver) return;
    try {
      this.#entry = this.#book.find(this.#call.path, {
        requests: this.#requests,
        halfClosed: this.#halfClosed,
        responses: this.#responses,
        entry: this.#entry,
      });
    } catch (error) {
      this.#end({ error: RpcError.from(error), metadata: Metadata.empty });
      return;
    }
    const note = callValue(this.#call, callNote);
    if (note !== undefined) note.text = this.#entry.call.origin;
    this.#send();
  }

  /** Sends what is due, and the end. */
  #send(): void {
    if (this.#entry === undefined || this.#timer !== undefined) return;
    const { call } = this.#entry;
    const heard = this.#requests.length + (this.#halfClosed ? 1 : 0);
    while (!this.#isOver && !this.#isFull) {
      const response = call.responses[this.#responses];
      const after = response?.after ?? call.endedAfter;
      if (after > heard || this.#waitsFor(response?.atMs ?? call.durationMs)) return;
      this.#sendHeader(call.header);
      if (response === undefined) {
        // Who recorded it left, as who calls now may; a call that asks nothing more has its end.
        if (call.left && (call.halfClosed || !this.#halfClosed)) return;
        this.#end({ error: endOf(call), metadata: call.trailer });
        return;
      }
      this.#responses++;
      this.#isFull = !this.#call.sendMessage(response.bytes);
    }
  }

  #sendHeader(metadata: Metadata): void {
    if (this.#headerSent) return;
    this.#headerSent = true;
    if (metadata.size > 0) this.#call.sendHeader(metadata);
  }

  /** True when it is too early; it goes on by itself then. */
  #waitsFor(atMs: number): boolean {
    if (!this.#paced) return false;
    const leftMs = this.#beganAt + atMs - this.#clock.now();
    if (leftMs <= 0) return false;
    this.#timer = this.#clock.schedule(leftMs, () => {
      this.#timer = undefined;
      this.#send();
    });
    return true;
  }

  #end(trailer: Trailer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#call.sendEnd(trailer);
  }
}

/** A call that was not recorded whole does not end as if it had been. */
function endOf(call: ReplayableCall): RpcError | undefined {
  if (call.unkept === 0) return call.left ? undefined : call.error;
  const message = `${call.origin}: ${call.unkept} messages of this call were too many or too large to be recorded`;
  return new RpcError('data_loss', message);
}
