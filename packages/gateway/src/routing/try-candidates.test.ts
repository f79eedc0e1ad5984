import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { apiError, apiErrorInfo, unfitting } from '../neutral/api-error.ts';
import type { Candidate } from './model-catalog.ts';
import { tryCandidates } from './try-candidates.ts';

const busy = new RpcError('unavailable', 'busy', { retryable: true });
const wrong = new RpcError('invalid_argument', 'wrong');
const unsayable = unfitting(apiError('invalid_argument', 'has no n', { param: 'n' }));
const lacking = apiError('not_found', 'model: claude-sonet', {
  reason: 'model_not_found',
  provider: 'p',
  providerCode: 'not_found_error',
});
const tooLong = apiError('invalid_argument', 'prompt is too long', {
  reason: 'context_length_exceeded',
  provider: 'p',
});
const present = new AbortController().signal;

/** Tries a candidate for each outcome; tells how many were asked and what came of it. */
async function trial(outcomes: unknown[], client = present): Promise<[number, unknown]> {
  let asked = 0;
  const candidates = outcomes.map(() => ({}) as Candidate);
  const end = await tryCandidates(candidates, client, async () => {
    const outcome = outcomes[asked++];
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }).catch((reason: unknown) => reason);
  return [asked, end];
}

test('goes on after what may be better elsewhere, and after nothing else', async () => {
  expect(await trial([busy, 'good', 'unasked'])).toEqual([2, 'good']);
  expect(await trial([unsayable, 'good'])).toEqual([2, 'good']);
  expect(await trial([wrong, 'good'])).toEqual([1, wrong]);
  expect(await trial([busy, 'good'], AbortSignal.abort())).toEqual([1, busy]);
});

test('goes on after a provider that lacks the model or the room, not after the gateway says so', async () => {
  expect(await trial([lacking, tooLong, 'good'])).toEqual([3, 'good']);
  const own = apiError('not_found', 'no model is named x', { reason: 'model_not_found' });
  expect(await trial([own, 'good'])).toEqual([1, own]);
});

test('tells what is worth a retry rather than that another provider lacks the model', async () => {
  expect(await trial([busy, lacking])).toEqual([2, busy]);
  expect(await trial([lacking, unsayable])).toEqual([2, lacking]);
  expect(await trial([lacking, tooLong])).toEqual([2, tooLong]);
});

test('a model that the provider does not have is told with the nearest that it has', async () => {
  const told = async (near: string[]) => {
    const provider = { name: 'p' } as Candidate['provider'];
    const candidate = { provider, model: 'claude-sonet', nearest: async () => near };
    return tryCandidates([candidate], present, async () => Promise.reject(lacking)).catch(
      (reason: RpcError) => reason,
    );
  };
  const error = (await told(['p/claude-sonnet', 'p/claude-opus'])) as RpcError;
  expect(error.message).toBe(
    'p has no model claude-sonet: did you mean p/claude-sonnet, p/claude-opus?',
  );
  expect(error.code).toBe('not_found');
  expect(apiErrorInfo(error)).toEqual({
    reason: 'model_not_found',
    param: 'model',
    provider: 'p',
    providerCode: 'not_found_error',
  });
  expect(await told([])).toBe(lacking);
});

test('rather tells the error of a provider that was asked', async () => {
  expect(await trial([busy, unsayable])).toEqual([2, busy]);
  expect(await trial([unsayable, busy])).toEqual([2, busy]);
  expect(await trial([unsayable, wrong])).toEqual([2, wrong]);
  expect(await trial([unsayable])).toEqual([1, unsayable]);
});
