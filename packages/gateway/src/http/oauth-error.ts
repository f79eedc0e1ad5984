import type { RpcError } from '@zeke/rpc';
import { apiError, apiErrorInfo, httpStatusOf } from '../neutral/api-error.ts';
import type { ErrorEncoder } from './exchange.ts';

/** The errors of a token endpoint (RFC 6749, section 5.2). */
const tokenErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
] as const;

export type TokenError = (typeof tokenErrors)[number];

/** What a token endpoint refuses; `message` is its `error_description`. */
export function tokenError(reason: TokenError, message: string): RpcError {
  const isClient = reason === 'invalid_client';
  return apiError(isClient ? 'unauthenticated' : 'invalid_argument', message, { reason });
}

/** Errors as RFC 6749 has them, kept by nobody, with a challenge for a client who is not known. */
export const oauthError: ErrorEncoder = (error) => {
  const status = httpStatusOf(error);
  const { reason } = apiErrorInfo(error);
  const known = tokenErrors.find((each) => each === reason);
  return {
    status,
    // Printable ASCII without quotes and backslashes is all that an error_description may have.
    body: {
      error: known ?? unspecific(status),
      error_description: error.message.replace(/[^\x20-\x7e]/g, '-').replace(/["\\]/g, "'"),
    },
    headers: {
      ...neverKept,
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="zeke"' } : {}),
    },
  };
};

/** Of every answer of a token endpoint (RFC 6749, section 5.1). */
export const neverKept = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

function unspecific(status: number): string {
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status < 500 ? 'invalid_request' : 'server_error';
}
