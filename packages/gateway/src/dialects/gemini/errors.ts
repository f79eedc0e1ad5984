import type { HttpHeaders } from '@zeke/foundation/http-client';
import type { Code, RpcError } from '@zeke/rpc';
import {
  type ApiErrorInfo,
  apiError,
  apiErrorInfo,
  codeOfHttpStatus,
  httpStatusOf,
} from '../../neutral/api-error.ts';
import type { EncodedError, Frame, JsonObject } from '../dialect.ts';
import { refusalOf } from '../refusal.ts';
import { retryAfterMs } from '../retry-after.ts';

const maxMessageChars = 2_000;

/** `google.rpc.Code`, where it differs from ours only in case and in one letter. */
const codeOfStatus: ReadonlyMap<string, Code> = new Map(
  Object.entries<Code>({
    CANCELLED: 'canceled',
    UNKNOWN: 'unknown',
    INVALID_ARGUMENT: 'invalid_argument',
    DEADLINE_EXCEEDED: 'deadline_exceeded',
    NOT_FOUND: 'not_found',
    ALREADY_EXISTS: 'already_exists',
    PERMISSION_DENIED: 'permission_denied',
    RESOURCE_EXHAUSTED: 'resource_exhausted',
    FAILED_PRECONDITION: 'failed_precondition',
    ABORTED: 'aborted',
    OUT_OF_RANGE: 'out_of_range',
    UNIMPLEMENTED: 'unimplemented',
    INTERNAL: 'internal',
    UNAVAILABLE: 'unavailable',
    DATA_LOSS: 'data_loss',
    UNAUTHENTICATED: 'unauthenticated',
  }),
);

const retryableCodes: ReadonlySet<Code> = new Set<Code>([
  'deadline_exceeded',
  'resource_exhausted',
  'aborted',
  'internal',
  'unavailable',
  'unknown',
]);

/**
 * The error of a failed answer: `{error: {code, message, status, details}}`, alone or as the one
 * item of an array. What has no such body is told by its HTTP status.
 * Source: https://cloud.google.com/apis/design/errors
 */
export function decodeError(status: number, headers: HttpHeaders, body: string): RpcError {
  const status200 = status < 400 ? 502 : status;
  const value = parsed(body);
  const error = errorObject(value);
  const waitMs = retryAfterMs(headers);
  const isShaped = !Array.isArray(value) && typeof error?.message === 'string';
  const info = {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...refusalOf({ dialect: 'gemini', status, headers, body, isShaped }),
  };
  if (error) return decodeErrorObject(error, status200, info);
  const { code, retryable } = codeOfHttpStatus(status200);
  const message = `the provider answered with HTTP status ${status}`;
  return apiError(code, message, { ...info, retryable });
}

/** An error that stands in a stream, where HTTP's status was 200. */
export function errorOfFrame(frame: Frame): RpcError | undefined {
  if (!frame.data.includes('"error"')) return undefined;
  return errorOfRecord(parsed(frame.data));
}

/** The error that a parsed record of a stream holds. */
export function errorOfRecord(record: unknown): RpcError | undefined {
  const error = errorObject(record);
  return error && decodeErrorObject(error, 500);
}

/** What is wrong with a whole answer; undefined where it has candidates, or says why it has none. */
export function errorOfAnswer(body: unknown): RpcError | undefined {
  const error = errorOfRecord(body);
  if (error) return error;
  const { candidates, promptFeedback } = (body ?? {}) as JsonObject;
  if (Array.isArray(candidates) || (typeof promptFeedback === 'object' && promptFeedback)) {
    return undefined;
  }
  return apiError('data_loss', "the provider's answer has no candidates", { retryable: true });
}

function errorObject(body: unknown): JsonObject | undefined {
  const holder: unknown = Array.isArray(body) ? body[0] : body;
  if (typeof holder !== 'object' || holder === null || !('error' in holder)) return undefined;
  const { error } = holder;
  return typeof error === 'object' && error !== null ? (error as JsonObject) : undefined;
}

function decodeErrorObject(
  error: JsonObject,
  fallbackStatus: number,
  info: Pick<ApiErrorInfo, 'retryAfterMs' | 'refusal'> = {},
): RpcError {
  const httpStatus = typeof error.code === 'number' ? error.code : fallbackStatus;
  const details = detailsOf(error.details);
  const word = typeof error.status === 'string' ? error.status : '';
  const message = messageOf(error.message, httpStatus);
  const finer = finerCause(message, word, httpStatus, details);
  const code = finer.code ?? codeOfStatus.get(word) ?? codeOfHttpStatus(httpStatus).code;
  const waitMs = details.retryDelayMs ?? info.retryAfterMs;
  const providerCode = details.reason ?? word;
  return apiError(code, message, {
    ...info,
    retryable: retryableCodes.has(code) && finer.reason !== 'insufficient_quota',
    ...(finer.reason === undefined ? {} : { reason: finer.reason }),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(providerCode === '' ? {} : { providerCode }),
    ...(details.field === undefined ? {} : { param: details.field }),
  });
}

function messageOf(message: unknown, httpStatus: number): string {
  if (typeof message === 'string' && message !== '') return message.slice(0, maxMessageChars);
  return `the provider answered with HTTP status ${httpStatus}`;
}

