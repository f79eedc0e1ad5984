import { expect, test } from 'bun:test';
import { encodeMessage } from '../codec/message-bytes.ts';
import { RpcError } from '../rpc-error.ts';
import { collectWarnings } from '../testing/collect-warnings.ts';
import { Note, Notes, type NotesHandlers } from '../testing/note-service.ts';
import { ScriptedServerCall } from '../testing/scripted-server-call.ts';
import type { CallHandler, ServerCall, Trailer } from './call.ts';
import { createServer, type ServerInterceptor } from './server.ts';
import { idleSink, WatchedServerCall } from './watched-call.ts';

class EndSeer extends WatchedServerCall {
  readonly #seen: string[];

  constructor(call: ServerCall, seen: string[]) {
    super(call);
    this.#seen = seen;
  }

  protected override ended(error: RpcError | undefined): void {
    this.#seen.push(error?.code ?? 'ok');
  }
}

test('those before an interceptor that throws see the end of its call', () => {
  const seen: string[] = [];
  const watch: ServerInterceptor = (next) => (call) => next(new EndSeer(call, seen));
  const call = callOf([watch, throwing(new RpcError('unauthenticated', 'no')), watch]);
  expect(call.trailer?.error?.message).toBe('no');
  expect(seen).toEqual(['unauthenticated']);
});

test('a handler whose call is broken off is told, and what it still says is nothing', async () => {
  const stopped = Promise.withResolvers<RpcError>();
  const answered = Promise.withResolvers<void>();
  const breakOff: ServerInterceptor = (next) => (call) => {
    next(call);
    call.sink.onMessage(encodeMessage(Note, {}));
    call.sink.onHalfClose();
    throw new RpcError('aborted', 'changed my mind');
  };
  const call = callOf([breakOff], {
    async echo(note, { signal }) {
      signal.addEventListener('abort', () => stopped.resolve(signal.reason));
      await stopped.promise;
      answered.resolve();
      return note;
    },
  });
  expect((await stopped.promise).code).toBe('aborted');
  await answered.promise;
  expect(call.code).toBe('aborted');
  expect(call.sent).toEqual([]);
});

test('onUnexpected hears of an interceptor at a path that is not served', () => {
  const told: unknown[] = [];
  const fault = new Error('x');
  const { handler } = createServer({
    interceptors: [throwing(fault)],
    onUnexpected: (error, { path }) => told.push(error, path),
  });
  const call = new ScriptedServerCall({ path: '/a.B/C' });
  call.sink = idleSink;
  handler(call);
  expect(call.code).toBe('internal');
  expect(told).toEqual([fault, '/a.B/C']);
});

test('the peer hears the end of a call whose interceptor throws in its place', async () => {
  class Silent extends WatchedServerCall {
    override sendEnd(_trailer: Trailer): void {
      throw new Error('never sent');
    }
  }
  const warnings = await collectWarnings(async () => {
    const call = callOf([(next) => (given) => next(new Silent(given))], { echo: (note) => note });
    call.message(encodeMessage(Note, {}));
    call.halfClose();
    expect(call.code).toBe('internal');
  });
  expect(warnings.join()).toContain('never sent');
});

/** A call that has just reached a server with these interceptors. */
function callOf(
  interceptors: readonly ServerInterceptor[],
  handlers: Partial<NotesHandlers> = {},
): ScriptedServerCall {
  const { handler } = createServer({ interceptors }).add(Notes, handlers);
  const call = new ScriptedServerCall({ path: '/zrpc.test.Notes/Echo' });
  call.sink = idleSink;
  handler(call);
  return call;
}

function throwing(reason: unknown): (next: CallHandler) => CallHandler {
  return () => () => {
    throw reason;
  };
}
