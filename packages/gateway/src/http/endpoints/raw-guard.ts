import type { Dialect } from '../../dialects/dialect.ts';
import { NdjsonParser } from '../../framing/ndjson.ts';
import { maxFrameChars, SseParser } from '../../framing/sse.ts';
import type { AnswerGuard } from '../../guardrails/answer-guard.ts';
import { FrameGuard } from '../../guardrails/frame-guard.ts';
import type { Guardrails } from '../../guardrails/guardrails.ts';
import { apiError } from '../../neutral/api-error.ts';
import type { Candidate } from '../../routing/model-catalog.ts';
import type { Exchange } from '../exchange.ts';
import { beginGuard, checked } from '../guarded.ts';
import { type RecordBounds, recordBounds } from '../record-bounds.ts';
import { formParts } from './form-parts.ts';

/**
 * Holds a body of any kind to the rules for requests: JSON by its texts; text, lines of JSON and what text
 * a form has as a whole. What is no text (pictures, sounds) passes.
 * @throws RpcError invalid_argument that names the rule where the body may not go out.
 */
export async function guardRawBody(
  guardrails: Guardrails,
  exchange: Exchange,
  candidate: Candidate,
  body: Uint8Array,
): Promise<Uint8Array> {
  const guard = beginGuard(guardrails, exchange, exchange.requestedModel || candidate.model);
  const { json, write } = textsOf(body, exchange.request.headers.get('content-type') ?? '');
  const check = guard.check(json, JSON.parse(json), [candidate]);
  const { redact } = await checked(exchange, check);
  if (!redact) return body;
  const redacted = write(redact(json));
  exchange.kept?.prompt(redacted);
  return redacted;
}

/** The texts of a body as JSON, and how the body is written with others. */
interface BodyTexts {
  readonly json: string;
  write(json: string): Uint8Array;
}

function textsOf(body: Uint8Array, contentType: string): BodyTexts {
  const type = contentType.toLowerCase();
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  if (type.startsWith('multipart/form-data')) return textsOfForm(bytes, contentType);
  const text = textIn(bytes);
  if (text === undefined) return { json: '[]', write: () => body };
  if (isJson(text)) return { json: text, write: (json) => Buffer.from(json) };
  return { json: JSON.stringify(text), write: (json) => Buffer.from(String(JSON.parse(json))) };
}

function textsOfForm(body: Buffer, contentType: string): BodyTexts {
  const parts = formParts(body, contentType).flatMap(({ end, start }) => {
    const text = textIn(body.subarray(start, end));
    return text === undefined ? [] : [{ start, end, text }];
  });
  return {
    json: JSON.stringify(parts.map(({ text }) => text)),
    write: (json) => {
      const texts: unknown[] = JSON.parse(json);
      const written: Uint8Array[] = [];
      let at = 0;
      for (const [index, { end, start }] of parts.entries()) {
        written.push(body.subarray(at, start), Buffer.from(String(texts[index])));
        at = end;
      }
      return Buffer.concat([...written, body.subarray(at)]);
    },
  };
}

/** Undefined for bytes that are no text. */
function textIn(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const empty = Buffer.alloc(0);

/** Guards the records of a stream whose content type says how they are parted. */
export class GuardedRecords {
  readonly #guard: FrameGuard;
  readonly #bounds: RecordBounds;
  readonly #parser: NdjsonParser | SseParser;
  #pending = empty;

  /** Undefined for a stream whose records are not known. */
  static of(contentType: string, guard: AnswerGuard, dialect: Dialect): GuardedRecords | undefined {
    const isLines = contentType.startsWith('application/x-ndjson');
    if (!isLines && !contentType.startsWith('text/event-stream')) return undefined;
    return new GuardedRecords(guard, { ...dialect, framing: isLines ? 'ndjson' : 'sse' });
  }

  private constructor(guard: AnswerGuard, dialect: Dialect) {
    this.#guard = new FrameGuard(guard, dialect);
    this.#bounds = recordBounds(dialect.framing);
    this.#parser = dialect.framing === 'ndjson' ? new NdjsonParser() : new SseParser();
  }

  get refusal() {
    return this.#guard.refusal;
  }

  /** What may go out of the records that are whole by now. */
  push(chunk: Uint8Array): Buffer {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = this.#bounds.last(bytes, this.#pending);
    const all = Buffer.concat([this.#pending, bytes]);
    const wholeEnd = end === 0 ? 0 : this.#pending.length + end;
    this.#pending = all.subarray(wholeEnd);
    if (this.#pending.length > maxFrameChars) throw tooLarge();
    return Buffer.concat(this.#records(all.subarray(0, wholeEnd)));
  }

  /** The same of what is left. */
  end(): Buffer {
    return Buffer.concat([...this.#records(this.#pending), ...this.#guard.end(true)]);
  }

  #records(bytes: Buffer): Buffer[] {
    const out: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const next = this.#bounds.next(bytes, at);
      const end = next < 0 ? bytes.length : next;
      const record = bytes.subarray(at, end);
      const frames = [...this.#parser.push(record), ...this.#parser.end()];
      out.push(...this.#guard.push(record, frames[0]));
      at = end;
    }
    return out;
  }
}

function tooLarge() {
  return apiError('data_loss', `a record of the stream is over ${maxFrameChars} bytes`, {
    status: 502,
  });
}
