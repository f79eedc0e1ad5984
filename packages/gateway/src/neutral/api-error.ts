import type { HttpHeaders } from '@zeke/foundation/http-client';
import { type Code, RpcError } from '@zeke/rpc';
import type { DialectName } from './dialect-name.ts';

/** The `type` of the detail that holds an `ApiErrorInfo`. */
export const apiErrorType = 'zeke.gateway.ApiError';

/** What a dialect needs, beside code and message, to tell an error in its own shape. */
export interface ApiErrorInfo {
  /** HTTP status to answer with; else it follows from the code. */
  status?: number;
  /** The field at fault, as the caller's dialect names it: `messages[2].content`. */
  param?: string;
  /** A finer cause, in OpenAI's words: `model_not_found`, `context_length_exceeded`, `invalid_api_key`. */
  reason?: string;
  /** From the provider's `retry-after`. */
  retryAfterMs?: number;
  /** The configured name of the provider that failed; absent when the gateway itself refused. */
  provider?: string;
  /** The provider's own word for it. */
  providerCode?: string;
  /** The answer with which the provider refused; never where it refused the gateway's credentials. */
  refusal?: Refusal;
  /** What somebody has to allow first: told beside the error in every dialect. */
  consent?: ConsentAsked;
  /** The request is sound but cannot be told to this provider: another may do. */
  unfitting?: boolean;
}

/** A question for consent, as callers are told it. */
export interface ConsentAsked {
  consent_id: string;
  /** Each with its policy, and the model, provider, tool or kind of data that it is about. */
  consent_for: readonly Readonly<Record<string, string>>[];
  /** Where it is answered. */
  consent_endpoint: string;
}

/** A provider's failed answer as it came, but for the credentials in it. */
export class Refusal {
  /** Spoken by the provider. */
  readonly dialect: DialectName;
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
  /** True where the body is an error in the dialect's own shape, and so fit for its clients. */
  readonly isShaped: boolean;

  constructor(fields: Pick<Refusal, 'dialect' | 'status' | 'headers' | 'body' | 'isShaped'>) {
    this.dialect = fields.dialect;
    this.status = fields.status;
    this.headers = fields.headers;
    this.body = fields.body;
    this.isShaped = fields.isShaped;
  }

  /** For logs, which have the message. */
  toJSON(): Pick<Refusal, 'dialect' | 'status'> {
    return { dialect: this.dialect, status: this.status };
  }
}

export function apiError(
  code: Code,
  message: string,
  info: ApiErrorInfo & { cause?: unknown; retryable?: boolean } = {},
): RpcError {
  const { cause, retryable, ...value } = info;
  return new RpcError(code, message, {
    details: [{ type: apiErrorType, value }],
    ...(cause === undefined ? {} : { cause }),
    ...(retryable === undefined ? {} : { retryable }),
  });
}

/** The error's `ApiErrorInfo`, empty when it has none. */
export function apiErrorInfo(error: RpcError): ApiErrorInfo {
  return error.detail<ApiErrorInfo>(apiErrorType) ?? {};
}

/** A refusal met while a request was written for one provider: marks that another may do. */
export function unfitting(reason: unknown): unknown {
  if (!(reason instanceof RpcError)) return reason;
  if (reason.code !== 'invalid_argument' && reason.code !== 'unimplemented') return reason;
  return apiError(reason.code, reason.message, {
    ...apiErrorInfo(reason),
    unfitting: true,
    cause: reason,
  });
}

const statusByCode: Record<Code, number> = {
  canceled: 499,
  unknown: 502,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 409,
  permission_denied: 403,
  resource_exhausted: 429,
  failed_precondition: 400,
  aborted: 409,
  out_of_range: 400,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
  data_loss: 502,
  unauthenticated: 401,
};

/** The HTTP status to answer with: a provider's own where that tells a failure. */
export function httpStatusOf(error: RpcError): number {
  const { status } = apiErrorInfo(error);
  return status !== undefined && status >= 400 && status < 600 ? status : statusByCode[error.code];
}

/** The code and retryability of a provider's HTTP status. Every dialect's `decodeError` starts from it. */
export function codeOfHttpStatus(status: number): { code: Code; retryable: boolean } {
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
      return { code: 'invalid_argument', retryable: false };
    case 401:
      return { code: 'unauthenticated', retryable: false };
    case 402:
    case 403:
      return { code: 'permission_denied', retryable: false };
    case 404:
      return { code: 'not_found', retryable: false };
    case 408:
    case 504:
      return { code: 'deadline_exceeded', retryable: true };
    case 409:
      return { code: 'aborted', retryable: true };
    case 429:
      return { code: 'resource_exhausted', retryable: true };
    case 501:
      return { code: 'unimplemented', retryable: false };
    case 500:
      return { code: 'internal', retryable: true };
    default:
      return status >= 500
        ? { code: 'unavailable', retryable: true }
        : { code: 'unknown', retryable: false };
  }
}

/** What is under way when the process ends is told; another provider would be cut off just the same. */
export function shuttingDown(): RpcError {
  return apiError('unavailable', 'zeke is shutting down: ask again when it is back', {
    status: 503,
    reason: 'shutting_down',
    retryable: false,
  });
}
