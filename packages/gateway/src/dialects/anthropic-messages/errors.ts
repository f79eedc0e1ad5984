import type { HttpHeaders } from '@zeke/foundation/http-client';
import type { RpcError } from '@zeke/rpc';
import {
  type ApiErrorInfo,
  apiError,
  apiErrorInfo,
  codeOfHttpStatus,
  httpStatusOf,
} from '../../neutral/api-error.ts';
import type { EncodedError, Frame } from '../dialect.ts';
import { refusalOf } from '../refusal.ts';
import { retryAfterMs } from '../retry-after.ts';
import type { ErrorBody, ErrorType } from './response-types.ts';
import { isObject, parsedObject } from './tool-use.ts';

/** The longest message of a provider that is passed on, in characters. */
const maxMessageChars = 2_000;

const statusByType: Readonly<Record<ErrorType, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** A provider's failed answer, whatever its body is: Anthropic's shape, Google's, HTML, nothing. */
export function decodeError(status: number, headers: HttpHeaders, body: string): RpcError {
  const waitMs = retryAfterMs(headers);
  const value = parsedBody(body);
  const told = toldError(value);
  const message = told?.message || plainText(body) || `the provider answered with HTTP ${status}`;
  return errorOf(status, told?.type ?? '', message, {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...refusalOf({
      dialect: 'anthropic-messages',
      status,
      headers,
      body,
      isShaped: isErrorBody(value) && Boolean(told?.type && told.message),
    }),
  });
}

/** The error that a JSON value tells, as in a stream; undefined when it tells none. */
export function errorOfBody(body: unknown): RpcError | undefined {
  const told = toldError(body);
  if (!told) return undefined;
  const status = isErrorType(told.type) ? statusByType[told.type] : 500;
  return errorOf(status, told.type, told.message || 'the provider reported an error');
}

/** What is wrong with a whole message; undefined where it has content. */
export function errorOfAnswer(body: unknown): RpcError | undefined {
  if (isObject(body) && Array.isArray(body.content)) return undefined;
  return (
    errorOfBody(body) ??
    apiError('data_loss', 'the provider answered with something that is not a message', {
      retryable: true,
    })
  );
}

/** For pass-through: whether a stream's first frame is an error inside a 200. */
export function errorOfFrame(frame: Frame): RpcError | undefined {
  if (frame.event !== 'error' && !frame.data.includes('"error"')) return undefined;
  const body = parsedObject(frame.data);
  if (frame.event !== 'error' && body?.type !== 'error') return undefined;
  return errorOfBody(body) ?? apiError('unknown', 'the provider reported an error it did not name');
}

/** An error in Anthropic's shape. The official client picks its class by the status. */
export function encodeError(error: RpcError, requestId: string): EncodedError {
  const status = statusOf(error);
  return { status, body: errorBody(error, status, requestId) };
}

/** The `error` event of a stream, which has no status of its own. */
export function encodeStreamError(error: RpcError, requestId: string | undefined): ErrorBody {
  return errorBody(error, statusOf(error), requestId ?? null);
}

/** Anthropic has statuses of its own for a model that is too busy and for money that is used up. */
function statusOf(error: RpcError): number {
  switch (apiErrorInfo(error).reason) {
    case 'overloaded':
      return 529;
    case 'insufficient_quota':
      return 402;
    default:
      return httpStatusOf(error);
  }
}

function errorBody(error: RpcError, status: number, requestId: string | null): ErrorBody {
  return {
    type: 'error',
    error: { type: typeOfStatus(status), message: messageOf(error) },
    request_id: requestId,
  };
}

/** The message with its field first; clients look for Anthropic's own words for a full context. */
function messageOf(error: RpcError): string {
  const { param, reason } = apiErrorInfo(error);
  const { message } = error;
  const named = param === undefined || message.includes(param) ? message : `${param}: ${message}`;
  const isTooLong = reason === 'context_length_exceeded';
  return isTooLong && !/prompt is too long/i.test(named) ? `prompt is too long: ${named}` : named;
}

function typeOfStatus(status: number): ErrorType {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 402:
      return 'billing_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 409:
      return 'conflict_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 408:
    case 504:
      return 'timeout_error';
    case 529:
      return 'overloaded_error';
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error';
  }
}

function errorOf(
  status: number,
  type: string,
  message: string,
  info: Pick<ApiErrorInfo, 'retryAfterMs' | 'refusal'> = {},
): RpcError {
  const reason = reasonOf(status, type, message);
  const isBroke = reason === 'insufficient_quota';
  const { code, retryable } = isBroke
    ? { code: 'resource_exhausted' as const, retryable: false }
    : codeOfHttpStatus(reason === 'invalid_api_key' ? 401 : status);
  return apiError(code, message.slice(0, maxMessageChars), {
    ...info,
    ...(status === 413 || isBroke ? { status: isBroke ? 402 : status } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(type === '' ? {} : { providerCode: type }),
    retryable,
  });
}

function reasonOf(status: number, type: string, message: string): string | undefined {
  const text = message.toLowerCase();
  if (type === 'overloaded_error' || status === 529) return 'overloaded';
  if (type === 'billing_error' || status === 402 || text.includes('credit balance is too low')) {
    return 'insufficient_quota';
  }
  if (
    text.includes('prompt is too long') ||
    text.includes('exceed context limit') ||
    text.includes('context window')
  ) {
    return 'context_length_exceeded';
  }
  switch (status) {
    case 401:
      return 'invalid_api_key';
    case 403:
      return refusesKey(type, message) ? 'invalid_api_key' : undefined;
    case 404:
      return text.includes('model') ? 'model_not_found' : undefined;
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_exceeded';
    default:
      return undefined;
  }
}

/**
 * A `permission_error` is the key's by Anthropic's own words (`Your API key does not have permission to
 * use the specified resource`); a region that is not served is `forbidden`. Google says in words which
 * permission the account lacks.
 */
function refusesKey(type: string, message: string): boolean {
  return (
    type === 'permission_error' ||
    (type === 'PERMISSION_DENIED' && /^permission '[\w.]+' denied/i.test(message))
  );
}

function isErrorBody(value: unknown): boolean {
  return isObject(value) && value.type === 'error' && isObject(value.error);
}

/** Type and message of `{error: {...}}`, alone or in a list (Google), or of a bare message. */
function toldError(body: unknown): { type: string; message: string } | undefined {
  const first: unknown = Array.isArray(body) ? body[0] : body;
  if (!isObject(first)) return undefined;
  const { error } = first;
  if (typeof error === 'string') return { type: '', message: error };
  if (isObject(error)) {
    return {
      type: textOf(error.type) ?? textOf(error.status) ?? '',
      message: textOf(error.message) ?? '',
    };
  }
  const message = textOf(first.message);
  return message === undefined || 'content' in first ? undefined : { type: '', message };
}

function isErrorType(type: string): type is ErrorType {
  return Object.hasOwn(statusByType, type);
}

function parsedBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A short body that is neither JSON nor HTML is a message for people. */
function plainText(body: string): string {
  const text = body.trim();
  const isMarkup = text.startsWith('<') || text.startsWith('{') || text.startsWith('[');
  return isMarkup || text.includes('\0') ? '' : text;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
