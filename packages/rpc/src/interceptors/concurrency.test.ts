import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ServerCall, ServerSink } from '../core/call.ts';
import { okTrailer } from '../core/call.ts';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedServerCall } from '../testing/scripted-server-call.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import {
  type ClientConcurrencyOptions,
  limitConcurrency,
  limitServerConcurrency,
  type ServerConcurrencyOptions,
} from './concurrency.ts';

function setUpClient(options: Partial<ClientConcurrencyOptions> = {}) {
  const clock = new ManualClock();
  const peer = new ScriptedTransport();
  const transport = limitConcurrency({ clock, maxInFlight: 1, ...options })(peer);
  const open = (tenant = 'a') => {
    const sink = new RecordingSink();
    const call = transport.open(testMethod({ name: tenant }), testOpenOptions(), sink);
    return { call, sink };
  };
  return { clock, peer, transport, open };
}

test('a call above the limit waits, with its messages, for the end of one', () => {
  const { clock, peer, open } = setUpClient();
  const first = open();
  const second = open();
  expect(second.call.sendMessage(utf8('q'))).toBe(false);
  second.call.pause();
  second.call.sendEnd();
  expect(peer.calls).toHaveLength(1);
  peer.call(0).header();
  peer.call(0).message(utf8('a'));
  peer.call(0).end();
  expect(first.sink.texts).toEqual(['a']);
  expect(peer.call(1).sent).toEqual([utf8('q')]);
  expect(peer.call(1).halfClosed).toBe(true);
  expect(peer.call(1).paused).toBe(true);
  second.call.resume();
  peer.call(1).end();
  expect(second.sink.code).toBe('ok');
  expect(clock.pending).toBe(0);
});

test('a caller that has more to send is told when there is room', () => {
  const { peer, open } = setUpClient();
  open();
  const { call, sink } = open();
  call.sendMessage(utf8('one'));
  expect(sink.writable).toBe(0);
  peer.call(0).end();
  expect(sink.writable).toBe(1);
  peer.call(1).hasRoom = false;
  expect(call.sendMessage(utf8('two'))).toBe(false);
  peer.call(1).writable();
  expect(sink.writable).toBe(2);
});

