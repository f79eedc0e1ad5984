import { toBase64 } from '../../codec/base64.ts';
import { detailToBytes } from '../../codec/error-details.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { decodeMessage } from '../../codec/message-bytes.ts';
import type { MessageType } from '../../codec/message-type.ts';
import type { TypeRegistry } from '../../codec/type-registry.ts';
import type { ServerCall, Trailer } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import type { ServerInterceptor } from '../../core/server.ts';
import { monotonicNow } from '../../core/timer-wheel.ts';
import { WatchedServerCall } from '../../core/watched-call.ts';
import type { RpcError } from '../../rpc-error.ts';
import type { Recorder } from './recorder.ts';
import { type RecordedMessage, type RecordedStatus, recordedPairs } from './recording-format.ts';

/** What is known of the calls that are recorded. */
export interface RecordedSchema {
  /** Undefined for a method whose messages are bytes only. */
  readonly method: (path: string) => MethodInfo | undefined;
  /** For `google.protobuf.Any` in the JSON, and for details of errors. */
  readonly types: TypeRegistry;
}

/** What of one call is kept; the rest is counted. */
const maxCallBytes = 8 * 1024 ** 2;
const maxCallMessages = 10_000;
/** What all calls that have not ended may hold. */
const maxOpenBytes = 64 * 1024 ** 2;
/** The JSON of a longer message is left out. */
const maxJsonBytes = 256 * 1024;

/**
 * A server interceptor that records each call when it has ended: what it was asked, what it was
 * answered, and how it ended. At most 8 MiB or 10,000 messages of a call are kept.
 */
export function recordCalls(recorder: Recorder, schema: RecordedSchema): ServerInterceptor {
  const open: OpenBytes = { bytes: 0 };
  return (next) => (call) => {
    if (!recorder.hasRoom) {
      recorder.lose('the recording is as large as it may be');
      next(call);
      return;
    }
    next(new RecordingCall(call, recorder, schema, open));
  };
}

interface OpenBytes {
  bytes: number;
}

class RecordingCall extends WatchedServerCall {
  readonly #recorder: Recorder;
  readonly #schema: RecordedSchema;
  readonly #open: OpenBytes;
  readonly #startedAt = new Date();
  readonly #beganAt = monotonicNow();
  readonly #requests: KeptMessage[] = [];
  readonly #responses: KeptMessage[] = [];
  #header = Metadata.empty;
  #trailer = Metadata.empty;
  #halfClosed = false;
  /** Requests, and their end. */
  #heard = 0;
  #hasLeft = false;
  #bytes = 0;
  #unkept = 0;

  constructor(call: ServerCall, recorder: Recorder, schema: RecordedSchema, open: OpenBytes) {
    super(call);
    this.#recorder = recorder;
    this.#schema = schema;
    this.#open = open;
  }

  override sendHeader(metadata: Metadata, compress?: boolean): void {
    this.#header = metadata;
    super.sendHeader(metadata, compress);
  }

  override sendEnd(trailer: Trailer): void {
    this.#trailer = trailer.metadata;
    super.sendEnd(trailer);
  }

  override onCancel(error: RpcError): void {
    this.#hasLeft = true;
    super.onCancel(error);
  }

  override onHalfClose(): void {
    this.#halfClosed = true;
    this.#heard++;
    super.onHalfClose();
  }

  protected override received(bytes: Uint8Array): void {
    this.#heard++;
    this.#keep(this.#requests, bytes);
  }

  protected override sent(bytes: Uint8Array): void {
    this.#keep(this.#responses, bytes);
  }

  protected override ended(error: RpcError | undefined): void {
    const info = this.#schema.method(this.path);
    const { types } = this.#schema;
    this.#recorder.write({
      method: this.path,
      ...(info === undefined ? {} : { kind: info.kind }),
      startedAt: this.#startedAt.toISOString(),
      durationMs: this.#elapsedMs(),
      peer: `${this.peer.transport} ${this.peer.address}`,
      ...(this.deadlineAt === Number.POSITIVE_INFINITY
        ? {}
        : { timeoutMs: rounded(this.deadlineAt - this.#beganAt) }),
      metadata: recordedPairs(this.metadata),
      requests: this.#requests.map(({ atMs, bytes }) => ({
        atMs,
        ...messageOf(bytes, info?.input, types),
      })),
      halfClosed: this.#halfClosed,
      header: recordedPairs(this.#header),
      responses: this.#responses.map(({ atMs, after, bytes }) => ({
        atMs,
        after,
        ...messageOf(bytes, info?.output, types),
      })),
      trailer: recordedPairs(this.#trailer),
      status: statusOf(error, types),
      endedAfter: this.#heard,
      ...(this.#hasLeft ? { left: true } : {}),
      ...(this.#unkept === 0 ? {} : { unkept: this.#unkept }),
    });
    this.#open.bytes -= this.#bytes;
  }

  #keep(messages: KeptMessage[], bytes: Uint8Array): void {
    const size = bytes.length;
    const isTooMuch =
      this.#requests.length + this.#responses.length >= maxCallMessages ||
      this.#bytes + size > maxCallBytes ||
      this.#open.bytes + size > maxOpenBytes;
    // What follows something that was left out would seem to follow what stands before it.
    if (isTooMuch || this.#unkept > 0) {
      this.#unkept++;
      return;
    }
    this.#bytes += size;
    this.#open.bytes += size;
    messages.push({ atMs: this.#elapsedMs(), after: this.#heard, bytes: bytes.slice() });
  }

  #elapsedMs(): number {
    return rounded(monotonicNow() - this.#beganAt);
  }
}

interface KeptMessage {
  readonly atMs: number;
  readonly after: number;
  readonly bytes: Uint8Array;
}

function messageOf(
  bytes: Uint8Array,
  type: MessageType | undefined,
  types: TypeRegistry,
): Pick<RecordedMessage, 'bytes' | 'json'> {
  const json = type && jsonOf(bytes, type, types);
  return json === undefined ? { bytes: toBase64(bytes) } : { bytes: toBase64(bytes), json };
}

/** Undefined for bytes that the type does not explain: they are recorded all the same. */
function jsonOf(bytes: Uint8Array, type: MessageType, types: TypeRegistry): JsonValue | undefined {
  if (bytes.length > maxJsonBytes) return undefined;
  try {
    return type.toJson(decodeMessage(type, bytes), { registry: types });
  } catch {
    return undefined;
  }
}

function statusOf(error: RpcError | undefined, types: TypeRegistry): RecordedStatus {
  if (error === undefined) return { code: 'ok' };
  const details = error.details.flatMap((detail) => {
    const wire = detailToBytes(detail, types);
    if (wire === undefined) return [];
    const { json } = wire;
    const bytes = toBase64(wire.bytes);
    return [{ type: detail.type, bytes, ...(json === undefined ? {} : { json }) }];
  });
  const { code, message } = error;
  return { code, message, ...(details.length === 0 ? {} : { details }) };
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
