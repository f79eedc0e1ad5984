import { RpcError } from '@zeke/rpc';
import { Failures } from './failures.ts';
import type { Candidate } from './model-catalog.ts';

/**
 * Asks one candidate after the other until one answers. To the next leads what may be better there:
 * an error marked retryable, a provider without the model or with too small a context for the
 * request, and a request that cannot be told to the provider. A client that left ends the search.
 */
export async function tryCandidates<T>(
  candidates: readonly Candidate[],
  client: AbortSignal,
  attempt: (candidate: Candidate, attempt: number) => Promise<T>,
): Promise<T> {
  const failures = new Failures();
  let count = 0;
  for (const candidate of candidates) {
    count++;
    try {
      return await attempt(candidate, count);
    } catch (reason) {
      const error = RpcError.from(reason);
      if (client.aborted || !failures.add(error, candidate)) throw error;
    }
  }
  throw await failures.toTell();
}
