import type { RpcError } from '@zeke/rpc';
import type { Dialect, EncodeResponseContext, EventDecoder, Frame } from '../dialects/dialect.ts';
import { NdjsonParser } from '../framing/ndjson.ts';
import { maxFrameChars, SseParser } from '../framing/sse.ts';
import type { FrameGuard } from '../guardrails/frame-guard.ts';
import { apiError } from '../neutral/api-error.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { Usage } from '../neutral/usage.ts';
import type { Usefulness } from '../routing/usefulness.ts';
import { type RecordBounds, recordBounds } from './record-bounds.ts';
import type { StreamTransform } from './stream-transform.ts';

interface StreamRules {
  /** What nearly every complete stream has near its end. */
  lastMark: Buffer;
  /** Stands near the end of a stream that is complete. */
  endMark: RegExp;
  /** Records that begin a stream before its first token, after which an error may still fall back. */
  preamble: RegExp;
}

const never = /$^/;
const rules: Record<DialectName, StreamRules> = {
  'openai-chat': {
    lastMark: Buffer.from('data: [DONE]'),
    endMark: /\[DONE\]|"finish_reason"\s*:\s*"/,
    preamble: never,
  },
  'openai-responses': {
    lastMark: Buffer.from('event: response.completed'),
    endMark: /"response\.(completed|incomplete|failed|cancelled)"/,
    preamble: /"type"\s*:\s*"response\.(created|queued|in_progress)"/,
  },
  'anthropic-messages': {
    lastMark: Buffer.from('event: message_stop'),
    endMark: /"message_stop"/,
    preamble: /"type"\s*:\s*"(message_start|ping)"/,
  },
  gemini: {
    lastMark: Buffer.from('"finishReason"'),
    endMark: /"finishReason"|"blockReason"/,
    preamble: never,
  },
  ollama: { lastMark: Buffer.from('"done":true'), endMark: /"done"\s*:\s*true/, preamble: never },
  'bedrock-converse': { lastMark: Buffer.from('messageStop'), endMark: never, preamble: never },
};

/** The end of a stream that is searched for its end mark, in bytes. */
const tailBytes = 4_096;
/** Of the answer, what is kept to count its tokens where the provider does not say, in bytes. */
const maxCountedBytes = 256 * 1024;
/** Stands in every record that tells an error: in its name, or in its fields. */
const errorMark = Buffer.from('error');
const empty = Buffer.alloc(0);

export interface PassThroughOptions {
  dialect: Dialect;
  context: EncodeResponseContext;
  /** Records to keep from the caller: a usage record that only the gateway asked for. */
  withhold?: (frame: Frame) => boolean;
  /** Called with the first record, parsed where it is JSON. */
  onFirst?: (data: unknown) => void;
  /** Hears the beginning of the answer, until it has heard enough. */
  listener?: Usefulness;
  /** Hears all of the answer, decoded. */
  onEvent?: ((event: ChatEvent) => void) | undefined;
  /** Says what goes out of the records, and when. */
  guard?: FrameGuard | undefined;
}

/**
 * A stream that goes through in its own dialect: every byte as it came, whole records at a time, so
 * that a stream cut inside a record never reaches the caller as broken JSON. Only records that hold
 * the usage mark or an error are parsed; the others are searched as bytes.
 */
export class PassThrough implements StreamTransform {
  readonly usage: Usage = { input: 0, output: 0 };
  usageKnown = false;
  started = false;
  failure: RpcError | undefined;
  readonly #options: PassThroughOptions;
  readonly #bounds: RecordBounds;
  readonly #usageMark: Buffer;
  readonly #parser: NdjsonParser | SseParser;
  /** Bytes of a record that is not whole yet. */
  #pending: Buffer = empty;
  #firstSeen = false;
  /** The last chunks, at least `tailBytes` together. */
  readonly #tail: Buffer[] = [];
  #tailBytes = 0;
  readonly #counted: Buffer[] = [];
  #decoder: EventDecoder | undefined;
  #countedBytes = 0;
  #totalBytes = 0;