interface Details {
  /** Of `google.rpc.ErrorInfo`: `API_KEY_INVALID`. */
  reason?: string;
  /** Of `google.rpc.RetryInfo`. */
  retryDelayMs?: number;
  /** Of `google.rpc.QuotaFailure`: a quota of a day or of an account is used up. */
  longQuota?: boolean;
  /** Of `google.rpc.BadRequest`. */
  field?: string;
}

function detailsOf(value: unknown): Details {
  const details: Details = {};
  if (!Array.isArray(value)) return details;
  for (const item of value as unknown[]) {
    if (typeof item !== 'object' || item === null) continue;
    const detail = item as JsonObject;
    const type = String(detail['@type'] ?? '');
    if (type.endsWith('google.rpc.ErrorInfo') && typeof detail.reason === 'string') {
      details.reason = detail.reason.slice(0, 100);
    } else if (type.endsWith('google.rpc.RetryInfo')) {
      const delay = durationMs(detail.retryDelay);
      if (delay !== undefined) details.retryDelayMs = delay;
    } else if (type.endsWith('google.rpc.QuotaFailure')) {
      details.longQuota = listOf(detail.violations).some((violation) =>
        /PerDay|PerMonth/.test(String(violation.quotaId)),
      );
    } else if (type.endsWith('google.rpc.BadRequest')) {
      const field = listOf(detail.fieldViolations)[0]?.field;
      if (typeof field === 'string' && field !== '') details.field = field.slice(0, 200);
    }
  }
  return details;
}

function listOf(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is JsonObject => typeof item === 'object' && item !== null);
}

/** `"3.5s"` of `google.protobuf.Duration` in milliseconds. */
function durationMs(value: unknown): number | undefined {
  if (typeof value !== 'string' || !value.endsWith('s')) return undefined;
  const seconds = Number(value.slice(0, -1));
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1_000) : undefined;
}

function finerCause(
  message: string,
  word: string,
  httpStatus: number,
  details: Details,
): { code?: Code; reason?: string } {
  if (refusesKey(message, word, details)) {
    return { code: 'unauthenticated', reason: 'invalid_api_key' };
  }
  if (word === 'UNAUTHENTICATED' || httpStatus === 401) return { reason: 'invalid_api_key' };
  if (word === 'RESOURCE_EXHAUSTED' || httpStatus === 429) {
    return { reason: details.longQuota ? 'insufficient_quota' : 'rate_limit_exceeded' };
  }
  if (/token count .*exceeds the maximum number of tokens/i.test(message)) {
    return { reason: 'context_length_exceeded' };
  }
  if ((word === 'NOT_FOUND' || httpStatus === 404) && /model/i.test(message)) {
    return { reason: 'model_not_found' };
  }
  return {};
}

/**
 * What Google's error info says of keys, tokens, accounts and what they may use; another lack of
 * permission is about what the request names, a file or a tuned model.
 * Source: https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
 */
const keyReasons =
  /^(API_KEY_|ACCESS_TOKEN_|ACCOUNT_STATE_|CONSUMER_|IAM_PERMISSION_DENIED|CREDENTIALS_MISSING|SERVICE_DISABLED|BILLING_DISABLED|USER_PROJECT_DENIED|GCP_SUSPENDED)/;

function refusesKey(message: string, word: string, { reason }: Details): boolean {
  if (reason !== undefined) return keyReasons.test(reason);
  return (
    word === 'PERMISSION_DENIED' &&
    /\bapi key\b|unregistered callers|^permission '[\w.]+' denied/i.test(message)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An error as Google tells it; the request's id stands in a `google.rpc.RequestInfo`. */
export function encodeError(error: RpcError, requestId: string): EncodedError {
  const status = httpStatusOf(error);
  return { status, body: errorBody(error, status, requestId) };
}

/** The body of `encodeError`, with the request's id where it is known. */
export function errorBody(error: RpcError, status: number, requestId?: string): JsonObject {
  const { reason, retryAfterMs, param } = apiErrorInfo(error);
  const details: JsonObject[] = [];
  if (reason !== undefined) {
    details.push({ '@type': typeUrl('ErrorInfo'), reason: reasonWord(reason), domain: 'zeke' });
  }
  if (param !== undefined) {
    const fieldViolations = [{ field: param, description: error.message }];
    details.push({ '@type': typeUrl('BadRequest'), fieldViolations });
  }
  if (retryAfterMs !== undefined) {
    details.push({ '@type': typeUrl('RetryInfo'), retryDelay: `${retryAfterMs / 1_000}s` });
  }
  if (requestId !== undefined) details.push({ '@type': typeUrl('RequestInfo'), requestId });
  return {
    error: {
      code: status,
      message: error.message,
      status: statusWord(error.code),
      ...(details.length > 0 ? { details } : {}),
    },
  };
}

function typeUrl(name: string): string {
  return `type.googleapis.com/google.rpc.${name}`;
}

function statusWord(code: Code): string {
  return code === 'canceled' ? 'CANCELLED' : code.toUpperCase();
}

/** Reasons are upper case; clients know the one for a bad key by Google's word. */
function reasonWord(reason: string): string {
  return reason === 'invalid_api_key' ? 'API_KEY_INVALID' : reason.toUpperCase();
}
