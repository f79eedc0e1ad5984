import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import type { Candidate } from '../model-catalog.ts';
import { type GatherOptions, gather } from './gather.ts';

const candidates = ['a', 'b', 'c', 'd'].map((model) => ({ model }) as Candidate);
const busy = () => new RpcError('unavailable', 'busy', { retryable: true });

/** A round whose answers come when the test says so. */
function bench(more: Partial<GatherOptions<string>> = {}) {
  const asked = new Map<string, PromiseWithResolvers<string> & { lost: AbortSignal }>();
  const client = new AbortController();
  const result = gather<string>({
    candidates,
    atOnce: 3,
    client: client.signal,
    ask: ({ model }, _, lost) => {
      const answer = Promise.withResolvers<string>();
      asked.set(model, { ...answer, lost });
      return answer.promise;
    },
    ...more,
  });
  return {
    asked,
    client,
    result,
    of: (model: string) => asked.get(model) as PromiseWithResolvers<string> & { lost: AbortSignal },
  };
}

describe('answers are gathered', () => {
  test('from as many as may be asked at once, in the order of the candidates', async () => {
    const { asked, of, result } = bench();
    expect([...asked.keys()]).toEqual(['a', 'b', 'c']);
    of('c').resolve('C');
    of('a').resolve('A');
    of('b').resolve('B');
    expect(await result).toEqual(['A', 'B', 'C']);
    expect(of('a').lost.aborted).toBe(false);
  });

  test('from the next where one fails, and without those that failed', async () => {
    const { asked, of, result } = bench();
    of('b').reject(busy());
    await Promise.resolve();
    await Promise.resolve();
    expect([...asked.keys()]).toEqual(['a', 'b', 'c', 'd']);
    of('d').reject(busy());
    of('c').resolve('C');
    of('a').resolve('A');
    expect(await result).toEqual(['A', 'C']);
  });

  test('until the time is over, where there is one', async () => {
    const { of, result } = bench({ waitMs: 1 });
    of('b').resolve('B');
    expect(await result).toEqual(['B']);
    expect(of('a').lost.reason).toMatchObject({ code: 'canceled' });
    expect(of('c').lost.aborted).toBe(true);
    expect(of('b').lost.aborted).toBe(false);
  });

  test('until the first comes, where the time is over before', async () => {
    const late = Promise.withResolvers<void>();
    const { of, result } = bench({ waitMs: 1 });
    setTimeout(late.resolve, 1);
    await late.promise;
    expect(of('a').lost.aborted).toBe(false);
    of('c').resolve('C');
    expect(await result).toEqual(['C']);
    expect(of('a').lost.aborted).toBe(true);
  });

  test('and what came too late is not', async () => {
    const { of, result } = bench({ waitMs: 1 });
    of('b').resolve('B');
    const answers = await result;
    of('a').resolve('A');
    of('c').reject(busy());
    await Promise.resolve();
    expect(answers).toEqual(['B']);
  });
});

describe('nobody answers', () => {
  test('where all fail the error that says most is told', async () => {
    const { asked, of, result } = bench({ candidates: candidates.slice(0, 2), atOnce: 2 });
    of('a').reject(busy());
    of('b').reject(busy());
    expect(await result.catch((error) => error.message)).toBe('busy');
    expect(asked.size).toBe(2);
  });

  test('after an error of the caller’s own nobody more is asked', async () => {
    const { asked, of, result } = bench();
    of('a').reject(new RpcError('invalid_argument', 'no such field'));
    await Promise.resolve();
    of('b').reject(busy());
    of('c').reject(busy());
    expect(await result.catch((error) => error.message)).toBe('no such field');
    expect([...asked.keys()]).toEqual(['a', 'b', 'c']);
  });

  test('when the client leaves all are given up', async () => {
    const { client, of, result } = bench();
    client.abort();
    of('a').reject(new RpcError('canceled', 'the client left'));
    expect(await result.catch((error) => error.code)).toBe('canceled');
    expect(of('b').lost.aborted).toBe(true);
  });
});
