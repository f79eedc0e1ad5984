import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from '../core/call.ts';
import type { Scheduled } from '../core/clock.ts';
import type { HeldMessage } from '../core/held-call.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import { openFenced } from '../core/open-fenced.ts';
import { isRefused } from '../core/refused.ts';
import { warnOfHook } from '../core/warn.ts';
import { RpcError } from '../rpc-error.ts';
import type { HedgeSettings } from './hedge.ts';
import { previousAttemptsKey, pushbackOf } from './pushback.ts';

/** The longest wait that a server may ask for. */
const maxPushbackMs = 60_000;

const emptyMessage = new Uint8Array(0);

/** One call and its attempts. The sink hears nothing before one of them has won or all are over. */
export class HedgeCall implements ClientCall {
  readonly #next: Transport;
  readonly #settings: HedgeSettings;
  readonly #method: MethodInfo;
  readonly #options: OpenOptions;
  readonly #sink: ClientSink;

  #running: Attempt[] = [];
  #winner: Attempt | undefined;
  #ended = false;
  #cancelled = false;
  /** The failure that the call ends with when no attempt wins. */
  #failure: { readonly attempt: Attempt; readonly trailer: Trailer } | undefined;
  #started = 0;
  /** No further attempt begins. */
  #enough = false;
  #timer: Scheduled | undefined;
  /** The time for the next attempt came while the caller had paused. */
  #isDue = false;

  readonly #kept: HeldMessage[] = [];
  #keptBytes = 0;
  #halfClosed = false;
  #paused = false;
  #owesWritable = false;
  /** What the winner has sent and a caller that paused does not want yet. */
  #heldEmpty = 0;
  #heldMessage: Uint8Array | undefined;
  #heldTrailer: Trailer | undefined;

