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
import { refusesKey } from '../openai-key-refusal.ts';
import { refusalOf } from '../refusal.ts';
import { retryAfterMs } from '../retry-after.ts';
import { isObject, parseObject } from './read-json.ts';

const maxMessageChars = 2_000;

/** A fault in a request; `param` is the field's path in the words of who is told. */
export function invalid(message: string, param: string): RpcError {
  return apiError('invalid_argument', message, { param });
}

/**
 * A provider's failed answer. Beside OpenAI's `{error: {message, type, code, param}}` it reads
 * xAI's `{code, error: "…"}` and any text.
 * Source: https://developers.openai.com/api/docs/guides/error-codes
 */
export function decodeError(status: number, headers: HttpHeaders, body: string): RpcError {
  const value = parseObject(body);
  const fault = value ? faultOf(value) : { message: looksLikeMarkup(body) ? '' : body.trim() };
  const message = fault.message || `the provider answered with HTTP status ${status}`;
  const waitMs = retryAfterMs(headers);
  const isShaped = isObject(value?.error) && fault.message !== '';
  return faultError(
    status === 403 && refusesKey(fault)
      ? { code: 'unauthenticated', retryable: false }
      : codeOfHttpStatus(status),
    { ...fault, message },
    {
      ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
      ...refusalOf({ dialect: 'openai-responses', status, headers, body, isShaped }),
    },
  );
}

/**
 * The error of a record: `error`, or `response.failed` whose response names one. Undefined for
 * every other record.
 */
export function errorOfRecord(record: Record<string, unknown>): RpcError | undefined {
  if (record.type === 'response.failed') {
    const response = isObject(record.response) ? record.response : {};
    return streamError(readFault(response.error));
  }
  if (record.type !== 'error' && !isObject(record.error)) return undefined;
  return streamError(readFault(isObject(record.error) ? record.error : record));
}

/** What is wrong with a whole response: that it failed, or that it has no output. */
export function errorOfAnswer(body: unknown): RpcError | undefined {
  const response = isObject(body) ? body : {};
  if (response.status === 'failed') return errorOfRecord({ type: 'response.failed', response });
  if (Array.isArray(response.output)) return undefined;
  return (
    errorOfRecord(response) ??
    apiError('data_loss', "the provider's answer has no output", { retryable: true })
  );
}

/** `errorOfRecord` of a frame as it came. */
export function errorOfFrame(frame: Frame): RpcError | undefined {
  const record = parseObject(frame.data);
  if (!record) return undefined;
  if (record.type === undefined && frame.event !== '') record.type = frame.event;
  return errorOfRecord(record);
}

export function encodeError(error: RpcError): EncodedError {
  const status = httpStatusOf(error);
  const info = apiErrorInfo(error);
  return {
    status,
    body: {
      error: {
        message: error.message,
        type: errorType(status, info.reason),
        param: info.param ?? null,
        code: errorCode(error),
      },
    },
  };
}

/** OpenAI's word for the cause; null where it has none. */
export function errorCode(error: RpcError): string | null {
  const { reason } = apiErrorInfo(error);
  if (reason !== undefined) return reason;
  if (error.code === 'resource_exhausted') return 'rate_limit_exceeded';
  if (error.code === 'unauthenticated') return 'invalid_api_key';
  return null;
}

/** What `response.failed` says went wrong: always with a code. */
export function failureCode(error: RpcError): string {
  return (
    errorCode(error) ?? (error.code === 'invalid_argument' ? 'invalid_prompt' : 'server_error')
  );
}

function errorType(status: number, reason: string | undefined): string {
  if (status === 429) {
    return reason === 'insufficient_quota' ? 'insufficient_quota' : 'rate_limit_error';
  }
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

interface Fault {
  message: string;
  code?: string;
  type?: string;
  param?: string;
}

function faultOf(record: Record<string, unknown>): Fault {
  const { error } = record;
  if (isObject(error)) return readFault(error);
  if (typeof error === 'string') return readFault({ ...record, message: error });
  if (typeof record.detail === 'string') return readFault({ message: record.detail });
  return readFault(record);
}

function readFault(value: unknown): Fault {
  const fault: Fault = { message: '' };
  if (!isObject(value)) return fault;
  if (typeof value.message === 'string') fault.message = value.message;
  for (const key of ['code', 'type', 'param'] as const) {
    if (typeof value[key] === 'string') fault[key] = value[key];
  }
  if (typeof value.code === 'number') fault.code = String(value.code);
  return fault;
}

function streamError(fault: Fault): RpcError {
  const message = fault.message || 'the provider failed within its answer';
  return faultError({ code: 'internal', retryable: true }, { ...fault, message });
}

type Outcome = Pick<RpcError, 'code' | 'retryable'>;

/** What a provider's code says finer than the HTTP status. */
const outcomes: ReadonlyMap<string, Outcome & { reason?: string }> = new Map(
  Object.entries<Outcome & { reason?: string }>({
    context_length_exceeded: { code: 'invalid_argument', retryable: false },
    string_above_max_length: { code: 'invalid_argument', retryable: false },
    invalid_prompt: { code: 'invalid_argument', retryable: false },
    invalid_request_error: { code: 'invalid_argument', retryable: false },
    content_filter: { code: 'invalid_argument', retryable: false },
    content_policy_violation: { code: 'invalid_argument', retryable: false },
    model_not_found: { code: 'not_found', retryable: false },
    DeploymentNotFound: { code: 'not_found', retryable: false, reason: 'model_not_found' },
    invalid_api_key: { code: 'unauthenticated', retryable: false },
    insufficient_quota: { code: 'resource_exhausted', retryable: false },
    rate_limit_exceeded: { code: 'resource_exhausted', retryable: true },
    rate_limit_error: {
      code: 'resource_exhausted',
      retryable: true,
      reason: 'rate_limit_exceeded',
    },
    server_is_overloaded: { code: 'unavailable', retryable: true },
    slow_down: { code: 'unavailable', retryable: true },
    server_error: { code: 'internal', retryable: true },
  }),
);

function faultError(
  byStatus: Outcome,
  fault: Fault,
  info: Pick<ApiErrorInfo, 'retryAfterMs' | 'refusal'> = {},
): RpcError {
  const byCode = fault.code === undefined ? undefined : outcomes.get(fault.code);
  const byType = fault.type === undefined ? undefined : outcomes.get(fault.type);
  // A type such as `server_error` says no more than the status does.
  const known = byCode ?? (byStatus.code === 'internal' ? byType : undefined);
  const word = byCode ? fault.code : known ? fault.type : undefined;
  const reason =
    known?.reason ?? (word && !genericWords.has(word) ? word : reasonOfStatus(byStatus));
  return apiError(known?.code ?? byStatus.code, fault.message.slice(0, maxMessageChars), {
    ...info,
    retryable: known?.retryable ?? byStatus.retryable,
    ...(reason === undefined ? {} : { reason }),
    ...(fault.param === undefined ? {} : { param: fault.param }),
    ...(fault.code === undefined && fault.type === undefined
      ? {}
      : { providerCode: fault.code ?? fault.type ?? '' }),
  });
}

const genericWords = new Set(['server_error', 'invalid_request_error']);

function reasonOfStatus({ code }: Outcome): string | undefined {
  if (code === 'unauthenticated') return 'invalid_api_key';
  if (code === 'resource_exhausted') return 'rate_limit_exceeded';
  return undefined;
}

function looksLikeMarkup(body: string): boolean {
  return body.trimStart().startsWith('<');
}
