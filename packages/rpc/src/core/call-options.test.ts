import { describe, expect, test } from 'bun:test';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcError } from '../rpc-error.ts';
import { Notes, type NotesClient, type NotesHandlers } from '../testing/note-service.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { connectUnix, listenUnix } from '../transports/unix/unix.ts';
import type { CallOptions } from './call-options.ts';
import { createClient } from './client.ts';
import { createServer } from './server.ts';
import { monotonicNow } from './timer-wheel.ts';

describe('a call with a parent', () => {
  test('has its deadline over two hops, and its own where that is earlier', async () => {
    const seen: number[] = [];
    const last = clientOf({
      echo(_note, { deadlineAt }) {
        seen.push(deadlineAt);
        return {};
      },
    });
    const middle = clientOf({
      async echo(note, context) {
        await last.echo(note, { parent: context });
        return await last.echo(note, { parent: context, timeoutMs: 1_000 });
      },
    });
    const before = monotonicNow();
    await middle.echo({}, { timeoutMs: 60_000 });
    const [inherited, own] = seen as [number, number];
    expect(inherited).toBeGreaterThan(before + 50_000);
    expect(inherited).toBeLessThan(monotonicNow() + 60_000);
    expect(own).toBeLessThan(monotonicNow() + 1_000);
  });

  test('is cancelled with it, over two hops', async () => {
    const abort = new AbortController();
    const stopped = Promise.withResolvers<unknown>();
    const last = clientOf({
      echo: (_note, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped.resolve(signal.reason);
            reject(signal.reason);
          });
          abort.abort();
        }),
    });
    const middle = clientOf({ echo: (note, context) => last.echo(note, { parent: context }) });
    const error = await faultOf(middle.echo({}, { signal: abort.signal }));
    expect(error.code).toBe('canceled');
    expect((await stopped.promise) as RpcError).toMatchObject({ code: 'canceled' });
  });

  test('that is over already is not sent', async () => {
    let calls = 0;
    const client = clientOf({ echo: () => ({ number: ++calls }) });
    const signal = AbortSignal.abort(new RpcError('canceled', 'the caller has left'));
    const gone = { deadlineAt: Number.POSITIVE_INFINITY, signal, value: () => undefined };
    expect(await faultOf(client.echo({}, { parent: gone }))).toBe(signal.reason);
    const late = { ...gone, signal: new AbortController().signal, deadlineAt: monotonicNow() };
    const error = await faultOf(client.echo({}, { parent: late }));
    expect(error.code).toBe('deadline_exceeded');
    expect(error.message).toContain('its deadline has passed');
    expect((await client.echo({})).number).toBe(1);
  });

  test('stops listening to it when it ends', async () => {
    const { signal } = new AbortController();
    let listening = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...all: Parameters<typeof add>) => {
      listening++;
      add(...all);
    };
    signal.removeEventListener = (...all: Parameters<typeof remove>) => {
      listening--;
      remove(...all);
    };
    const parent = { deadlineAt: Number.POSITIVE_INFINITY, signal, value: () => undefined };
    const client = clientOf({ echo: () => ({}) });
    const call = client.echo({}, { parent });
    expect(listening).toBe(1);
    await call;
    expect(listening).toBe(0);
  });
});

test('a call may wait for a server that does not listen yet', async () => {
  const path = join(tmpdir(), `zrpc-late-${crypto.randomUUID()}.sock`);
  await using transport = connectUnix({ path });
  const client = createClient(Notes, transport, { timeoutMs: 10_000 });
  const patient = client.echo({ text: 'hello' }, { waitForReady: true });
  expect((await faultOf(client.echo({}))).code).toBe('unavailable');
  const { handler } = createServer().add(Notes, { echo: (note) => note });
  await using _listener = await listenUnix({ path, handler });
  expect((await patient).text).toBe('hello');
});

test('the stack of an error says where its call was made, where that is asked for', async () => {
  const shared = new RpcError('aborted', 'no', { cause: 'x', retryable: true });
  const client = clientOf({}, { signal: AbortSignal.abort(shared) });
  async function business(options: CallOptions): Promise<unknown> {
    return await client.echo({}, options);
  }
  expect(await faultOf(business({}))).toBe(shared);
  const error = await faultOf(business({ callerStack: true }));
  expect(error).toMatchObject({ code: 'aborted', message: 'no', cause: 'x', retryable: true });
  expect(error.stack?.slice(error.stack.indexOf('for the call at'))).toContain('business');
  expect(shared.stack).not.toContain('for the call at');
});

describe('deadlineAt', () => {
  test('ends a call, and says so', async () => {
    const client = clientOf({ echo: () => new Promise(() => {}) });
    const error = await faultOf(client.echo({}, { deadlineAt: monotonicNow() + 5 }));
    expect(error.code).toBe('deadline_exceeded');
    expect(error.message).toMatch(/Echo (did not end before its deadline|took too long)/);
  });

  test('that is no number is refused', async () => {
    const error = await faultOf(clientOf({}).echo({}, { deadlineAt: Number.NaN }));
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toContain('deadlineAt is NaN');
  });
});

describe('defaults of a client', () => {
  const sent = async (defaults: CallOptions, own?: CallOptions) => {
    let metadata = '';
    let deadlineAt = Number.NaN;
    const client = clientOf(
      {
        echo(_note, context) {
          metadata = [...context.metadata].map((pair) => pair.join('=')).join(' ');
          deadlineAt = context.deadlineAt;
          return {};
        },
      },
      defaults,
    );
    await client.echo({}, own);
    return { metadata, hasDeadline: deadlineAt !== Number.POSITIVE_INFINITY };
  };

  test.each([[{ timeoutMs: undefined, metadata: undefined }], [{}], [undefined]])(
    'stand where the own options are %p',
    async (own) => {
      const defaults = { timeoutMs: 60_000, metadata: { 'x-tenant': 'a' } };
      expect(await sent(defaults, own as CallOptions)).toEqual({
        metadata: 'x-tenant=a',
        hasDeadline: true,
      });
    },
  );

  test('are replaced one by one, metadata by name', async () => {
    const defaults = { timeoutMs: 60_000, metadata: { 'x-tenant': 'a', 'x-zone': ['1', '2'] } };
    const own = { timeoutMs: Number.POSITIVE_INFINITY, metadata: { 'X-Zone': '3', other: '4' } };
    expect(await sent(defaults, own)).toEqual({
      metadata: 'x-tenant=a x-zone=3 other=4',
      hasDeadline: false,
    });
  });

  test('that cannot be sent fail the call', async () => {
    const client = clientOf({}, { metadata: { 'not a name': '' } });
    expect((await faultOf(client.echo({}))).code).toBe('invalid_argument');
    const fault = await faultOf(client.echo({}, { metadata: { fine: '' } }));
    expect(fault.code).toBe('invalid_argument');
  });
});

function clientOf(handlers: Partial<NotesHandlers>, defaults?: CallOptions): NotesClient {
  const { handler } = createServer().add(Notes, handlers);
  return createClient(Notes, connectMemory({ handler }), defaults);
}

async function faultOf(call: Promise<unknown>): Promise<RpcError> {
  const outcome = await call.catch((reason: unknown) => reason);
  expect(outcome).toBeInstanceOf(RpcError);
  return outcome as RpcError;
}
