import { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../neutral/api-error.ts';
import type { Candidate } from './model-catalog.ts';

/**
 * Asks one candidate after the other until one answers. Only errors that are marked retryable, and
 * requests that can't be told to one provider, lead to the next. Told is the last error, but rather
 * one of a provider that was asked. A client that left ends the search.
 */
export async function tryCandidates<T>(
  candidates: readonly Candidate[],
  client: AbortSignal,
  attempt: (candidate: Candidate, attempt: number) => Promise<T>,
): Promise<T> {
  let told: RpcError | undefined;
  let count = 0;
  for (const candidate of candidates) {
    count++;
    try {
      return await attempt(candidate, count);
    } catch (reason) {
      const error = RpcError.from(reason);
      const unfitting = apiErrorInfo(error).unfitting === true;
      if (client.aborted || !(error.retryable || unfitting)) throw error;
      if (!told || !unfitting) told = error;
    }
  }
  throw told ?? new RpcError('internal', 'there is no candidate to ask');
}
