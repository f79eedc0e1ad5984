import { expect, test } from 'bun:test';
import type { OpenOptions } from '../core/call.ts';
import { createClient } from '../core/client.ts';
import { Metadata } from '../core/metadata.ts';
import { isRefused } from '../core/refused.ts';
import { createServer } from '../core/server.ts';
import { RpcError } from '../rpc-error.ts';
import { Notes } from '../testing/note-service.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { prepareCalls } from './prepare-calls.ts';

/** A call whose preparation the test ends. */
function setUp() {
  const prepared = Promise.withResolvers<OpenOptions>();
  const peer = new ScriptedTransport();
  const sink = new RecordingSink();
  const options = testOpenOptions();
  const transport = prepareCalls(() => prepared.promise)(peer);
  return { prepared, peer, sink, options, call: transport.open(testMethod(), options, sink) };
}

test('a call is opened with what its preparation makes of it', async () => {
  const server = createServer().add(Notes, {
    echo: (_note, { metadata }) => ({ text: metadata.get('x-signature') ?? 'unsigned' }),
  });
  const sign = prepareCalls(async ({ path }, options) => {
    await Promise.resolve();
    return { ...options, metadata: Metadata.from({ 'x-signature': `of ${path}` }) };
  });
  await using transport = connectMemory({ handler: server.handler });
  const reply = await createClient(Notes, sign(transport)).echo({});
  expect(reply.text).toBe('of /zrpc.test.Notes/Echo');
});

test('what is sent meanwhile goes out afterwards, compressed or not as it was said', async () => {
  const { prepared, peer, options, call } = setUp();
  expect(call.sendMessage(utf8('one'), true)).toBe(false);
  call.sendEnd();
  expect(peer.calls).toEqual([]);
  prepared.resolve(options);
  await prepared.promise;
  expect(peer.call(0).sent).toEqual([utf8('one')]);
  expect(peer.call(0).compress).toEqual([true]);
  expect(peer.call(0).halfClosed).toBe(true);
});

test('a preparation that fails ends the call, which was never sent', async () => {
  const { prepared, peer, sink } = setUp();
  prepared.reject(new RpcError('unauthenticated', 'log in first'));
  const { error } = await sink.end;
  expect([error?.code, error && isRefused(error)]).toEqual(['unauthenticated', true]);
  expect(peer.calls).toEqual([]);
  const thrown = new RecordingSink();
  prepareCalls(() => {
    throw new TypeError('no key');
  })(peer).open(testMethod(), testOpenOptions(), thrown);
  expect((await thrown.end).error).toMatchObject({
    code: 'internal',
    cause: new TypeError('no key'),
  });
});

test('a call that is given up while it waits is not opened', async () => {
  const { prepared, peer, sink, options, call } = setUp();
  call.cancel(new RpcError('deadline_exceeded', 'too late'));
  expect(sink.code).toBe('deadline_exceeded');
  prepared.resolve(options);
  await prepared.promise;
  expect(peer.calls).toEqual([]);
});
