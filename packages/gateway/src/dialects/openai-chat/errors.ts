import type { HttpHeaders } from '@zeke/foundation/http-client';
import type { Code, RpcError } from '@zeke/rpc';
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
import type { ErrorBody } from './types.ts';

/** The longest message of a provider that is handed on, in characters. */
const maxMessageChars = 2_000;

/** What a failed answer's body says, in whichever of the many shapes it came. */
interface Failure {
  message?: string | undefined;
  code?: string | undefined;
  type?: string | undefined;
  param?: string | undefined;
}

/**
 * A provider's failed answer. Reads OpenAI's shape and those of its kin: xAI (`error` is a string),
 * Mistral and vLLM (the fields stand at the top), FastAPI (`detail`), Google (a list of one), and
 * none at all.
 */
export function decodeError(status: number, headers: HttpHeaders, body: string): RpcError {
  const value = parsed(body);
  const waitMs = retryAfterMs(headers);
  return errorOf(status, failureOf(value), {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...refusalOf({ dialect: 'openai-chat', status, headers, body, isShaped: isErrorBody(value) }),
  });
}

/** The error in a stream's frame; undefined for any other frame. */
export function errorOfFrame(frame: Frame): RpcError | undefined {
  const { data } = frame;
  if (frame.event !== 'error' && data.indexOf('"error"') < 0) return undefined;
  return errorOfRecord(parsed(data), frame.event === 'error');
}

/** The error in a stream's record, parsed; a record that is nothing but an error needs no `error` field. */
export function errorOfRecord(record: unknown, isError: boolean): RpcError | undefined {
  if (!isError && !(record as { error?: unknown } | null)?.error) return undefined;
  const failure = failureOf(record);
  const status = Number(failure.code);
  return errorOf(status >= 400 && status < 600 ? status : statusOfWords(failure), failure);
}

/** What is wrong with a whole answer, of a chat or of a completion; undefined where it has choices. */
export function errorOfAnswer(body: unknown): RpcError | undefined {
  const error = errorOfRecord(body, false);
  if (error) return error;
  const choices = (body as { choices?: unknown } | null)?.choices;
  if (Array.isArray(choices) && choices.length > 0) return undefined;
  return apiError('data_loss', "the provider's answer has no choices", { retryable: true });
}

/** The answer to a caller. OpenAI puts the request's id in the header `x-request-id`, not in the body. */
export function encodeError(error: RpcError, _requestId: string): EncodedError {
  return { status: httpStatusOf(error), body: { ...errorBody(error) } };
}

export function errorBody(error: RpcError): ErrorBody {
  const info = apiErrorInfo(error);
  return {
    error: {
      message: error.message,
      type: typeOf(httpStatusOf(error), info.reason),
      param: info.param ?? null,
      code: info.reason ?? null,
    },
  };
}

/** Source: https://developers.openai.com/api/docs/guides/error-codes */
function typeOf(status: number, reason: string | undefined): string {
  if (reason === 'insufficient_quota') return 'insufficient_quota';
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 429:
      return 'rate_limit_error';
    default:
      return status >= 500 ? 'server_error' : 'invalid_request_error';
  }
}

/** Whether this is an error as OpenAI's clients know it, whatever else is in it. */
function isErrorBody(value: unknown): boolean {
  const error = (value as { error?: { message?: unknown } } | null | undefined)?.error;
  return typeof error?.message === 'string' && error.message !== '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(body: unknown): Failure {
  const record = Array.isArray(body) ? body[0] : body;
  if (typeof record !== 'object' || record === null) return {};
  const { error } = record as { error?: unknown };
  if (typeof error === 'string' && error !== '') {
    return { ...failureOf({ ...record, error: null }), message: error };
  }
  const fields = (typeof error === 'object' && error !== null ? error : record) as FailureFields;
  const { message, detail, code, type, param, metadata } = fields;
  return {
    message: withCause(textOf(message, detail), metadata?.raw),
    code: typeof code === 'number' ? String(code) : textOf(code),
    type: textOf(type),
    param: textOf(param),
  };
}

