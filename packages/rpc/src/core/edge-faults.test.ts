import { describe, expect, test } from 'bun:test';
import { unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcError } from '../rpc-error.ts';
import { leaveSocket } from '../testing/leave-socket.ts';
import { type Note, Notes, type NotesClient, type NotesHandlers } from '../testing/note-service.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { connectUnix } from '../transports/unix/unix.ts';
import { createClient } from './client.ts';
import { createServer } from './server.ts';
import { timerWheel } from './timer-wheel.ts';

describe('a client', () => {
  test.each([0, -5])('with timeoutMs %p sends nothing', async (timeoutMs) => {
    let calls = 0;
    const client = clientOf({
      echo: (note) => {
        calls++;
        return note;
      },
    });
    const error = await faultOf(client.echo({}, { timeoutMs }));
    expect(error.code).toBe('deadline_exceeded');
    expect(error.message).toContain(`timeoutMs is ${timeoutMs}`);
    // Of the same connection, and so behind whatever the first call had sent.
    await client.echo({});
    expect(calls).toBe(1);
  });

  test('says that nobody listens, and where', async () => {
    const address = join(tmpdir(), `zrpc-nobody-${crypto.randomUUID()}.sock`);
    const call = () => createClient(Notes, connectUnix({ path: address })).echo({});
    expect((await faultOf(call())).message).toBe(
      `cannot connect to unix:${address}: there is no such socket (ENOENT)`,
    );
    await leaveSocket(address);
    expect((await faultOf(call())).message).toContain('nobody listens there');
    await unlink(address);
  });

  test('rejects where its interceptor throws, and leaves no timer', async () => {
    const cause = new Error('no place');
    const timers = timerWheel.size;
    const client = createClient(Notes, {
      open() {
        throw cause;
      },
      close: async () => {},
    });
    const error = await faultOf(client.echo({}, { timeoutMs: 60_000 }));
    expect(error.cause).toBe(cause);
    expect(error.message).toBe(
      'an interceptor of /zrpc.test.Notes/Echo threw an error, see the cause',
    );
    expect(timerWheel.size).toBe(timers);
  });

  test('refuses a timeoutMs that is no number', async () => {
    const client = clientOf({});
    const error = await faultOf(client.echo({}, { timeoutMs: Number.NaN }));
    expect(error.code).toBe('invalid_argument');
  });

  test('says that its own requests failed, and why in the cause', async () => {
    const client = clientOf({ collect: () => ({}) });
    const cause = new Error('disk full');
    async function* requests(): AsyncGenerator<Partial<Note>> {
      yield {};
      throw cause;
    }
    const error = await faultOf(client.collect(requests()));
    expect(error.message).toBe(
      'the requests of /zrpc.test.Notes/Collect threw an error, see the cause',
    );
    expect(error.cause).toBe(cause);
  });

  test('hears of a request in a stream that cannot be written', async () => {
    const client = clientOf({ collect: () => ({}) });
    const error = await faultOf(client.collect(streamOf({ number: -1 })));
    expect(error.code).toBe('invalid_argument');
  });

  test('gets an RpcError of its requests as it is', async () => {
    const client = clientOf({ collect: () => ({}) });
    const cause = new RpcError('data_loss', 'half a file');
    const requests = new ReadableStream<object>({
      pull: (controller) => controller.error(cause),
    });
    expect(await faultOf(client.collect(requests))).toBe(cause);
  });
});

describe('a server', () => {
  const answers: readonly [string, Partial<NotesHandlers>, (client: NotesClient) => unknown][] = [
    ['an answer', { echo: () => ({ number: -1 }) }, (client) => client.echo({})],
    ['no answer', { echo: () => undefined as never }, (client) => client.echo({})],
    ['an answer in a stream', { list: () => streamOf({ number: -1 }) }, (client) => all(client)],
  ];
  test.each(answers)('tells of %s that cannot be written', async (_, handlers, call) => {
    const told: unknown[] = [];
    const client = clientOf(handlers, (error) => told.push(error));
    const error = await faultOf(call(client));
    expect(error.code).toBe('internal');
    expect(error.message).toContain('cannot be written: zrpc.test.Note: ');
    expect(told.map((one) => (one as RpcError).message)).toEqual([error.message]);
  });

  test('passes on what an iterable throws as RpcError, and tells nobody', async () => {
    const told: unknown[] = [];
    async function* list(): AsyncGenerator<Partial<Note>> {
      yield {};
      throw new RpcError('not_found', 'no more notes');
    }
    const client = clientOf({ list }, (error) => told.push(error));
    expect((await faultOf(all(client))).code).toBe('not_found');
    expect(told).toEqual([]);
  });
});

function clientOf(
  handlers: Partial<NotesHandlers>,
  onUnexpected: (error: unknown) => void = () => {},
): NotesClient {
  const { handler } = createServer({ onUnexpected }).add(Notes, handlers);
  return createClient(Notes, connectMemory({ handler }));
}

async function all(client: NotesClient): Promise<number> {
  let count = 0;
  for await (const _ of client.list({})) count++;
  return count;
}

async function* streamOf(...notes: Partial<Note>[]): AsyncGenerator<Partial<Note>> {
  yield* notes;
}

async function faultOf(call: unknown): Promise<RpcError> {
  const outcome = await Promise.resolve(call).catch((reason: unknown) => reason);
  expect(outcome).toBeInstanceOf(RpcError);
  return outcome as RpcError;
}
