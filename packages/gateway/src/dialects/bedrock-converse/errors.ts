import type { HttpHeaders } from '@zeke/foundation/http-client';
import type { Code, RpcError } from '@zeke/rpc';
import { isExceptionName } from '../../framing/aws-event-stream.ts';
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

/** AWS's names of errors, with a lower first letter as in a stream. */
const faults: ReadonlyMap<string, Fault> = new Map(
  Object.entries<Fault>({
    throttlingException: {
      code: 'resource_exhausted',
      retryable: true,
      reason: 'rate_limit_exceeded',
    },
    serviceQuotaExceededException: {
      code: 'resource_exhausted',
      retryable: false,
      reason: 'insufficient_quota',
    },
    validationException: { code: 'invalid_argument', retryable: false },
    accessDeniedException: { code: 'permission_denied', retryable: false },
    unrecognizedClientException: unauthenticated(),
    invalidClientTokenId: unauthenticated(),
    invalidSignatureException: unauthenticated(),
    signatureDoesNotMatch: unauthenticated(),
    incompleteSignature: unauthenticated(),
    incompleteSignatureException: unauthenticated(),
    missingAuthenticationTokenException: unauthenticated(),
    expiredTokenException: unauthenticated(),
    optInRequired: unauthenticated(),
    resourceNotFoundException: { code: 'not_found', retryable: false, reason: 'model_not_found' },
    conflictException: { code: 'aborted', retryable: true },
    internalServerException: { code: 'internal', retryable: true },
    modelErrorException: { code: 'internal', retryable: true },
    modelStreamErrorException: { code: 'internal', retryable: true },
    modelNotReadyException: { code: 'unavailable', retryable: true },
    serviceUnavailableException: { code: 'unavailable', retryable: true },
    modelTimeoutException: { code: 'deadline_exceeded', retryable: true },
  }),
);

/** The exceptions that a stream may tell, and the name of an answer's. */
const exceptionByCode: Partial<Record<Code, { answer: string; stream: string }>> = {
  invalid_argument: { answer: 'ValidationException', stream: 'validationException' },
  failed_precondition: { answer: 'ValidationException', stream: 'validationException' },
  out_of_range: { answer: 'ValidationException', stream: 'validationException' },
  unauthenticated: { answer: 'UnrecognizedClientException', stream: 'validationException' },
  permission_denied: { answer: 'AccessDeniedException', stream: 'validationException' },
  not_found: { answer: 'ResourceNotFoundException', stream: 'validationException' },
  aborted: { answer: 'ConflictException', stream: 'modelStreamErrorException' },
  resource_exhausted: { answer: 'ThrottlingException', stream: 'throttlingException' },
  deadline_exceeded: { answer: 'ModelTimeoutException', stream: 'modelStreamErrorException' },
  data_loss: { answer: 'InternalServerException', stream: 'modelStreamErrorException' },
  unavailable: { answer: 'ServiceUnavailableException', stream: 'serviceUnavailableException' },
};

/**
 * A failed answer of Bedrock: the error's name is in `x-amzn-ErrorType` or in the body's `__type`.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
 */
export function decodeError(status: number, headers: HttpHeaders, body: string): RpcError {
  const value = parsed(body);
  const name = bareName(headers.get('x-amzn-errortype') ?? stringOf(value.__type) ?? '');
  const message = (stringOf(value.message) ?? stringOf(value.Message) ?? '').trim();
  const waitMs = retryAfterMs(headers);
  return faultError(
    faults.get(name) ?? codeOfHttpStatus(status),
    message || `the provider answered with HTTP status ${status}`,
    name,
    {
      status,
      ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
      ...refusalOf({
        dialect: 'bedrock-converse',
        status,
        headers,
        body,
        isShaped: message !== '',
      }),
    },
  );
}

/** An exception inside a stream; undefined for a frame that is an event. */
export function errorOfFrame(frame: Frame): RpcError | undefined {
  if (!isExceptionName(frame.event)) return undefined;
  const value = parsed(frame.data);
  const message = stringOf(value.message) ?? stringOf(value.originalMessage);
  const name = bareName(frame.event);
  return faultError(
    faults.get(name) ?? { code: 'internal', retryable: true },
    message || `the provider ended the stream with ${frame.event}`,
    name,
    {},
  );
}

/** What is wrong with a whole answer of `Converse`; undefined where it has content. */
export function errorOfAnswer(body: unknown): RpcError | undefined {
  const { output } = (body ?? {}) as { output?: { message?: { content?: unknown } | null } | null };
  if (Array.isArray(output?.message?.content)) return undefined;
  return apiError('data_loss', "the provider's answer has no output.message.content", {
    retryable: true,
  });
}

export function encodeError(error: RpcError): EncodedError {
  const { answer } = exceptionByCode[error.code] ?? { answer: 'InternalServerException' };
  return { status: httpStatusOf(error), body: { __type: answer, message: error.message } };
}

/** An error as the exception that ends a stream. */
export function encodeException(error: RpcError): Frame {
  const { stream } = exceptionByCode[error.code] ?? { stream: 'internalServerException' };
  return { event: stream, data: JSON.stringify({ message: error.message }) };
}

function faultError(
  fault: Fault,
  message: string,
  name: string,
  info: Pick<ApiErrorInfo, 'status' | 'retryAfterMs' | 'refusal'>,
): RpcError {
  const isAccess = fault.code === 'permission_denied';
  const known = isAccess && refusesKey(message) ? unauthenticated() : reasonOfMessage(message);
  const { code, retryable, reason } = { ...fault, ...known };
  return apiError(code, message.slice(0, maxMessageChars), {
    ...info,
    retryable,
    ...(reason === undefined ? {} : { reason }),
    ...(name ? { providerCode: name[0]?.toUpperCase() + name.slice(1) } : {}),
  });
}

/**
 * `AccessDeniedException` is a key or an identity that may not call, or a model that the account has
 * no access to; which of them, only its words say.
 */
function refusesKey(message: string): boolean {
  return /\bnot authorized to perform\b|\bapi key\b|\bbearer token\b|\bsecurity token\b/i.test(
    message,
  );
}

/** Faults that Bedrock tells in words only, as `ValidationException`. */
function reasonOfMessage(message: string): Fault | undefined {
  const text = message.toLowerCase();
  if (
    text.includes('too long') ||
    text.includes('context length') ||
    text.includes('context window') ||
    text.includes('maximum tokens exceed')
  ) {
    return { code: 'invalid_argument', retryable: false, reason: 'context_length_exceeded' };
  }
  if (text.includes('model identifier is invalid')) {
    return { code: 'not_found', retryable: false, reason: 'model_not_found' };
  }
  return undefined;
}

/** `validationException` of `com.amazon.x#ValidationException:http://…`. */
function bareName(name: string): string {
  const [qualified = ''] = name.split(':', 1);
  const bare = qualified.slice(qualified.lastIndexOf('#') + 1).trim();
  return bare.slice(0, 1).toLowerCase() + bare.slice(1);
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

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function unauthenticated(): Fault {
  return { code: 'unauthenticated', retryable: false, reason: 'invalid_api_key' };
}
