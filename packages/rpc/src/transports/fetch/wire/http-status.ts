import type { Code } from '../../../rpc-error.ts';

const statusOfCode: Readonly<Record<Code, number>> = {
  canceled: 499,
  unknown: 500,
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
  data_loss: 500,
  unauthenticated: 401,
};

const codeOfStatus: Readonly<Record<number, Code>> = {
  400: 'internal',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'unimplemented',
  429: 'unavailable',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** The HTTP status of a unary Connect call that failed: https://connectrpc.com/docs/protocol#error-codes. */
export function httpStatusOfCode(code: Code): number {
  return statusOfCode[code];
}

/**
 * The code of an answer that neither protocol explains, as from a proxy. Connect and gRPC agree on
 * it: https://connectrpc.com/docs/protocol#http-to-error-code and
 * https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md.
 */
export function codeOfHttpStatus(status: number): Code {
  return codeOfStatus[status] ?? 'unknown';
}
