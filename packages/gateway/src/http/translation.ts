import type { RpcError } from '@zeke/rpc';
import type { Dialect, EventDecoder, EventEncoder, Frame } from '../dialects/dialect.ts';
import { AwsEventStreamParser } from '../framing/aws-event-stream.ts';
import { NdjsonParser } from '../framing/ndjson.ts';
import { SseParser } from '../framing/sse.ts';
import type { EventGuard } from '../guardrails/event-guard.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { Usage } from '../neutral/usage.ts';
import { noStream, textOf } from './pass-through.ts';
import type { StreamTransform } from './stream-transform.ts';

interface FrameParser {
  push(bytes: Uint8Array): Frame[];
  end(): Frame[];
}

/** Of the answer, what is kept to count its tokens where the provider does not say, in characters. */
const maxCountedChars = 1024 * 1024;

export interface TranslationOptions {
  /** What the provider speaks. */
  from: Dialect;
  /** Tells events to the caller. */
  encoder: EventEncoder;
  onEvent?: (event: ChatEvent) => void;
  /** Says what goes out of the events, and when. */
  guard?: EventGuard | undefined;
  /** What an answer with this usage has cost, to be told with it; micro-USD. */
  costOf?: (usage: Usage) => number | undefined;
}

/** A stream that goes from the provider's dialect, over neutral events, into the caller's. */
export class Translation implements StreamTransform {
  usage: Usage = { input: 0, output: 0 };
  usageKnown = false;
  started = false;
  failure: RpcError | undefined;
  complete = false;
  readonly #parser: FrameParser;
  readonly #decoder: EventDecoder;
  readonly #encoder: EventEncoder;
  readonly #onEvent: ((event: ChatEvent) => void) | undefined;
  readonly #guard: EventGuard | undefined;
  readonly #costOf: ((usage: Usage) => number | undefined) | undefined;
  #answer = '';
  #answeredChars = 0;

  constructor(options: TranslationOptions) {
    this.#parser = frameParser(options.from);
    this.#decoder = options.from.createEventDecoder();
    this.#encoder = options.encoder;
    this.#onEvent = options.onEvent;
    this.#costOf = options.costOf;
    this.#guard = options.guard;
  }

  push(bytes: Uint8Array): Uint8Array {
    return Buffer.from(this.#tell(this.#parser.push(bytes)));
  }

  end(): Uint8Array {
    let text = this.#tell(this.#parser.end());
    for (const event of this.#decoder.end()) text += this.#take(event);
    if (this.#guard) text += this.#sendAll(this.#guard.end(this.complete));
    if (!this.started) throw this.failure ?? noStream();
    return Buffer.from(text);
  }

  get stop(): RpcError | undefined {
    return this.#guard?.refusal;
  }

  fail(error: RpcError): Uint8Array {
    return Buffer.from(this.#encoder.push({ type: 'error', error }));
  }

  answered(): { output: string; outputShare: number } {
    const share = this.#answeredChars === 0 ? 1 : this.#answer.length / this.#answeredChars;
    return { output: this.#answer, outputShare: share };
  }

  #tell(frames: readonly Frame[]): string {
    let text = '';
    for (const frame of frames) {
      for (const event of this.#decoder.push(frame)) text += this.#take(event);
    }
    return text;
  }

  #take(event: ChatEvent): string {
    switch (event.type) {
      case 'error':
        if (!this.started) throw event.error;
        this.failure ??= event.error;
        break;
      case 'usage':
        this.usage = event.usage;
        this.usageKnown = !event.usage.estimated;
        break;
      case 'response-end':
        this.complete = true;
        break;
      case 'response-start':
      case 'ping':
        break;
      default:
        this.started = true;
        this.#count(textOf(event));
    }
    return this.#guard ? this.#sendAll(this.#guard.push(event)) : this.#send(event);
  }

  #sendAll(events: readonly ChatEvent[]): string {
    let text = '';
    for (const event of events) text += this.#send(event);
    return text;
  }

  #send(event: ChatEvent): string {
    this.#onEvent?.(event);
    if (event.type !== 'usage' || !this.#costOf) return this.#encoder.push(event);
    const costMicroUsd = this.#costOf(event.usage);
    if (costMicroUsd === undefined) return this.#encoder.push(event);
    return this.#encoder.push({ type: 'usage', usage: { ...event.usage, costMicroUsd } });
  }

  #count(text: string): void {
    this.#answeredChars += text.length;
    if (this.#answer.length < maxCountedChars) this.#answer += text;
  }
}

/** The parser that cuts a dialect's stream into frames. */
function frameParser(dialect: Dialect): FrameParser {
  switch (dialect.framing) {
    case 'sse':
      return new SseParser();
    case 'ndjson':
      return new NdjsonParser();
    case 'aws-event-stream':
      return new AwsEventStreamParser();
  }
}
