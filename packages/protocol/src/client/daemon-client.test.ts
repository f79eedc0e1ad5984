import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { createServer, type Listener, type MessageInit, RpcError } from '@zeke/rpc';
import { listenUnix } from '@zeke/rpc/unix';
import { type CompleteResponse, Completion, type CompletionHandlers } from '../reaper.ts';
import { connectDaemon, type DaemonClient, type DaemonClientOptions } from './index.ts';

let folder: TemporaryDirectory;
let socket: string;
let listener: Listener | undefined;
let client: DaemonClient | undefined;

beforeEach(async () => {
  folder = await temporaryDirectory();
  socket = join(folder.path, 'zeke.sock');
});

afterEach(async () => {
  await client?.[Symbol.asyncDispose]();
  await listener?.close({ graceMs: 0 });
  client = undefined;
  listener = undefined;
  await folder[Symbol.asyncDispose]();
});

async function serve(handlers: Partial<CompletionHandlers>): Promise<void> {
  const { handler } = createServer().add(Completion, handlers);
  listener = await listenUnix({ path: socket, handler });
}

async function connect(options: DaemonClientOptions = {}): Promise<DaemonClient> {
  client = await connectDaemon({ socket }, options);
  return client;
}

const said = (completion: string): MessageInit<CompleteResponse> => ({
  completion,
  confidence: 1,
  provider: 'local',
  done: true,
});

test('a call that may be sent twice is, after an answer that says to try again', async () => {
  let calls = 0;
  const waits: number[] = [];
  await serve({
    complete: ({ prefix }) => {
      calls += 1;
      if (calls < 3) throw new RpcError('unavailable', 'not yet', { retryable: true });
      return said(prefix);
    },
  });
  const { completion } = await connect({ onRetry: ({ attempt }) => waits.push(attempt) });
  expect(await completion.complete({ prefix: 'a' })).toMatchObject({ completion: 'a' });
  expect(calls).toBe(3);
  expect(waits).toEqual([2, 3]);
});

test('a connection that was lost is made again', async () => {
  await serve({ complete: () => said('first') });
  const { completion } = await connect();
  await completion.complete({});
  await listener?.close({ graceMs: 0 });
  await serve({ complete: () => said('second') });
  expect(await completion.complete({})).toMatchObject({ completion: 'second' });
});

describe('completions for a typist', () => {
  test('go together, up to so many, and each finds its caller', async () => {
    const batches: number[] = [];
    await serve({
      async *completeMany({ requests }) {
        batches.push(requests.length);
        for (const [index, { prefix }] of [...requests.entries()].toReversed()) {
          yield { index, response: said(`${prefix}!`) };
        }
      },
    });
    const { complete } = await connect({ batchSize: 3, batchDelayMs: 60_000 });
    const answers = await Promise.all(['a', 'b', 'c'].map((prefix) => complete({ prefix })));
    expect(answers.map(({ completion }) => completion)).toEqual(['a!', 'b!', 'c!']);
    expect(batches).toEqual([3]);
  });

  test('wait no longer for others than they are told', async () => {
    await serve({ complete: ({ prefix }) => said(prefix) });
    const { complete } = await connect({ batchSize: 10, batchDelayMs: 1 });
    expect(await complete({ prefix: 'alone' })).toMatchObject({ completion: 'alone' });
  });

  test('are empty and degraded where nobody answers', async () => {
    const { complete } = await connect();
    const nothing = { completion: '', degraded: true, done: true };
    expect(await complete({ prefix: 'a' })).toMatchObject(nothing);
    await serve({
      complete() {
        throw new Error('a defect');
      },
    });
    expect(await complete({ prefix: 'a' })).toMatchObject(nothing);
  });

  test('are canceled by their signal, one of a batch alone', async () => {
    await serve({ complete: ({ prefix }) => said(prefix) });
    const { complete } = await connect({ batchSize: 2, batchDelayMs: 60_000 });
    const leaving = new AbortController();
    const first = complete({ prefix: 'a' }, { signal: leaving.signal });
    leaving.abort();
    // The batch is full now: one of its two has left, so the other goes alone.
    const second = complete({ prefix: 'b' });
    await expect(first).rejects.toMatchObject({ code: 'canceled' });
    expect(await second).toMatchObject({ completion: 'b' });
    const late = complete({ prefix: 'c' }, { signal: leaving.signal });
    await expect(late).rejects.toMatchObject({ code: 'canceled' });
  });
});

test('an address of another kind is refused', async () => {
  await expect(connectDaemon({ url: 'ftp://x' })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('ftp'),
  });
});