type FailureFields = Record<keyof Failure | 'detail', unknown> & {
  metadata?: { raw?: unknown } | null;
};

/** OpenRouter keeps what its provider said beside a message that says only that one failed. */
function withCause(message: string | undefined, raw: unknown): string | undefined {
  const cause = textOf(raw);
  return message === undefined || cause === undefined ? message : `${message}: ${cause}`;
}

/** The first that says something; a list of faults is told as JSON. */
function textOf(...values: unknown[]): string | undefined {
  for (const value of values) {
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  }
  return undefined;
}

function errorOf(
  status: number,
  failure: Failure,
  info: Pick<ApiErrorInfo, 'retryAfterMs' | 'refusal'> = {},
): RpcError {
  const { code, retryable } = codeOfHttpStatus(status);
  const reason = reasonOf(status, failure);
  const providerCode = failure.code ?? failure.type;
  const message = failure.message ?? `the provider answered ${status} without a message`;
  return apiError(finerCode(code, reason), message.slice(0, maxMessageChars), {
    ...info,
    retryable: retryable && reason !== 'insufficient_quota',
    ...(reason === undefined ? {} : { reason }),
    ...(failure.param === undefined ? {} : { param: failure.param }),
    ...(providerCode === undefined ? {} : { providerCode }),
  });
}

function finerCode(code: Code, reason: string | undefined): Code {
  switch (reason) {
    case 'model_not_found':
      return 'not_found';
    case 'invalid_api_key':
      return 'unauthenticated';
    case 'insufficient_quota':
      return 'resource_exhausted';
    default:
      return code;
  }
}

/** Codes of OpenAI, and what other vendors say for them. */
const reasons: Readonly<Record<string, string>> = {
  context_length_exceeded: 'context_length_exceeded',
  exceed_context_size_error: 'context_length_exceeded',
  rate_limit_exceeded: 'rate_limit_exceeded',
  rate_limit_error: 'rate_limit_exceeded',
  insufficient_quota: 'insufficient_quota',
  billing_hard_limit_reached: 'insufficient_quota',
  model_not_found: 'model_not_found',
  DeploymentNotFound: 'model_not_found',
  invalid_api_key: 'invalid_api_key',
  content_filter: 'content_filter',
  content_policy_violation: 'content_policy_violation',
  unsupported_parameter: 'unsupported_parameter',
  unsupported_value: 'unsupported_value',
};

/**
 * OpenRouter and DeepSeek refuse a model they do not have with a 400 and these words.
 * Sources: https://github.com/OpenRouterTeam/openrouter-examples/issues/74,
 * https://github.com/ConardLi/easy-dataset/issues/9
 */
const unknownModel = / is not a valid model id$|^model not exist$/;
const tooLong = /context (length|window|size)|maximum context|too many tokens/;

function reasonOf(status: number, failure: Failure): string | undefined {
  for (const word of [failure.code, failure.type]) {
    if (word !== undefined && Object.hasOwn(reasons, word)) return reasons[word];
  }
  const message = failure.message?.toLowerCase() ?? '';
  switch (status) {
    case 401:
      return 'invalid_api_key';
    case 403:
      return refusesKey(failure) ? 'invalid_api_key' : undefined;
    case 402:
      return 'insufficient_quota';
    case 429:
      return 'rate_limit_exceeded';
    case 404:
      return message.includes('model') ? 'model_not_found' : undefined;
    case 400:
    case 413:
    case 422:
      if (unknownModel.test(message)) return 'model_not_found';
      return tooLong.test(message) ? 'context_length_exceeded' : undefined;
    default:
      return undefined;
  }
}

/** The status that an error inside a stream would have had. */
function statusOfWords(failure: Failure): number {
  const words = `${failure.code ?? ''} ${failure.type ?? ''}`.toLowerCase();
  if (/rate_limit|quota|too_many/.test(words)) return 429;
  if (/invalid_request|content_filter|context_length/.test(words)) return 400;
  if (/auth|api_key/.test(words)) return 401;
  if (/not_found/.test(words)) return 404;
  if (/overloaded|unavailable/.test(words)) return 503;
  return 500;
}
