import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { authorityError, credentialsError, type Token, TokenSource } from './token-source.ts';

const minute = 60_000;
const never = new AbortController().signal;

/** An authority whose answers are given by hand, and a clock. */
function authority() {
  const asked: PromiseWithResolvers<Token<string>>[] = [];
  const clock = { now: 0 };
  const source = new TokenSource<string>({
    now: () => clock.now,
    fetchToken: () => {
      const answer = Promise.withResolvers<Token<string>>();
      asked.push(answer);
      return answer.promise;
    },
  });
  /** Settles what is under way; the source has it when this has been awaited. */
  const answer = async (token: Token<string> | Error) => {
    const last = asked.at(-1);
    if (token instanceof Error) last?.reject(token);
    else last?.resolve(token);
    await last?.promise.catch(() => undefined);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { source, asked, clock, answer };
}

describe('TokenSource', () => {
  test('asks once, however many wait, and keeps what it got', async () => {
    const { source, asked, answer } = authority();
    const waiting = [source.get(never), source.get(never)];
    await answer({ value: 'a', expiresAtMs: 60 * minute });
    expect(await Promise.all(waiting)).toEqual(['a', 'a']);
    expect(source.get(never)).toBe('a');
    expect(asked).toHaveLength(1);
  });

  test('replaces a token in the background before it expires', async () => {
    const { source, asked, clock, answer } = authority();
    void source.get(never);
    await answer({ value: 'a', expiresAtMs: 60 * minute });
    clock.now = 54 * minute;
    expect(source.get(never)).toBe('a');
    expect(asked).toHaveLength(1);
    clock.now = 56 * minute;
    expect(source.get(never)).toBe('a');
    expect(source.get(never)).toBe('a');
    expect(asked).toHaveLength(2);
    await answer({ value: 'b', expiresAtMs: 116 * minute });
    expect(source.get(never)).toBe('b');
  });

  test('goes on with a good token while the authority is away, and asks again later', async () => {
    const { source, asked, clock, answer } = authority();
    void source.get(never);
    await answer({ value: 'a', expiresAtMs: 60 * minute });
    clock.now = 56 * minute;
    void source.get(never);
    await answer(new Error('away'));
    expect(source.get(never)).toBe('a');
    expect(asked).toHaveLength(2);
    clock.now += 10_000;
    expect(source.get(never)).toBe('a');
    expect(asked).toHaveLength(3);
  });

  test('never hands out an expired token', async () => {
    const { source, clock, answer } = authority();
    void source.get(never);
    await answer({ value: 'a', expiresAtMs: 60 * minute });
    clock.now = 60 * minute;
    const next = source.get(never);
    await answer({ value: 'b' });
    expect(await next).toBe('b');
    clock.now = Number.MAX_SAFE_INTEGER;
    expect(source.get(never)).toBe('b');
  });

  test('forgets a refused token, but not the one after it', async () => {
    const { source, asked, answer } = authority();
    void source.get(never);
    await answer({ value: 'a' });
    source.forget('a');
    const next = source.get(never);
    await answer({ value: 'b' });
    expect(await next).toBe('b');
    source.forget('a');
    expect(source.get(never)).toBe('b');
    expect(asked).toHaveLength(2);
  });

  test('a caller who leaves does not end the wait of the others', async () => {
    const { source, answer } = authority();
    const leaving = new AbortController();
    const left = source.get(leaving.signal) as Promise<string>;
    const stays = source.get(never);
    leaving.abort(new RpcError('canceled', 'the client left'));
    await expect(left).rejects.toThrow('the client left');
    await answer({ value: 'a' });
    expect(await stays).toBe('a');
  });

  test('tells what went wrong to all who wait, and asks again for the next', async () => {
    const { source, asked, answer } = authority();
    const first = source.get(never) as Promise<string>;
    const second = source.get(never) as Promise<string>;
    const told = Promise.allSettled([first, second]);
    await answer(new Error('no'));
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const third = source.get(never);
    await answer({ value: 'a' });
    expect(await third).toBe('a');
    expect(asked).toHaveLength(2);
  });
});

test('errors name the provider and what to look at, and let another provider be tried', () => {
  const refused = credentialsError('work', 'the key is wrong');
  expect(refused.code).toBe('failed_precondition');
  expect(refused.message).toBe('the key is wrong; check providers.work in the configuration');
  expect(refused.retryable).toBe(true);
  const away = authorityError(
    'work',
    'Entra',
    Object.assign(new Error('x'), { code: 'ECONNRESET' }),
  );
  expect(away).toMatchObject({ code: 'unavailable', retryable: true });
  expect(away.message).toBe(
    "Entra, asked for the credentials of work, can't be reached (ECONNRESET)",
  );
  expect(authorityError('work', 'Entra', refused)).toBe(refused);
});
