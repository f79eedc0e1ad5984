import type { HttpHeaders } from '@zeke/foundation/http-client';
import type { RpcError } from '@zeke/rpc';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { Usage } from '../neutral/usage.ts';
import type { FieldNames } from './field-names.ts';

export type JsonObject = { [key: string]: unknown };

/** How a dialect cuts its stream into records. */
export type Framing = 'sse' | 'ndjson' | 'aws-event-stream';

/**
 * One record of a stream. `event` is the SSE event name, or AWS's `:event-type` or
 * `:exception-type`; empty where the framing has none. `data` is its text, JSON but for OpenAI's
 * `[DONE]`.
 */
export interface Frame {
  event: string;
  data: string;
}

/** A field that could not go out as it came in: the source of the header `x-zeke-translation`. */
export interface TranslationNote {
  /**
   * The neutral field's path: `seed`, `tools[].strict`, `messages[].parts[].cache`. What is told to
   * a caller has been through `inCallersWords`.
   */
  field: string;
  action: 'dropped' | 'mapped';
  /** A few words of ASCII: `as a system instruction`. */
  how?: string;
}

export interface DecodeRequestContext {
  /** What the URL says, where the dialect puts it there (Gemini). */
  model?: string;
  stream?: boolean;
  /**
   * True when the body goes to a provider of the same dialect as it is: what only a translation
   * can't carry (`background`, `previous_response_id`) is then not refused.
   */
  passThrough?: boolean;
}

export interface EncodeRequestContext {
  /** The provider's own name of the model. */
  model: string;
  /**
   * What the provider behind the dialect differs in, stated in its file: whether
   * `max_tokens` must be written for `max_completion_tokens`, and the like.
   */
  quirks?: Readonly<Record<string, boolean | number | string>>;
}

export interface EncodedRequest {
  body: JsonObject;
  notes: TranslationNote[];
}

export interface EncodeResponseContext {
  /** The model name to show to the caller. */
  model: string;
  /** Whether the caller asked for usage in the stream. */
  streamUsage?: boolean;
  /** The request as the caller sent it, parsed: Responses echoes much of it. */
  request: JsonObject;
  /** An id of ours, for dialects that need one from the first byte on. */
  responseId: string;
  createdAtMs: number;
  /** Of the caller's request, for dialects that name it in an error within a stream. */
  requestId?: string;
}

/** Turns frames of a provider's stream into events. One per stream; holds its state. */
export interface EventDecoder {
  push(frame: Frame): ChatEvent[];
  /** At the end of the bytes: a stream cut short gives an `error` event with code `data_loss`. */
  end(): ChatEvent[];
}

/** Turns events into the bytes, as text, of a caller's stream. One per stream. */
export interface EventEncoder {
  /** Text ready to send, framing included; empty when the event has no expression by itself. */
  push(event: ChatEvent): string;
  /**
   * Says that all that was told is void, and that another answer follows in its place: its events are
   * pushed from `response-start` on. At most once. Absent where the dialect has no room to say so.
   */
  upgrade?(to: Upgrade): string;
}

/** Which answer takes the place of which, as `provider/model`. */
export interface Upgrade {
  readonly from: string;
  readonly to: string;
}

/** An error as an HTTP answer in a dialect's shape. */
export interface EncodedError {
  status: number;
  body: JsonObject;
}

/**
 * A dialect: how one family of clients and providers speaks. A new one is one folder and one line
 * in `dialects/index.ts`. Decoding what callers send throws `RpcError` `invalid_argument` with
 * `ApiErrorInfo.param`; decoding what providers send is tolerant.
 */
export interface Dialect {
  readonly name: DialectName;
  readonly framing: Framing;
  readonly contentType: { stream: string; whole: string };
  /** What its callers call the fields of the neutral form. */
  readonly fieldNames: FieldNames;

  decodeRequest(body: unknown, context: DecodeRequestContext): ChatRequest;
  /**
   * Throws `invalid_argument` naming the field for what the dialect can't say and what may not be
   * dropped; the rest is named in `notes`.
   */
  encodeRequest(request: ChatRequest, context: EncodeRequestContext): EncodedRequest;

  createEventDecoder(): EventDecoder;
  decodeResponse(body: unknown): ChatResponse;

  createEventEncoder(context: EncodeResponseContext): EventEncoder;
  encodeResponse(response: ChatResponse, context: EncodeResponseContext): JsonObject;

  /**
   * A provider's failed answer, which the error keeps as its `refusal`. `body` is text of any kind,
   * HTML too; at most 64 KiB of it. Of a 403 `unauthenticated` is told where it refuses the key, and
   * `permission_denied` otherwise. Where the body has no message, one begins with `the provider`.
   */
  decodeError(status: number, headers: HttpHeaders, body: string): RpcError;
  encodeError(error: RpcError, requestId: string): EncodedError;

  /**
   * For pass-through: what a frame says of usage, beside its bytes. Called only on frames whose
   * text contains `usageMark`; adds to `usage` what it finds.
   */
  readonly usageMark: string;
  scanUsage(frame: Frame, usage: Usage): void;
  /** Usage of a whole answer's body. */
  readUsage(body: unknown): Usage | undefined;
  /**
   * For pass-through: whether a stream's first frame is an error inside a 200, which may still
   * fall back to another provider.
   */
  errorOfFrame(frame: Frame): RpcError | undefined;
  /**
   * For pass-through: whether a whole answer, parsed, is an error inside a 200, or `data_loss` for
   * one without the field that holds every answer. Nothing below that field is looked at.
   */
  errorOfAnswer(body: unknown): RpcError | undefined;
}
