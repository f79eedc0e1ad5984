import { RpcError } from '@zeke/rpc';
import { Failures } from './failures.ts';
import type { Candidate } from './model-catalog.ts';
import { retryDelay } from './retry-rules.ts';

/** How often candidates that have all failed are asked again, and how time passes between. */
export interface Retries {
  /** 0: never. */
  readonly rounds: number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Asks one candidate after the other until one answers. To the next leads what may be better there:
 * an error marked retryable, a provider without the model or with too small a context for the
 * request, and a request that cannot be told to the provider. When all have failed, those whose
 * error is worth it by the retry rules are asked again, after the shortest of their waits. A client that
 * left ends the search.
 */
export async function tryCandidates<T>(
  candidates: readonly Candidate[],
  client: AbortSignal,
  attempt: (candidate: Candidate, attempt: number) => Promise<T>,
  retries?: Retries,
): Promise<T> {
  const failures = new Failures();
  let round = candidates;
  let count = 0;
  for (let before = 0; ; before++) {
    const again: { candidate: Candidate; delayMs: number }[] = [];
    for (const candidate of round) {
      count++;
      try {
        return await attempt(candidate, count);
      } catch (reason) {
        const error = RpcError.from(reason);
        if (client.aborted || !failures.add(error, candidate)) throw error;
        if (retries === undefined || before >= retries.rounds) continue;
        const delayMs = retryDelay(error, before, retries.random());
        if (delayMs !== undefined) again.push({ candidate, delayMs });
      }
    }
    if (retries === undefined || again.length === 0) throw await failures.toTell();
    again.sort((a, b) => a.delayMs - b.delayMs);
    await retries.wait(again[0]?.delayMs ?? 0, client);
    if (client.aborted) throw await failures.toTell();
    round = again.map(({ candidate }) => candidate);
  }
}
