import { toBase64 } from '../../codec/base64.ts';
import { decodeMessage } from '../../codec/message-bytes.ts';
import { codeNumber } from '../../core/status.ts';
import type { RpcError } from '../../rpc-error.ts';
import type { Schema } from '../schema/schema.ts';
import { noSchema } from '../schema/schema.ts';
import { formatJson, lookUpType, messageJson } from './format-message.ts';

/** A detail of an error for people and programs. */
export interface ReadableDetail {
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
  schema: Schema | undefined,
): Promise<ReadableError> {
  const details: ReadableDetail[] = [];
  for (const { type, value } of error.details) {
    // Others are details of this process alone.
    if (value instanceof Uint8Array) {
      details.push({ type, value: await readableValue(type, value, schema) });
    }
  }
  const { code, message } = error;
  return { code, number: codeNumber(code), message, details };
}

/** `not_found (5): no such order`, and a line for each detail. */
export function formatError({ code, number, message, details }: ReadableError): string {
  const head = `${code} (${number})${message === '' ? '' : `: ${message}`}`;
  const lines = details.map(({ type, value }) => `  ${type} ${formatJson(value, false)}`);
  return [head, ...lines].join('\n');
}

async function readableValue(
  name: string,
  bytes: Uint8Array,
  schema: Schema | undefined,
): Promise<unknown> {
  const type = await lookUpType(schema, name);
  if (type === undefined) return toBase64(bytes);
  try {
    return await messageJson(type, decodeMessage(type, bytes), { schema: schema ?? noSchema });
  } catch {
    return toBase64(bytes);
  }
}
