import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { type ContestOptions, contest, type Entry } from './contest.ts';
import type { Candidate } from './model-catalog.ts';

const candidates = ['a', 'b', 'c'].map((model) => ({ model }) as Candidate);
const busy = () => new RpcError('unavailable', 'busy', { retryable: true });

/** A contest whose answers come when the test says so. */
function bench(more: Partial<ContestOptions<string>> = {}) {
  const asked = new Map<string, PromiseWithResolvers<string> & { entry: Entry }>();
  const discarded: string[] = [];
  const client = new AbortController();
  const result = contest<string>({
    candidates,
    atOnce: 2,
    staggerMs: 0,
    minUsefulTokens: 5,
    client: client.signal,
    ask: ({ model }, _, entry) => {
      const answer = Promise.withResolvers<string>();
      asked.set(model, { ...answer, entry });
      return answer.promise;
    },
    discard: (answer) => discarded.push(answer),
    ...more,
  });
  return {
    asked,
    client,
    discarded,
    result,
    of: (model: string) => asked.get(model) as PromiseWithResolvers<string> & { entry: Entry },
  };
}

describe('a contest', () => {
  test('asks as many as it may at once, and cancels all but the first that answers', async () => {
    const { asked, of, result } = bench();
    expect([...asked.keys()]).toEqual(['a', 'b']);
    of('b').resolve('B');
    expect(await result).toBe('B');
    expect(of('a').entry.lost.aborted).toBe(true);
    expect(of('a').entry.lost.reason).toMatchObject({ code: 'canceled' });
    expect(of('b').entry.lost.aborted).toBe(false);
  });

  test('gives up an answer that comes too late', async () => {
    const { discarded, of, result } = bench();
    of('a').resolve('A');
    of('b').resolve('B');
    expect(await result).toBe('A');
    await Promise.resolve();
    expect(discarded).toEqual(['B']);
  });

  test('asks the next when one fails, and tells the error when all have', async () => {
    const { asked, of, result } = bench();
    of('a').reject(busy());
    await Promise.resolve();
    await Promise.resolve();
    expect([...asked.keys()]).toEqual(['a', 'b', 'c']);
    of('b').reject(busy());
    of('c').reject(busy());
    expect(await result.catch((error) => error.message)).toBe('busy');
  });

  test('asks nobody more after an error of the caller’s own, and hears who is left', async () => {
    const { asked, of, result } = bench();
    of('a').reject(new RpcError('invalid_argument', 'no such field'));
    await Promise.resolve();
    of('b').resolve('B');
    expect(await result).toBe('B');
    expect([...asked.keys()]).toEqual(['a', 'b']);
  });

  test('ends for a client that left', async () => {
    const { client, of, result } = bench();
    client.abort();
    of('a').reject(new RpcError('canceled', 'the client left'));
    expect(await result.catch((error) => error.code)).toBe('canceled');
    expect(of('b').entry.lost.aborted).toBe(true);
  });

  test('with a stagger the next is asked at once when the first fails', async () => {
    const { asked, of, result } = bench({ staggerMs: 60_000 });
    expect([...asked.keys()]).toEqual(['a']);
    of('a').reject(busy());
    await Promise.resolve();
    await Promise.resolve();
    expect([...asked.keys()]).toEqual(['a', 'b']);
    of('b').resolve('B');
    expect(await result).toBe('B');
  });

  test('is not won by who says nothing', async () => {
    const { asked, discarded, of, result } = bench();
    of('a').entry.endedEmpty?.();
    of('a').resolve('');
    await Promise.resolve();
    await Promise.resolve();
    expect([...asked.keys()]).toEqual(['a', 'b', 'c']);
    of('c').resolve('C');
    expect(await result).toBe('C');
    expect(discarded).toEqual(['']);
    expect(of('b').entry.lost.aborted).toBe(true);
  });

  test('is won by the first who says nothing where all others do, or fail', async () => {
    const { discarded, of, result } = bench({ candidates: candidates.slice(0, 2) });
    of('b').entry.endedEmpty?.();
    of('b').resolve('empty');
    await Promise.resolve();
    await Promise.resolve();
    of('a').reject(busy());
    expect(await result).toBe('empty');
    expect(discarded).toEqual([]);
  });

  test('with a stagger the next is asked at once when the first says nothing', async () => {
    const { asked, of, result } = bench({ staggerMs: 60_000 });
    of('a').entry.endedEmpty?.();
    of('a').resolve('');
    await Promise.resolve();
    await Promise.resolve();
    expect([...asked.keys()]).toEqual(['a', 'b']);
    of('b').resolve('B');
    expect(await result).toBe('B');
  });
});
