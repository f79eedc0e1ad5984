import { toBase64 } from '../../codec/base64.ts';
import { detailToBytes } from '../../codec/error-details.ts';
import { decodeMessage } from '../../codec/message-bytes.ts';
import { codeNumber } from '../../core/status.ts';
import type { ErrorDetail, RpcError } from '../../rpc-error.ts';
import type { Schema } from '../schema/schema.ts';
import { noSchema } from '../schema/schema.ts';
import { formatJson, messageJson } from './format-message.ts';

/** A detail of an error for people and programs. */
interface ReadableDetail {
  /** `google.rpc.ErrorInfo` */
  readonly type: string;
  /** Its JSON; base64 where the type is not known. */
  readonly value: unknown;
}

/** How a call has failed, as JSON. */
export interface ReadableError {
  readonly code: string;
  /** gRPC's number of it, which is the exit status as well. */
  readonly number: number;
  readonly message: string;
  readonly details: readonly ReadableDetail[];
}

/** The error of a call with its rich details, which the schema may know the types of. */
export async function readableError(
  error: RpcError,
  schema: Schema = noSchema,
  message: string = error.message,
): Promise<ReadableError> {
  const details: ReadableDetail[] = [];
  for (const detail of error.details) {
    const readable = await readableDetail(detail, schema);
    if (readable !== undefined) details.push(readable);
  }
  const { code } = error;
  return { code, number: codeNumber(code), message, details };
}

/** `not_found (5): no such order`, and a line for each detail. */
export function formatError({ code, number, message, details }: ReadableError): string {
  const head = `${code} (${number})${message === '' ? '' : `: ${message}`}`;
  const lines = details.map(({ type, value }) => `  ${type} ${formatJson(value, false)}`);
  return [head, ...lines].join('\n');
}

/**
 * The message, with what it means for a command line: runtimes tell why there is no connection by a
 * code alone, or in words of their own.
 */
export function explainedMessage({ code, message, cause }: RpcError): string {
  if (code !== 'unavailable' && code !== 'unknown') return message;
  const causeCode = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const text = `${causeCode} ${message}`;
  const [, hint] = hints.find(([pattern]) => pattern.test(text)) ?? [];
  return hint === undefined || message.includes(hint) ? message : `${message.trimEnd()} (${hint})`;
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/^(?:ECONNREFUSED|ConnectionRefused) /, 'nobody listens there'],
  [/^ENOENT /, 'there is no such socket'],
  [/^ENOTFOUND /, 'the name has no address'],
  [/WRONG_VERSION_NUMBER|no TLS is spoken/, 'without TLS it is grpc://, ws:// or http://'],
  [/KEY_VALUES_MISMATCH/, '--key is not the key of --cert'],
  [/unable to .*certificate|self.signed|not signed by|UNABLE_TO/i, '--cacert names who signed it'],
  [/wants a client certificate/, '--cert and --key'],
  [/^EPROTO /, 'TLS failed: the server may speak none there, or want --cert and --key'],
  [/the connection to \S+ broke$/, 'the server may want TLS, or a certificate by --cert and --key'],
  [/wss:\S+: the handshake failed/, 'it is no WebSocket, or --cacert must name who signed it'],
  [/does not speak HTTP\/2/, 'an HTTP/1.1 server is called by http://'],
  [
    /wss?:.*(?:Expected 101|Unexpected server response)/,
    'there is no WebSocket: its path may differ',
  ],
  [/none of this protocol/, 'a gRPC server is called by grpc://'],
];

/** Undefined for a detail of this process alone. */
async function readableDetail(
  detail: ErrorDetail,
  schema: Schema,
): Promise<ReadableDetail | undefined> {
  const wire = detailToBytes(detail);
  if (wire === undefined) return undefined;
  const { type: name } = detail;
  if (wire.json !== undefined) return { type: name, value: wire.json };
  // The error itself is worth showing, also where its details are not to be understood.
  await schema.lookUp(name).catch(() => undefined);
  const type = schema.types.message(name);
  if (type === undefined) return { type: name, value: toBase64(wire.bytes) };
  try {
    const json = await messageJson(type, decodeMessage(type, wire.bytes), { schema });
    return { type: name, value: json };
  } catch {
    return { type: name, value: toBase64(wire.bytes) };
  }
}
