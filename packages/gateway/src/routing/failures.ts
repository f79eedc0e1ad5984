import { RpcError } from '@zeke/rpc';
import { apiError, apiErrorInfo } from '../neutral/api-error.ts';
import type { Candidate } from './model-catalog.ts';

/**
 * Collects why candidates failed, and says what the caller is told when none is left: the last error
 * of the kind that says most, retryable ones first.
 */
export class Failures {
  #told: { error: RpcError; candidate: Candidate; rank: number } | undefined;

  /** Whether another candidate may do better; false: the error is the caller's own. */
  add(error: RpcError, candidate: Candidate): boolean {
    const rank = rankOf(error);
    if (rank === undefined) return false;
    if (!this.#told || rank >= this.#told.rank) this.#told = { error, candidate, rank };
    return true;
  }

  /** The error to tell; of a model that a provider does not have, with the names most like it. */
  async toTell(): Promise<RpcError> {
    if (!this.#told) return new RpcError('internal', 'there is no candidate to ask');
    return withNearest(this.#told.error, this.#told.candidate);
  }
}

/** How much an error tells, of those after which another candidate may do; undefined of all others. */
function rankOf(error: RpcError): number | undefined {
  if (error.retryable) return 2;
  const { provider, reason, unfitting } = apiErrorInfo(error);
  if (provider !== undefined && reason !== undefined && ofThisProvider.has(reason)) return 1;
  return unfitting ? 0 : undefined;
}

/** What is refused of or by one provider, told in `reason`, that says nothing of other providers. */
const ofThisProvider: ReadonlySet<string> = new Set([
  'model_not_found',
  'context_length_exceeded',
  'local_only',
]);

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
