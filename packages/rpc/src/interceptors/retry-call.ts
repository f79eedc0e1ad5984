import { backoffMs } from '../core/backoff.ts';
import type { ClientCall, ClientSink, OpenOptions, Trailer } from '../core/call.ts';
import type { Scheduled } from '../core/clock.ts';
import type { HeldMessage } from '../core/held-call.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import { openFenced } from '../core/open-fenced.ts';
import { isRefused } from '../core/refused.ts';
import { warnOfHook } from '../core/warn.ts';
import { RpcError } from '../rpc-error.ts';
import { previousAttemptsKey, pushbackOf, retryInfoMs } from './pushback.ts';
import type { RetryTransport } from './retry.ts';

/** What a kept message costs beside its bytes, so that empty ones count too. */
const messageOverheadBytes = 64;

/**
 * One call and the sink of all its attempts: a next one begins only after the end of the one before
 * it, so their events cannot be mixed up.
 */
export class RetryCall implements ClientCall, ClientSink {
  readonly #shared: RetryTransport;
  readonly #method: MethodInfo;
  readonly #options: OpenOptions;
  readonly #sink: ClientSink;
  /** The attempt that runs; undefined between two and after the end. */
  #call: ClientCall | undefined;
  /** The kept messages are being sent again: new ones line up behind them. */
  #replaying = false;
  /** Between two attempts. */
  #wait: { readonly timer: Scheduled; readonly trailer: Trailer } | undefined;
  #ended = false;
  #cancelled = false;
  /** No further attempt: the answer has begun, or its messages are not kept. */
  #committed = false;

  #attempts = 1;
  /** Waits since the start or since the server last named one. */
  #backoffs = 0;
  #refusals = 0;

  readonly #kept: HeldMessage[] = [];
  #keptBytes = 0;
  #halfClosed = false;
  #paused = false;
  /** The caller was told that there is no room, and not yet that there is. */
  #owesWritable = false;
  #heldHeader: Metadata | undefined;
  /** A message that came with the header that it was held for, while the caller wants none. */
  #heldMessage: Uint8Array | undefined;

