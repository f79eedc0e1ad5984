import type { HttpAnswer } from '@zeke/foundation/http-client';
import { RpcError } from '@zeke/rpc';
import { maxFrameChars } from '../framing/sse.ts';
import type { AttemptRecord, CountableText } from '../governance/attempt-record.ts';
import type { Hold } from '../governance/budgets/hold.ts';
import { apiError } from '../neutral/api-error.ts';
import type { ProviderCall } from '../providers/call-provider.ts';
import type { Usefulness } from '../routing/usefulness.ts';
import type { StreamTransform } from './stream-transform.ts';

export interface StreamAnswerOptions {
  response: HttpAnswer;
  call: ProviderCall;
  record: AttemptRecord;
  transform: StreamTransform;
  /** The caller's text, to count its tokens where the provider does not say. */
  input: string;
  idleTimeoutMs: number;
  /** Says when the beginning of the answer is of use; it is not given out before. */
  listener?: Usefulness;
  /** Go on reading when the client leaves, so that the provider tells what it used. */
  drain: boolean;
  /** After the last byte; with the error where the stream did not end well. */
  onEnd: (error: RpcError | undefined) => void;
}

/**
 * A provider's stream as the body of our answer. Resolves when the first good record is there, so
 * that the head of the answer is not sent before; rejects, with nothing sent, when an error comes
 * first. The body reads from the provider only as fast as it is read itself. An answer that is
 * already there as a whole is given as its bytes.
 */
export async function streamAnswer(
  options: StreamAnswerOptions,
): Promise<ReadableStream<Uint8Array> | Uint8Array> {
  const { call, listener, record, transform } = options;
  const provider = record.options.candidate.provider.name;
  const pump = new Pump(options);
  record.answered = () => transform.answered();
  try {
    while (!transform.started && !pump.ended) {
      await pump.read();
      if (!transform.started && pump.producedBytes > maxFrameChars) throw neverBegan(provider);
    }
    if (listener) await pump.readUntil(listener);
    pump.readAtHand();
  } catch (reason) {
    const error = call.errorOf(reason);
    call.abort(error);
    throw error;
  }
  // Until here the clock of the first token ran on: what came before it is no sign of life.
  record.firstToken();
  if (pump.ended) return asBody(pump.whole());
  call.waitClient(options.idleTimeoutMs);
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        call.onClientWaitEnd = (error) => pump.break(controller, error);
      },
      pull: (controller) => pump.pull(controller),
      cancel: () => pump.leave(),
    },
    { highWaterMark: 0 },
  );
}

/** Up to this size Bun sends an answer's head and its bytes in one go, in bytes. */
const maxSentAtOnce = 15 * 1024;