test('a full queue and a wait too long are resource_exhausted', async () => {
  const { clock, peer, open } = setUpClient({ maxQueued: 1, queueTimeoutMs: 50 });
  open();
  const waiting = open();
  const refused = open();
  expect(refused.sink.trailer).toBeUndefined();
  const { error } = await refused.sink.end;
  expect(error?.code).toBe('resource_exhausted');
  expect(error?.retryable).toBe(true);
  clock.advance(50);
  expect(waiting.sink.code).toBe('resource_exhausted');
  expect(waiting.sink.trailer?.error?.message).toContain('took too long');
  peer.call(0).end();
  expect(peer.calls).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('what waiting calls hold is bounded for all together', () => {
  const { peer, open } = setUpClient({ maxQueuedBytes: 10 });
  open();
  const [one, two, three] = [open(), open(), open()];
  one.call.sendMessage(new Uint8Array(6));
  two.call.sendMessage(new Uint8Array(6));
  expect(two.sink.code).toBe('resource_exhausted');
  one.call.cancel(new RpcError('canceled', 'enough'));
  three.call.sendMessage(new Uint8Array(10));
  peer.call(0).end();
  expect(peer.call(1).sent[0]).toHaveLength(10);
});

test('groups take turns', () => {
  const { peer, open } = setUpClient({ groupOf: (method) => method.name });
  for (const tenant of ['a', 'a', 'a', 'b']) open(tenant);
  for (let i = 0; i < 3; i++) peer.call(i).end();
  expect(peer.calls.map((call) => call.method.name)).toEqual(['a', 'a', 'b', 'a']);
});

test('cancelling reaches a running call and takes a waiting one out of the queue', () => {
  const { clock, peer, open } = setUpClient();
  const first = open();
  const second = open();
  const error = new RpcError('canceled', 'enough');
  second.call.cancel(error);
  second.call.cancel(error);
  expect(second.sink.trailer?.error).toBe(error);
  first.call.cancel(error);
  expect(peer.call(0).cancelledWith).toBe(error);
  expect(peer.calls).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('closing closes what stands behind', async () => {
  const { peer, transport } = setUpClient();
  await transport.close();
  expect(peer.closed).toBe(true);
});

test('whatever calls do, no more than the limit are open, each ends once, and nothing is left', () => {
  const actions = fc.array(
    fc.tuple(fc.constantFrom('open', 'open', 'end', 'send', 'cancel', 'wait'), fc.nat(9)),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(actions, fc.integer({ min: 1, max: 3 }), (script, maxInFlight) => {
      const { clock, peer, open } = setUpClient({ maxInFlight, queueTimeoutMs: 40 });
      const opened: ReturnType<typeof open>[] = [];
      const sent = new Map<RecordingSink, string[]>();
      for (const [action, index] of script) {
        const one = opened[index % Math.max(1, opened.length)];
        if (action === 'open') opened.push(open(`${opened.length}`));
        else if (action === 'end') peer.openCalls[0]?.end();
        else if (action === 'wait') clock.advance(30);
        else if (!one || one.sink.trailer) continue;
        else if (action === 'cancel') one.call.cancel(new RpcError('canceled', 'enough'));
        else {
          const texts = sent.get(one.sink) ?? [];
          sent.set(one.sink, [...texts, `${texts.length}`]);
          one.call.sendMessage(utf8(`${texts.length}`));
        }
        expect(peer.openCalls.length).toBeLessThanOrEqual(maxInFlight);
      }
      while (peer.openCalls.length > 0) peer.openCalls[0]?.end();
      for (const { sink } of opened) expect(sink.trailer).toBeDefined();
      for (const call of peer.calls) {
        const { sink } = opened[Number(call.method.name)] as (typeof opened)[number];
        const texts = call.sent.map((bytes) => new TextDecoder().decode(bytes));
        const wanted = sent.get(sink) ?? [];
        expect(texts).toEqual(call.cancelledWith ? wanted.slice(0, texts.length) : wanted);
      }
      expect(clock.pending).toBe(0);
    }),
  );
});

function setUpServer(options: Partial<ServerConcurrencyOptions> = {}) {
  const clock = new ManualClock();
  const running: ServerCall[] = [];
  const heard: string[] = [];
  const handler = limitServerConcurrency({ clock, maxInFlight: 1, ...options })((call) => {
    running.push(call);
    const sink: ServerSink = {
      onMessage: (bytes) => heard.push(new TextDecoder().decode(bytes)),
      onHalfClose: () => heard.push('half-close'),
      onCancel: (error) => heard.push(error.code),
      onWritable: () => heard.push('writable'),
    };
    call.sink = sink;
  });
  return { clock, running, heard, handler };
}

test('a server counts a call before it runs; the next one waits unread', () => {
  const { clock, running, heard, handler } = setUpServer();
  const [first, second] = [new ScriptedServerCall(), new ScriptedServerCall()];
  handler(first);
  handler(second);
  expect(running).toHaveLength(1);
  expect(second.paused).toBe(true);
  running[0]?.sendEnd(okTrailer);
  expect(running).toHaveLength(2);
  expect(second.paused).toBe(false);
  second.message(utf8('q'));
  second.halfClose();
  expect(heard).toEqual(['q', 'half-close']);
  running[1]?.sendMessage(utf8('a'));
  running[1]?.sendEnd(okTrailer);
  expect(second.sent).toEqual([utf8('a')]);
  expect(clock.pending).toBe(0);
});

test('a server refuses what does not fit the queue or waits too long', () => {
  const { clock, running, handler } = setUpServer({ maxQueued: 1, queueTimeoutMs: 10 });
  const calls = [new ScriptedServerCall(), new ScriptedServerCall(), new ScriptedServerCall()];
  for (const call of calls) handler(call);
  expect(calls[2]?.code).toBe('resource_exhausted');
  clock.advance(10);
  expect(calls[1]?.code).toBe('resource_exhausted');
  expect(running).toHaveLength(1);
});

test('a client that leaves gives its place, running or waiting, to the next', () => {
  const { clock, running, heard, handler } = setUpServer();
  const calls = [new ScriptedServerCall(), new ScriptedServerCall(), new ScriptedServerCall()];
  for (const call of calls) handler(call);
  calls[1]?.cancel();
  expect(heard).toEqual([]);
  calls[0]?.cancel();
  expect(heard).toEqual(['canceled']);
  expect(running.map((call) => call.path)).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

test('a handler that pauses at once stays paused, and one that ends at once hears no half-close', () => {
  const clock = new ManualClock();
  const limited = limitServerConcurrency({ clock, maxInFlight: 1 });
  const heard: string[] = [];
  const sink: ServerSink = {
    onMessage: () => heard.push('message'),
    onHalfClose: () => heard.push('half-close'),
    onCancel: () => heard.push('cancel'),
    onWritable: () => heard.push('writable'),
  };
  const modes = ['wait', 'pause', 'end'];
  const running: ServerCall[] = [];
  const handler = limited((call) => {
    call.sink = sink;
    const mode = modes[running.push(call) - 1];
    if (mode === 'pause') call.pause();
    if (mode === 'end') call.sendEnd(okTrailer);
  });
  const calls = [new ScriptedServerCall(), new ScriptedServerCall(), new ScriptedServerCall()];
  for (const call of calls) handler(call);
  // A transport may tell of a half-close though the call is paused: there is no message before it.
  calls[2]?.sink.onHalfClose();
  running[0]?.sendEnd(okTrailer);
  expect(calls[1]?.paused).toBe(true);
  running[1]?.resume();
  expect(calls[1]?.paused).toBe(false);
  running[1]?.sendEnd(okTrailer);
  expect(calls[2]?.code).toBe('ok');
  expect(heard).toEqual([]);
});

test('over a connection, calls of two clients take turns and all are answered', async () => {
  const clock = new ManualClock();
  const order: string[] = [];
  const waiting: ServerCall[] = [];
  const handler = limitServerConcurrency({ clock, maxInFlight: 1 })((call) => {
    waiting.push(call);
    call.sink = {
      onMessage: (bytes) => order.push(new TextDecoder().decode(bytes)),
      onHalfClose: () => call.sendEnd(okTrailer),
      onCancel: () => {},
      onWritable: () => {},
    };
  });
  const clients = [connectMemory({ handler }), connectMemory({ handler })];
  const ends: Promise<unknown>[] = [];
  for (const [c, client] of clients.entries()) {
    for (let i = 0; i < 3; i++) {
      const sink = new RecordingSink();
      const call = client.open(testMethod(), testOpenOptions(), sink);
      call.sendMessage(utf8(`${c}${i}`));
      call.sendEnd();
      ends.push(sink.end.then(() => expect(sink.code).toBe('ok')));
    }
  }
  await Promise.all(ends);
  expect(order.slice().sort()).toEqual(['00', '01', '02', '10', '11', '12']);
  expect(waiting).toHaveLength(6);
  expect(clock.pending).toBe(0);
  await Promise.all(clients.map((client) => client.close()));
});