  constructor(
    next: Transport,
    settings: HedgeSettings,
    method: MethodInfo,
    options: OpenOptions,
    sink: ClientSink,
  ) {
    this.#next = next;
    this.#settings = settings;
    this.#method = method;
    this.#options = options;
    this.#sink = sink;
    this.#begin();
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#ended) return true;
    if (this.#winner) {
      const hasRoom = this.#winner.call.sendMessage(bytes, compress);
      if (!hasRoom) this.#owesWritable = true;
      return hasRoom;
    }
    this.#keep(bytes, compress);
    for (const attempt of [...this.#running]) attempt.call.sendMessage(bytes, compress);
    return true;
  }

  sendEnd(): void {
    if (this.#ended) return;
    this.#halfClosed = true;
    if (this.#winner) this.#winner.call.sendEnd();
    else for (const attempt of [...this.#running]) attempt.call.sendEnd();
  }

  cancel(error: RpcError): void {
    if (this.#ended || this.#cancelled) return;
    this.#cancelled = true;
    if (this.#winner && !this.#heldTrailer) this.#winner.call.cancel(error);
    else this.#endAll({ error, metadata: Metadata.empty }, error);
  }

  pause(): void {
    this.#paused = true;
    for (const attempt of [...this.#running]) attempt.call.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#flush();
    if (this.#paused || this.#ended) return;
    for (const attempt of [...this.#running]) attempt.call.resume();
    if (this.#isDue) this.#beginNext();
  }

  onHeader(attempt: Attempt, metadata: Metadata): void {
    if (attempt === this.#winner) this.#sink.onHeader(metadata);
    else attempt.header = metadata;
  }

  onMessage(attempt: Attempt, bytes: Uint8Array): void {
    if (!this.#hears(attempt)) return;
    if (attempt === this.#winner) this.#sink.onMessage(bytes);
    else if (bytes.length === 0) attempt.emptyMessages++;
    else this.#win(attempt, bytes, undefined);
  }

  onWritable(attempt: Attempt): void {
    if (attempt !== this.#winner || !this.#owesWritable || this.#ended) return;
    this.#owesWritable = false;
    this.#sink.onWritable();
  }

  onEnd(attempt: Attempt, trailer: Trailer): void {
    if (!this.#hears(attempt)) return;
    const { error } = trailer;
    const { budget } = this.#settings;
    this.#running = this.#running.filter((other) => other !== attempt);
    if (error === undefined) budget.succeeded();
    if (attempt === this.#winner) this.#end(trailer);
    else if (error === undefined && this.#hasAnswered(attempt)) {
      this.#win(attempt, undefined, trailer);
    } else if (error === undefined) this.#passOver(attempt, trailer);
    else if (isRefused(error)) this.#passOver(attempt, trailer);
    else if (error.retryable || this.#settings.nonFatalCodes.has(error.code)) {
      budget.failed();
      this.#passOver(attempt, trailer);
    } else {
      if (pushbackOf(trailer) === 'never') budget.failed();
      this.#failWith(attempt, trailer);
    }
  }

  /** Not those that have lost, which may go on for a while. */
  #hears(attempt: Attempt): boolean {
    return !this.#ended && (this.#winner === undefined || this.#winner === attempt);
  }

  #hasAnswered(attempt: Attempt): boolean {
    return this.#method.kind !== 'unary' || attempt.emptyMessages > 0;
  }

  #begin(): void {
    this.#isDue = false;
    const attempt = new Attempt(this);
    const options = this.#attemptOptions();
    this.#started++;
    this.#running.push(attempt);
    attempt.call = openFenced(this.#next, this.#method, options, attempt);
    if (this.#paused) attempt.call.pause();
    for (const { bytes, compress } of this.#kept) attempt.call.sendMessage(bytes, compress);
    if (this.#halfClosed) attempt.call.sendEnd();
    if (this.#winner || this.#ended || this.#started >= this.#settings.maxAttempts) return;
    const delayMs = this.#delayMs();
    if (delayMs === undefined) this.#beginNoMore();
    else if (delayMs > 0) this.#schedule(delayMs);
    else this.#beginNext();
  }

  #delayMs(): number | undefined {
    try {
      return this.#settings.delayMs(this.#method);
    } catch (reason) {
      warnOfHook('delayMs of hedge', reason);
      return undefined;
    }
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#settings.clock.schedule(delayMs, () => {
      this.#timer = undefined;
      if (this.#paused) this.#isDue = true;
      else this.#beginNext();
    });
  }

  #beginNext(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#mayBegin) this.#begin();
    else if (this.#running.length === 0) this.#endWithLast();
  }

  get #mayBegin(): boolean {
    if (this.#enough || this.#winner || this.#ended) return false;
    if (this.#started >= this.#settings.maxAttempts || !this.#settings.budget.allows) return false;
    return this.#settings.clock.now() < this.#options.deadlineAt;
  }

  #attemptOptions(): OpenOptions {
    if (this.#started === 0) return this.#options;
    const metadata = this.#options.metadata.clone();
    metadata.set(previousAttemptsKey, String(this.#started));
    return { ...this.#options, metadata };
  }

  #keep(bytes: Uint8Array, compress: boolean | undefined): void {
    if (this.#enough || this.#started >= this.#settings.maxAttempts) return;
    this.#keptBytes += bytes.length;
    if (this.#keptBytes <= this.#settings.maxBufferedBytes || this.#running.length === 0) {
      this.#kept.push({ bytes: bytes.slice(), compress });
    } else this.#beginNoMore();
  }

  #beginNoMore(): void {
    this.#enough = true;
    this.#isDue = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#kept.length = 0;
  }

  /** The attempt failed, and another one may still answer. */
  #passOver(attempt: Attempt, trailer: Trailer): void {
    this.#failure = { attempt, trailer };
    const pushback = pushbackOf(trailer) ?? 0;
    if (!this.#canWait(pushback)) this.#beginNoMore();
    if (pushback === 0 || pushback === 'never' || !this.#mayBegin) this.#beginNext();
    else this.#schedule(pushback);
  }

  #canWait(pushback: number | 'never'): boolean {
    if (pushback === 'never' || pushback > maxPushbackMs) return false;
    return this.#settings.clock.now() + pushback < this.#options.deadlineAt;
  }

  #endWithLast(): void {
    if (this.#failure) this.#failWith(this.#failure.attempt, this.#failure.trailer);
  }

  #failWith(attempt: Attempt, trailer: Trailer): void {
    const header = attempt.header;
    this.#winner = attempt;
    this.#cancelOthers();
    if (header) this.#sink.onHeader(header);
    if (!this.#ended) this.#end(trailer);
  }

  #win(attempt: Attempt, message: Uint8Array | undefined, trailer: Trailer | undefined): void {
    this.#winner = attempt;
    this.#cancelOthers();
    this.#heldEmpty = attempt.emptyMessages;
    this.#heldMessage = message;
    this.#heldTrailer = trailer;
    if (attempt.header) this.#sink.onHeader(attempt.header);
    this.#flush();
    // The bytes are lent; what is left of them was not wanted yet.
    this.#heldMessage = this.#heldMessage?.slice();
  }

  #cancelOthers(): void {
    this.#beginNoMore();
    const others = this.#running.filter((other) => other !== this.#winner);
    this.#running = this.#running.filter((other) => other === this.#winner);
    for (const other of others) other.call.cancel(lost);
  }

  #flush(): void {
    while (!this.#paused && !this.#ended && !this.#cancelled) {
      const message = this.#heldMessage;
      if (this.#heldEmpty > 0) {
        this.#heldEmpty--;
        this.#sink.onMessage(emptyMessage);
      } else if (message) {
        this.#heldMessage = undefined;
        this.#sink.onMessage(message);
      } else if (this.#heldTrailer) this.#end(this.#heldTrailer);
      else return;
    }
  }

  #endAll(trailer: Trailer, reason: RpcError): void {
    const running = this.#running;
    this.#ended = true;
    for (const attempt of running) attempt.call.cancel(reason);
    this.#end(trailer);
  }

  #end(trailer: Trailer): void {
    this.#ended = true;
    this.#running = [];
    this.#heldMessage = undefined;
    this.#beginNoMore();
    this.#sink.onEnd(trailer);
  }
}

/** What one attempt has said so far. */
class Attempt implements ClientSink {
  readonly #hedge: HedgeCall;
  call: ClientCall = notOpen;
  header: Metadata | undefined;
  /** Messages without a byte: all that has to be known of them is how many. */
  emptyMessages = 0;

  constructor(hedge: HedgeCall) {
    this.#hedge = hedge;
  }

  onHeader(metadata: Metadata): void {
    this.#hedge.onHeader(this, metadata);
  }

  onMessage(bytes: Uint8Array): void {
    this.#hedge.onMessage(this, bytes);
  }

  onEnd(trailer: Trailer): void {
    this.#hedge.onEnd(this, trailer);
  }

  onWritable(): void {
    this.#hedge.onWritable(this);
  }
}

const notOpen: ClientCall = {
  sendMessage: () => true,
  sendEnd() {},
  cancel() {},
  pause() {},
  resume() {},
};

const lost: RpcError = new RpcError('canceled', 'another attempt was answered first');
