import { fromBase64, toBase64 } from '../../codec/base64.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodKind } from '../../core/method.ts';
import { isSecretName } from '../../interceptors/telemetry/redact.ts';
import type { Code } from '../../rpc-error.ts';

/*
 * A recording is a text file of lines, each of them one JSON object. It begins with a line about the
 * recording, and has such a line again wherever a later one was added to it. Every other line is one
 * call, written when it has ended. Programs leave members alone that they do not know.
 *
 *     {"recording":1,"startedAt":"2026-11-21T19:00:00.000Z","by":"proxy to grpc://localhost:50051"}
 *     {"method":"/shop.v1.Orders/GetOrder","kind":"unary",…}
 */

/** The version of the format. It grows when an older program would misread a file. */
export const recordingVersion = 1;

/** In place of a secret. */
const redactedValue = '[redacted]';

/** The first line. */
export interface RecordingHead {
  readonly recording: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** What has recorded it, for people. */
  readonly by: string;
}

/** Name and value; that of a name in `-bin` is base64, that of a secret `[redacted]`. */
export type RecordedPair = readonly [name: string, value: string];

/** One message of a call. */
export interface RecordedMessage {
  /** Since the call began, in milliseconds. */
  readonly atMs: number;
  /** Of a response: how many requests had come before it, their end counted as one more. */
  readonly after?: number;
  /** Base64. */
  readonly bytes: string;
  /** The same for people, where the schema is known; nothing reads it. */
  readonly json?: JsonValue;
}

/** How a call ended. */
export interface RecordedStatus {
  readonly code: Code | 'ok';
  readonly message?: string;
  /** Typed details: the full name of the type, its bytes in base64, and JSON where it is known. */
  readonly details?: readonly {
    readonly type: string;
    readonly bytes: string;
    readonly json?: JsonValue;
  }[];
}

/** One call, from its header to its end. */
export interface RecordedCall {
  /** `/package.Service/Method` */
  readonly method: string;
  /** Where the schema is known. */
  readonly kind?: MethodKind;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Who called: transport and address. */
  readonly peer: string;
  /** How long the caller was ready to wait, in milliseconds. */
  readonly timeoutMs?: number;
  readonly metadata: readonly RecordedPair[];
  readonly requests: readonly RecordedMessage[];
  /** The requests were ended by the caller. */
  readonly halfClosed: boolean;
  readonly header: readonly RecordedPair[];
  readonly responses: readonly RecordedMessage[];
  readonly trailer: readonly RecordedPair[];
  readonly status: RecordedStatus;
  /** How many requests had come before the end of the call, their end counted as one more. */
  readonly endedAfter: number;
  /** The caller left before the call had ended: the status is not the server's. */
  readonly left?: true;
  /** Messages that were too many or too large to be kept. */
  readonly unkept?: number;
}

/** Metadata as it may be kept: secrets, by the names that logs go by too, are left out of it. */
export function recordedPairs(metadata: Metadata): RecordedPair[] {
  return [...metadata].map(([name, value]) => {
    if (isSecretName(name)) return [name, redactedValue];
    return [name, typeof value === 'string' ? value : toBase64(value)];
  });
}

/** The metadata of a recording, without what was secret. */
export function metadataOfPairs(pairs: readonly RecordedPair[]): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of pairs) {
    if (value === redactedValue) continue;
    const bytes = name.endsWith('-bin') ? fromBase64(value) : undefined;
    metadata.append(name, bytes ?? value);
  }
  return metadata;
}
