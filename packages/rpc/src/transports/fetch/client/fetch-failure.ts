import { markRefused } from '../../../core/refused.ts';
import { RpcError } from '../../../rpc-error.ts';
import { codeOfHttpStatus } from '../wire/http-status.ts';

/** Codes of Bun and Node for connections that did not come about: the server has seen nothing. */
const unconnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ConnectionRefused',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The error of a `fetch` that failed, or of a body that broke off. */
export function fetchFailure(cause: unknown, url: string): RpcError {
  const code = errorCodeOf(cause);
  const reason = code ?? (cause instanceof Error ? cause.message : String(cause));
  const { origin } = new URL(url);
  const error = new RpcError('unavailable', `the connection to ${origin} failed: ${reason}`, {
    cause,
    retryable: true,
  });
  return code !== undefined && unconnected.has(code) ? markRefused(error) : error;
}

/** The error of a response that neither protocol explains. */
export function statusFailure(response: Response): RpcError {
  const { status } = response;
  const type = response.headers.get('content-type');
  const shown = type === null ? 'no content type' : JSON.stringify(type.slice(0, 64));
  return new RpcError(
    codeOfHttpStatus(status),
    `the answer is none of this protocol: HTTP status ${status} with ${shown}`,
    { retryable: status === 429 || (status >= 502 && status <= 504) },
  );
}

/** Node hangs the socket's error below its own. */
function errorCodeOf(cause: unknown): string | undefined {
  for (let error = cause, depth = 0; depth < 4; depth++) {
    if (typeof error !== 'object' || error === null) return undefined;
    const {
      code,
      cause: inner,
      errors,
    } = error as {
      code?: unknown;
      cause?: unknown;
      errors?: readonly unknown[];
    };
    if (typeof code === 'string') return code;
    error = errors?.[0] ?? inner;
  }
  return undefined;
}