  constructor(options: PassThroughOptions) {
    this.#options = options;
    const { framing } = options.dialect;
    this.#bounds = recordBounds(framing);
    this.#parser = framing === 'ndjson' ? new NdjsonParser() : new SseParser();
    this.#usageMark = Buffer.from(options.dialect.usageMark);
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#note(bytes);
    const end = this.#bounds.last(bytes, this.#pending);
    if (end === 0) {
      this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
      if (this.#pending.length > maxFrameChars) throw recordTooLarge();
      return empty;
    }
    const whole =
      this.#pending.length === 0
        ? bytes.subarray(0, end)
        : Buffer.concat([this.#pending, bytes.subarray(0, end)]);
    this.#pending = bytes.subarray(end);
    if (!this.started) this.#begin(whole);
    if (this.#options.guard) return this.#guarded(this.#options.guard, whole);
    this.#hear(whole);
    return this.#scan(whole);
  }

  end(): Uint8Array {
    const left = this.#pending;
    this.#pending = empty;
    if (!this.started) this.#begin(left);
    if (!this.started) throw noStream();
    const { guard, onEvent } = this.#options;
    const said = guard ? this.#lastGuarded(guard, left) : left;
    if (onEvent) {
      if (!guard) this.#hear(left);
      for (const event of this.#decoder?.end() ?? []) onEvent(event);
    }
    return guard || left.length === 0 ? said : this.#scan(left);
  }

  get stop(): RpcError | undefined {
    return this.#options.guard?.refusal;
  }

  get complete(): boolean {
    if (this.failure) return false;
    const { dialect } = this.#options;
    const { endMark, lastMark } = rules[dialect.name];
    const tail = joined(this.#tail).subarray(-tailBytes);
    if (tail.includes(lastMark) || endMark.test(tail.toString('latin1'))) return true;
    // The last event of a Responses stream holds the whole answer, and so may outgrow the tail.
    return dialect.name === 'openai-responses' && this.usageKnown;
  }

  fail(error: RpcError): Uint8Array {
    const { dialect, context } = this.#options;
    return Buffer.from(dialect.createEventEncoder(context).push({ type: 'error', error }));
  }

  answered(): { output: string; outputShare: number } {
    const decoder = this.#options.dialect.createEventDecoder();
    let output = '';
    const counted = Buffer.concat(this.#counted);
    const isCut = this.#countedBytes < this.#totalBytes;
    const end = (isCut && this.#bounds.last(counted, empty)) || counted.length;
    for (const frame of this.#frames(counted.subarray(0, end))) {
      for (const event of decoder.push(frame)) output += textOf(event);
    }
    return {
      output,
      outputShare: this.#totalBytes === 0 ? 1 : this.#countedBytes / this.#totalBytes,
    };
  }

  #note(bytes: Buffer): void {
    this.#totalBytes += bytes.length;
    this.#tail.push(bytes);
    this.#tailBytes += bytes.length;
    for (let first = this.#tail[0]; first; first = this.#tail[0]) {
      if (this.#tailBytes - first.length < tailBytes) break;
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
    // From the beginning and without a gap, so that its records are whole but for the last.
    const counted = bytes.subarray(0, maxCountedBytes - this.#countedBytes);
    if (counted.length === 0) return;
    this.#counted.push(counted);
    this.#countedBytes += counted.length;
  }

  /** Looks for the first good record. Throws the error that comes before it. */
  #begin(whole: Buffer): void {
    const { dialect } = this.#options;
    for (let at = 0; at < whole.length; ) {
      const next = this.#bounds.next(whole, at);
      const end = next < 0 ? whole.length : next;
      for (const frame of this.#frames(whole.subarray(at, end))) {
        const error = dialect.errorOfFrame(frame);
        if (error) throw error;
        this.#first(frame);
        if (!rules[dialect.name].preamble.test(frame.data)) {
          this.started = true;
          return;
        }
      }
      at = end;
    }
  }

  #hear(whole: Buffer): void {
    const { dialect, listener, onEvent } = this.#options;
    if (!onEvent && (!listener || listener.reached)) return;
    this.#decoder ??= dialect.createEventDecoder();
    for (const frame of this.#frames(whole)) {
      for (const event of this.#decoder.push(frame)) {
        listener?.hear(event);
        onEvent?.(event);
      }
    }
  }

  #first(frame: Frame): void {
    if (this.#firstSeen) return;
    this.#firstSeen = true;
    const { onFirst } = this.#options;
    if (onFirst) onFirst(parsed(frame.data));
  }

  /** What of these whole records may go out, with what was held before; others hear the same. */
  #guarded(guard: FrameGuard, whole: Buffer): Buffer {
    const records = this.#scan(whole);
    const out: Buffer[] = [];
    for (let at = 0; at < records.length; ) {
      const next = this.#bounds.next(records, at);
      const end = next < 0 ? records.length : next;
      const record = records.subarray(at, end);
      out.push(...guard.push(record, this.#frames(record)[0]));
      at = end;
    }
    return this.#heard(out);
  }

  #lastGuarded(guard: FrameGuard, left: Buffer): Buffer {
    const said = this.#guarded(guard, left);
    return Buffer.concat([said, this.#heard(guard.end(this.complete))]);
  }

  #heard(out: Buffer[]): Buffer {
    const said = joined(out);
    this.#hear(said);
    return said;
  }

  /** Parses the records with a mark in these whole records; gives the bytes to send on. */
  #scan(whole: Buffer): Buffer {
    let usageAt = whole.indexOf(this.#usageMark);
    let errorAt = whole.indexOf(errorMark);
    if (usageAt < 0 && errorAt < 0) return whole;
    const kept: Buffer[] = [];
    let at = 0;
    while (usageAt >= 0 || errorAt >= 0) {
      const mark = usageAt < 0 || (errorAt >= 0 && errorAt < usageAt) ? errorAt : usageAt;
      const start = this.#bounds.start(whole, mark);
      const next = this.#bounds.next(whole, mark);
      const end = next < 0 ? whole.length : next;
      if (this.#read(whole.subarray(start, end))) {
        kept.push(whole.subarray(at, start));
        at = end;
      }
      if (usageAt >= 0) usageAt = whole.indexOf(this.#usageMark, end);
      if (errorAt >= 0) errorAt = whole.indexOf(errorMark, end);
    }
    if (at === 0) return whole;
    kept.push(whole.subarray(at));
    return Buffer.concat(kept);
  }

  /** Reads one record; true when it is to be withheld. */
  #read(record: Buffer): boolean {
    const { dialect, withhold } = this.#options;
    let withheld = false;
    for (const frame of this.#frames(record)) {
      dialect.scanUsage(frame, this.usage);
      this.usageKnown ||= this.usage.input > 0 || this.usage.output > 0;
      this.failure ??= dialect.errorOfFrame(frame);
      if (withhold?.(frame)) withheld = true;
    }
    return withheld;
  }

  /** The records in bytes that hold whole ones. */
  #frames(bytes: Buffer): Frame[] {
    const frames = this.#parser.push(bytes);
    const last = this.#parser.end();
    return last.length === 0 ? frames : [...frames, ...last];
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The text that an event adds to an answer, for counting tokens. */
export function textOf(event: ChatEvent): string {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return event.text;
    case 'arguments-delta':
      return event.json;
    case 'part-start':
      return event.name ?? '';
    default:
      return '';
  }
}

export function noStream(): RpcError {
  return apiError('data_loss', 'the provider answered with something that is not a stream', {
    status: 502,
    reason: 'bad_provider_answer',
    retryable: true,
  });
}

function recordTooLarge(): RpcError {
  return apiError('data_loss', `a record of the stream is over ${maxFrameChars} bytes`, {
    status: 502,
  });
}
