import type { HttpHeaders } from '@zeke/foundation/http-client';
import type { Code, RpcError } from '@zeke/rpc';
import {
  type ApiErrorInfo,
  apiError,
  codeOfHttpStatus,
  httpStatusOf,
} from '../../neutral/api-error.ts';
import type { EncodedError, Frame } from '../dialect.ts';
import { refusalOf } from '../refusal.ts';
import { retryAfterMs } from '../retry-after.ts';

/** How much of a provider's message is kept, in characters. */
const maxMessageChars = 2_000;

interface Fault {
  code: Code;
  retryable: boolean;
  reason?: string;
}

/** A failed answer of Ollama: `{"error": "…"}`, or what a proxy in front of it says. */
export function decodeError(status: number, headers: HttpHeaders, body: string): RpcError {
  const value = parsed(body);
  const message = messageOf(value) ?? `the provider answered with HTTP status ${status}`;
  const waitMs = retryAfterMs(headers);
  const isShaped = typeof value.error === 'string' && value.error !== '';
  return faultError(statusFault(status), message, {
    status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...refusalOf({ dialect: 'ollama', status, headers, body, isShaped }),
  });
}

/** A record `{"error": "…"}` of a stream; undefined for any other. */
export function errorOfFrame(frame: Frame): RpcError | undefined {
  return frame.data.includes('"error"') ? errorOfRecord(parsed(frame.data)) : undefined;
}

/** The failure that a record tells; undefined for a record of an answer. */
export function errorOfRecord(record: Record<string, unknown>): RpcError | undefined {
  const message = messageOf(record);
  if (message === undefined) return undefined;
  return faultError({ code: 'internal', retryable: true }, message, {});
}

/** What is wrong with a whole answer of `/api/chat` or `/api/generate`. */
export function errorOfAnswer(body: unknown): RpcError | undefined {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const error = errorOfRecord(fields);
  if (error) return error;
  const { message, response } = fields;
  if ((typeof message === 'object' && message !== null) || typeof response === 'string') {
    return undefined;
  }
  return apiError('data_loss', "the provider's answer has no message", { retryable: true });
}

export function encodeError(error: RpcError): EncodedError {
  return { status: httpStatusOf(error), body: { error: error.message } };
}

function faultError(
  fault: Fault,
  message: string,
  info: Pick<ApiErrorInfo, 'status' | 'retryAfterMs' | 'refusal'>,
): RpcError {
  const { code, retryable, reason } = { ...fault, ...faultOfMessage(message) };
  return apiError(code, message.slice(0, maxMessageChars), {
    ...info,
    retryable,
    ...(reason === undefined ? {} : { reason }),
  });
}

function statusFault(status: number): Fault {
  const fault = codeOfHttpStatus(status);
  if (status === 401) return { ...fault, reason: 'invalid_api_key' };
  if (status === 429) return { ...fault, reason: 'rate_limit_exceeded' };
  return fault;
}

/** Faults that Ollama tells in words only. */
function faultOfMessage(message: string): Fault | undefined {
  const text = message.toLowerCase();
  if (text.includes('model') && text.includes('not found')) {
    return { code: 'not_found', retryable: false, reason: 'model_not_found' };
  }
  if (text.includes('context length') || text.includes('context size')) {
    return { code: 'invalid_argument', retryable: false, reason: 'context_length_exceeded' };
  }
  return undefined;
}

/** The message of `error`, which proxies and vendors alike make an object of. */
function messageOf(record: Record<string, unknown>): string | undefined {
  const { error } = record;
  if (typeof error === 'string') return error || 'an error without a message';
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message || 'an error without a message' : undefined;
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // HTML of a proxy, or nothing: the status has to say it.
  }
  return {};
}
