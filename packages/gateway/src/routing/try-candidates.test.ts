import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { apiError, apiErrorInfo, Refusal, unfitting } from '../neutral/api-error.ts';
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

describe('retries', () => {
  const overloaded = (status: number, retryAfterMs?: number) =>
    apiError('unavailable', 'later', {
      refusal: new Refusal({
        dialect: 'openai-chat',
        status,
        headers: new Headers(),
        body: '',
        isShaped: false,
      }),
      retryable: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });

  /** Outcomes by candidate; tells who was asked in which order, what was waited, and the end. */
  async function run(rounds: number, outcomes: Record<string, unknown[]>) {
    const asked: string[] = [];
    const waited: number[] = [];
    const candidates = Object.keys(outcomes).map((model) => ({ model }) as Candidate);
    const end = await tryCandidates(
      candidates,
      present,
      async ({ model }) => {
        asked.push(model);
        const outcome = outcomes[model]?.shift();
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
      { rounds, random: () => 1, wait: async (ms) => void waited.push(ms) },
    ).catch((reason: unknown) => reason);
    return { asked: asked.join(''), waited, end };
  }

  test('come after all candidates have failed, once for each round', async () => {
    const a = [overloaded(503), overloaded(503), 'good'];
    expect(await run(2, { a, b: [overloaded(429), overloaded(429)] })).toEqual({
      asked: 'ababa',
      waited: [250, 500],
      end: 'good',
    });
    const failed = await run(1, { a: [overloaded(503), overloaded(503), 'late'] });
    expect(failed).toMatchObject({ asked: 'aa', waited: [250] });
    expect(failed.end).toBeInstanceOf(RpcError);
  });

  test('obey a retry-after, and leave a long one to the caller', async () => {
    const soon = await run(1, { a: [overloaded(429, 1_500), 'good'] });
    expect(soon).toEqual({ asked: 'aa', waited: [1_500], end: 'good' });
    expect(await run(1, { a: [overloaded(429, 60_000), 'good'] })).toMatchObject({ asked: 'a' });
  });

  test.each<[string, RpcError]>([
    ['a timeout', new RpcError('deadline_exceeded', 'silent', { retryable: true })],
    [
      'a model that rests',
      apiError('unavailable', 'rests', { reason: 'circuit_open', retryable: true }),
    ],
    ['a model that is not there', lacking],
  ])('are none after %s', async (_, error) => {
    expect(await run(3, { a: [error, 'good'] })).toMatchObject({ asked: 'a', waited: [] });
  });

  test('follow at once on a connection that broke, and once only', async () => {
    const broken = () => new RpcError('unavailable', 'broken', { retryable: true });
    expect(await run(5, { a: [broken(), 'good'] })).toMatchObject({ waited: [50], end: 'good' });
    expect(await run(5, { a: [broken(), broken(), 'late'] })).toMatchObject({ asked: 'aa' });
  });
});
