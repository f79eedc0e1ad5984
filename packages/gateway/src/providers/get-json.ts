import { RpcError } from '@zeke/rpc';
import type { Dialect } from '../dialects/dialect.ts';
import { readLimited } from '../framing/read-limited.ts';
import { apiError, apiErrorInfo, codeOfHttpStatus } from '../neutral/api-error.ts';
import { CredentialMask } from './credential-mask.ts';
import type { OutboundRequest } from './provider.ts';

const maxListBytes = 32 * 1024 * 1024;

/**
 * Asks a provider for a small JSON document: a list of models, or what it says of one. Throws
 * RpcError with the provider's name for everything but a 2xx answer in JSON; `decodeError` reads
 * what a failed one says, where it is given.
 */
export async function getJson(
  fetchImpl: typeof fetch,
  provider: string,
  outbound: OutboundRequest,
  signal: AbortSignal,
  decodeError?: Dialect['decodeError'],
): Promise<unknown> {
  const { response, bytes } = await exchange(fetchImpl, provider, outbound, signal);
  const text = new CredentialMask(outbound).text(new TextDecoder().decode(bytes));
  if (!response.ok) {
    if (!decodeError) throw refusal(provider, response.status, text);
    const error = decodeError(response.status, response.headers, text);
    const { refusal: _, ...info } = apiErrorInfo(error);
    throw apiError(error.code, error.message, { ...info, provider, retryable: error.retryable });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw apiError('data_loss', `${provider} answered with something that is not JSON`, {
      provider,
      cause,
    });
  }
}

/** Sends and reads the whole answer; what breaks on the way, at any point, is told as one. */
async function exchange(
  fetchImpl: typeof fetch,
  provider: string,
  outbound: OutboundRequest,
  signal: AbortSignal,
): Promise<{ response: Response; bytes: Uint8Array }> {
  try {
    const response = await fetchImpl(outbound.url, {
      method: outbound.method,
      headers: outbound.headers,
      body: outbound.body ?? null,
      signal,
      redirect: 'manual',
    });
    const bytes = await readLimited(response.body, maxListBytes, () =>
      apiError('data_loss', `${provider}: the answer is over ${maxListBytes} bytes`),
    );
    return { response, bytes };
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    const timedOut = signal.aborted;
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw apiError(
      timedOut ? 'deadline_exceeded' : 'unavailable',
      timedOut ? `${provider} did not answer in time` : `${provider} can't be reached${code}`,
      { provider, cause, retryable: true },
    );
  }
}

function refusal(provider: string, status: number, text: string): RpcError {
  const { code, retryable } = codeOfHttpStatus(status);
  const message = text.trimStart().startsWith('<') ? '' : `: ${text.trim().slice(0, 300)}`;
  return apiError(code, `${provider} answered with HTTP ${status}${message}`, {
    provider,
    retryable,
  });
}