  constructor(shared: RetryTransport, method: MethodInfo, options: OpenOptions, sink: ClientSink) {
    this.#shared = shared;
    this.#method = method;
    this.#options = options;
    this.#sink = sink;
    this.#call = openFenced(shared.next, method, options, this);
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#ended) return true;
    if (!this.#committed) this.#keep(bytes, compress);
    if (this.#call === undefined || this.#replaying) {
      this.#owesWritable = true;
      return false;
    }
    const hasRoom = this.#call.sendMessage(bytes, compress);
    if (!hasRoom) this.#owesWritable = true;
    return hasRoom;
  }

  sendEnd(): void {
    this.#halfClosed = true;
    if (!this.#replaying) this.#call?.sendEnd();
  }

  cancel(error: RpcError): void {
    if (this.#ended || this.#cancelled) return;
    this.#cancelled = true;
    if (this.#call) this.#call.cancel(error);
    else this.#end({ error, metadata: Metadata.empty });
  }

  pause(): void {
    this.#paused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#paused = false;
    const message = this.#heldMessage;
    if (message !== undefined) {
      this.#heldMessage = undefined;
      this.#sink.onMessage(message);
    }
    if (!this.#paused) this.#call?.resume();
  }

  onHeader(metadata: Metadata): void {
    if (this.#method.kind === 'unary') {
      this.#heldHeader = metadata;
      return;
    }
    this.#commit();
    this.#sink.onHeader(metadata);
  }

  onMessage(bytes: Uint8Array): void {
    this.#commit();
    this.#tellHeader();
    if (this.#ended || this.#cancelled) return;
    if (this.#paused) this.#heldMessage = bytes.slice();
    else this.#sink.onMessage(bytes);
  }

  onWritable(): void {
    if (!this.#owesWritable) return;
    this.#owesWritable = false;
    this.#sink.onWritable();
  }

  onEnd(trailer: Trailer): void {
    this.#call = undefined;
    this.#replaying = false;
    const { error } = trailer;
    if (error === undefined) this.#shared.settings.budget.succeeded();
    let delayMs: number | undefined;
    try {
      if (error !== undefined && !this.#cancelled) delayMs = this.#delayAfter(error, trailer);
    } catch (reason) {
      warnOfHook('an option of retry', reason);
    }
    if (error === undefined || delayMs === undefined) this.#end(trailer);
    else this.#repeat(delayMs, error, trailer);
  }

  /** Ends a call that waits with the failure it waits after. */
  giveUp(): void {
    if (this.#wait) this.#end(this.#wait.trailer);
  }

  /** Milliseconds until the next attempt, or undefined when there is none. */
  #delayAfter(error: RpcError, trailer: Trailer): number | undefined {
    const refused = isRefused(error);
    const { maxRefusals } = this.#shared.settings;
    const mayGoOn = !this.#committed && !this.#shared.closing;
    if (refused && mayGoOn && this.#refusals++ < maxRefusals) return 0;
    const pushback = pushbackOf(trailer);
    const mayRepeat = refused || this.#mayRepeat(error);
    const { budget, maxAttempts, maxPushbackMs, clock } = this.#shared.settings;
    if (!refused && (mayRepeat || pushback === 'never')) budget.failed();
    if (!mayRepeat || pushback === 'never' || !budget.allows) return undefined;
    if (!mayGoOn || this.#attempts >= maxAttempts) return undefined;
    const asked = pushback ?? retryInfoMs(trailer) ?? 0;
    if (asked > maxPushbackMs) return undefined;
    const delayMs = pushback ?? Math.max(asked, this.#nextBackoffMs());
    if (clock.now() + delayMs >= this.#options.deadlineAt) return undefined;
    if (pushback !== undefined) this.#backoffs = 0;
    this.#attempts++;
    return delayMs;
  }

  #mayRepeat(error: RpcError): boolean {
    const { idempotentCodes, otherCodes, isIdempotent } = this.#shared.settings;
    if (otherCodes.has(error.code)) return true;
    if (!error.retryable && !idempotentCodes.has(error.code)) return false;
    return isIdempotent(this.#method, this.#options.metadata);
  }

  #nextBackoffMs(): number {
    const { backoff, random } = this.#shared.settings;
    return backoffMs(backoff, this.#backoffs++, random);
  }

  #repeat(delayMs: number, error: RpcError, trailer: Trailer): void {
    const { clock, onRetry } = this.#shared.settings;
    this.#heldHeader = undefined;
    try {
      onRetry?.({ method: this.#method, attempt: this.#attempts, delayMs, error });
    } catch (reason) {
      warnOfHook('onRetry', reason);
    }
    if (this.#ended) return;
    if (delayMs === 0) {
      this.#attempt();
      return;
    }
    const timer = clock.schedule(delayMs, () => {
      this.#shared.waiting.delete(this);
      this.#wait = undefined;
      this.#attempt();
    });
    this.#wait = { timer, trailer };
    this.#shared.waiting.add(this);
  }

  #attempt(): void {
    const call = openFenced(this.#shared.next, this.#method, this.#attemptOptions(), this);
    this.#call = call;
    if (this.#paused) call.pause();
    this.#replaying = true;
    let hasRoom = true;
    for (const { bytes, compress } of this.#kept) {
      hasRoom = call.sendMessage(bytes, compress);
      if (this.#call !== call) return;
    }
    this.#replaying = false;
    if (this.#halfClosed) call.sendEnd();
    if (this.#call !== call) return;
    if (this.#keptBytes > this.#shared.settings.maxBufferedBytes) this.#commit();
    if (hasRoom) this.onWritable();
  }

  #attemptOptions(): OpenOptions {
    if (this.#attempts === 1) return this.#options;
    const metadata = this.#options.metadata.clone();
    metadata.set(previousAttemptsKey, String(this.#attempts - 1));
    return { ...this.#options, metadata };
  }

  #keep(bytes: Uint8Array, compress: boolean | undefined): void {
    const shared = this.#shared;
    const cost = bytes.length + messageOverheadBytes;
    const fits =
      this.#keptBytes + cost <= shared.settings.maxBufferedBytes &&
      shared.bufferedBytes + cost <= shared.settings.maxTotalBufferedBytes;
    if (!fits && this.#call && !this.#replaying) this.#commit();
    // Between two attempts a message cannot go anywhere: one too many is taken, as always.
    else if (!fits && this.#owesWritable) this.#refuseMore();
    else {
      this.#kept.push({ bytes: bytes.slice(), compress });
      this.#keptBytes += cost;
      shared.bufferedBytes += cost;
    }
  }

  /** For a caller that sends on and on though it was told to wait. */
  #refuseMore(): void {
    const error = new RpcError(
      'resource_exhausted',
      `${this.#method.path}: too many messages were sent while the call waits to be repeated; ` +
        'send the next one after onWritable',
    );
    this.cancel(error);
  }

  #commit(): void {
    this.#committed = true;
    if (this.#keptBytes === 0) return;
    this.#shared.bufferedBytes -= this.#keptBytes;
    this.#keptBytes = 0;
    this.#kept.length = 0;
  }

  #tellHeader(): void {
    const header = this.#heldHeader;
    if (header === undefined) return;
    this.#heldHeader = undefined;
    this.#sink.onHeader(header);
  }

  #end(trailer: Trailer): void {
    this.#ended = true;
    this.#heldMessage = undefined;
    this.#wait?.timer.cancel();
    this.#wait = undefined;
    this.#shared.waiting.delete(this);
    this.#commit();
    this.#tellHeader();
    this.#sink.onEnd(trailer);
  }
}
