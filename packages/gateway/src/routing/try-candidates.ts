import { RpcError } from '@zeke/rpc';
import { apiError, apiErrorInfo } from '../neutral/api-error.ts';
import type { Candidate } from './model-catalog.ts';

/**
 * Asks one candidate after the other until one answers. To the next leads what may be better there:
 * an error marked retryable, a provider without the model or with too small a context for the
 * request, and a request that cannot be told to the provider. Told is the last error of the kind
 * that says most, retryable ones first; of a model that a provider does not have, with the names
 * there that are most like it. A client that left ends the search.
 */
export async function tryCandidates<T>(
  candidates: readonly Candidate[],
  client: AbortSignal,
  attempt: (candidate: Candidate, attempt: number) => Promise<T>,
): Promise<T> {
  let told: { error: RpcError; candidate: Candidate; rank: number } | undefined;
  let count = 0;
  for (const candidate of candidates) {
    count++;
    try {
      return await attempt(candidate, count);
    } catch (reason) {
      const error = RpcError.from(reason);
      const rank = rankOf(error);
      if (client.aborted || rank === undefined) throw error;
      if (!told || rank >= told.rank) told = { error, candidate, rank };
    }
  }
  if (!told) throw new RpcError('internal', 'there is no candidate to ask');
  throw await withNearest(told.error, told.candidate);
}

/** How much an error tells, of those after which another candidate may do; undefined of all others. */
function rankOf(error: RpcError): number | undefined {
  if (error.retryable) return 2;
  const { provider, reason, unfitting } = apiErrorInfo(error);
  if (provider !== undefined && reason !== undefined && ofThisProvider.has(reason)) return 1;
  return unfitting ? 0 : undefined;
}

/** What a provider refuses, told in `reason`, that says nothing of other providers. */
const ofThisProvider: ReadonlySet<string> = new Set(['model_not_found', 'context_length_exceeded']);

/** A provider only says that it does not know a model; its list says which one may be meant. */
async function withNearest(error: RpcError, candidate: Candidate): Promise<RpcError> {
  const { provider, providerCode, reason } = apiErrorInfo(error);
  if (reason !== 'model_not_found' || provider === undefined) return error;
  const near = (await candidate.nearest?.()) ?? [];
  if (near.length === 0) return error;
  const wanted = candidate.model.slice(0, maxShownChars);
  return apiError(
    'not_found',
    `${provider} has no model ${wanted}: did you mean ${near.join(', ')}?`,
    {
      reason,
      param: 'model',
      provider,
      ...(providerCode === undefined ? {} : { providerCode }),
      cause: error,
    },
  );
}

const maxShownChars = 200;
