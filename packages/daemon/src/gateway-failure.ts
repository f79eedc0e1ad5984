import { type Code, RpcError, retryInfo } from '@zeke/rpc';

const codesByStatus: Readonly<Record<number, Code>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  408: 'deadline_exceeded',
  409: 'aborted',
  413: 'resource_exhausted',
  429: 'resource_exhausted',
  499: 'canceled',
  501: 'unimplemented',
  504: 'deadline_exceeded',
};

/** What asking again does not help against, whatever the status. */
const finalReasons: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'local_only',
  'provider_credentials',
]);

/** A failed answer of the gateway's HTTP API. */
export interface GatewayFailure {
  readonly error: RpcError;
  /** In OpenAI's words, where there is one: `context_length_exceeded`. */
  readonly reason: string | undefined;
}

/** Reads an answer in OpenAI's shape of errors. `retry-after` is kept as a `google.rpc.RetryInfo`. */
export async function gatewayFailure(response: Response): Promise<GatewayFailure> {
  const { headers, status } = response;
  const code = codesByStatus[status] ?? (status >= 500 ? 'unavailable' : 'failed_precondition');
  const told = readError(await response.text());
  const message = told?.message ?? `the gateway answered with the status ${status}`;
  const reason = typeof told?.code === 'string' ? told.code : undefined;
  const isFinal = headers.get('x-should-retry') === 'false';
  const mayPass = !isFinal && (status === 429 || status >= 500);
  const retryable = mayPass && (reason === undefined || !finalReasons.has(reason));
  const afterS = Number.parseFloat(headers.get('retry-after') ?? '');
  const details = retryable && afterS >= 0 ? [retryInfo(afterS * 1_000)] : [];
  return {
    error: new RpcError(code, message, { retryable, details }),
    reason,
  };
}

function readError(body: string): { message?: string; code?: unknown } | undefined {
  try {
    return (JSON.parse(body) as { error?: { message?: string; code?: unknown } }).error;
  } catch {
    // An answer that is no JSON has nothing to say to a caller.
    return undefined;
  }
}