/** Of more bytes Bun sends the head in some twenty writes, unless they are a stream. */
function asBody(bytes: Uint8Array): ReadableStream<Uint8Array> | Uint8Array {
  if (bytes.length <= maxSentAtOnce) return bytes;
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Of an answer's text, on the average: less often too many than {@link Hold} takes beforehand. */
const bytesAToken = 4;
/** How much longer a stream may get until it is counted again. */
const minGrowth = 1.05;
const maxGrowth = 4;

/** Moves one stream; knows how it ended. */
class Pump {
  ended = false;
  readonly #options: StreamAnswerOptions;
  readonly #provider: string;
  /** All bytes so far. */
  producedBytes = 0;
  /** Bytes ready to send. */
  #ready: Uint8Array[] = [];
  #left = false;
  /** A token takes a byte or more, so before these no more than what is held for can have come. */
  #checkAtBytes: number;

  constructor(options: StreamAnswerOptions) {
    this.#options = options;
    this.#provider = options.record.options.candidate.provider.name;
    this.#checkAtBytes = options.record.hold?.checkAtTokens ?? 0;
  }

  /** Reads one chunk of the provider's and readies what comes of it. */
  async read(): Promise<void> {
    this.#take(await this.#options.response.read());
  }

  /** The same for all chunks, and the end, that are there without a wait. */
  readAtHand(): void {
    const { response } = this.#options;
    while (!this.ended && response.isAtHand) {
      const next = response.read();
      if (!(next instanceof Promise)) this.#take(next);
    }
  }

  #take(chunk: Uint8Array | undefined): void {
    const { call, record, transform } = this.#options;
    record.lastChunkAt = performance.now();
    const said = chunk ? transform.push(chunk) : transform.end();
    const bytes = transform.failure ? call.mask.bytes(said) : said;
    if (bytes.length > 0) this.#ready.push(bytes);
    this.producedBytes += bytes.length;
    if (transform.stop) throw transform.stop;
    if (!chunk) this.ended = true;
    else if (record.hold && this.producedBytes >= this.#checkAtBytes) this.#checkHold(record.hold);
  }

  /**
   * Counts roughly what was written, and when that may have grown to what is held for. Throws where
   * it is more, and a hard budget has no room for it.
   */
  #checkHold(hold: Hold): void {
    const { transform } = this.#options;
    const { output, outputShare } = transform.answered();
    const share = outputShare > 0 ? outputShare : 1;
    const counted = Math.ceil(Buffer.byteLength(output) / bytesAToken / share);
    const tokens = Math.max(1, counted, transform.usage.output);
    const stop = hold.check(tokens);
    if (stop) throw stop;
    const growth = Math.min(maxGrowth, Math.max(minGrowth, hold.checkAtTokens / tokens));
    this.#checkAtBytes = Math.ceil(this.producedBytes * growth);
  }

  /** Reads until the answer is of use. Throws for one that ends before, but not in good order. */
  async readUntil(listener: Usefulness): Promise<void> {
    const { transform } = this.#options;
    while (!listener.reached && !this.ended) {
      await this.read();
      if (this.producedBytes > maxFrameChars) return;
    }
    if (listener.reached) return;
    listener.endedEmpty = transform.complete;
    if (listener.endedEmpty) return;
    throw transform.failure ?? endedEarly(this.#provider);
  }

  /** All bytes of an answer that has ended. */
  whole(): Uint8Array {
    const bytes = [...this.#ready, ...this.#ending()];
    return bytes.length === 1 && bytes[0] ? bytes[0] : Buffer.concat(bytes);
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { call, idleTimeoutMs } = this.#options;
    try {
      this.readAtHand();
      while (this.#ready.length === 0 && !this.ended) {
        call.waitIdle(idleTimeoutMs);
        await this.read();
        this.readAtHand();
      }
    } catch (reason) {
      if (this.#left) return;
      this.break(controller, call.errorOf(reason));
      return;
    }
    if (this.#left) return;
    for (const bytes of this.#ready) controller.enqueue(bytes);
    this.#ready = [];
    if (this.ended) this.#close(controller);
    else call.waitClient(idleTimeoutMs);
  }

  /** The client left: the call is cancelled, or read to its end where the policy says so. */
  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    const { call, drain } = this.#options;
    call.leave();
    if (drain) {
      call.received();
      try {
        while (!this.ended) {
          this.#ready = [];
          await this.read();
        }
      } catch {
        // What was read up to here is what is known.
      }
    }
    call.abort(new RpcError('canceled', 'the client left'));
    this.#settle('canceled', new RpcError('canceled', 'the client left'));
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    for (const bytes of this.#ending()) controller.enqueue(bytes);
    controller.close();
  }

  /** The provider's bytes have ended, well or too early: what is to be said of it. */
  #ending(): Uint8Array[] {
    const { call, transform } = this.#options;
    if (transform.complete) {
      this.#settle('ok');
      return [];
    }
    const early = transform.failure ? undefined : endedEarly(this.#provider);
    const said = early ? [transform.fail(early)] : [];
    this.#settle('incomplete', call.errorOf(transform.failure ?? early));
    return said;
  }

  /** The stream can't go on: its client is told why, and the provider asked no longer. */
  break(controller: ReadableStreamDefaultController<Uint8Array>, error: RpcError): void {
    const { call, transform } = this.#options;
    this.#left = true;
    call.abort(error);
    if (error.code === 'canceled') {
      this.#settle('canceled', error);
      controller.error(error);
      return;
    }
    for (const bytes of this.#ready) controller.enqueue(bytes);
    controller.enqueue(transform.fail(error));
    this.#settle('incomplete', error);
    controller.close();
  }

  #settle(outcome: 'ok' | 'canceled' | 'incomplete', error?: RpcError): void {
    const { call, record, transform, onEnd } = this.#options;
    call[Symbol.dispose]();
    record.usage = transform.usage;
    record.usageKnown = transform.usageKnown;
    record.end(outcome, error, () => this.#countable());
    onEnd(error);
  }

  #countable(): CountableText {
    return { input: this.#options.input, ...this.#options.transform.answered() };
  }
}

function neverBegan(provider: string): RpcError {
  return apiError('data_loss', `${provider} sent much before its answer began`, {
    status: 502,
    provider,
    reason: 'bad_provider_answer',
    retryable: true,
  });
}

function endedEarly(provider: string): RpcError {
  return apiError('data_loss', `${provider} ended its answer early`, {
    status: 502,
    provider,
    reason: 'answer_cut',
    retryable: true,
  });
}
