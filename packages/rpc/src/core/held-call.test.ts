import { expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { type ScriptedCall, ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import type { Transport } from './call.ts';
import { HeldCall, HoldLimit } from './held-call.ts';
import { isRefused } from './refused.ts';

function setUp(limit = new HoldLimit(100)) {
  const peer = new ScriptedTransport();
  const sink = new RecordingSink();
  return { peer, sink, limit, call: new HeldCall(testMethod(), testOpenOptions(), sink, limit) };
}

test('what is sent before the call is opened goes out in order, then the half-close', () => {
  const { peer, sink, limit, call } = setUp();
  expect(call.sendMessage(utf8('one'))).toBe(false);
  expect(call.sendMessage(utf8('two'), true)).toBe(false);
  call.sendEnd();
  expect(call.sendMessage(utf8('three'))).toBe(true);
  call.pause();
  expect(limit.bytes).toBe(6);
  call.begin(peer, sink);
  expect(peer.call(0).sent).toEqual([utf8('one'), utf8('two')]);
  expect(peer.call(0).compress).toEqual([undefined, true]);
  expect(peer.call(0).halfClosed).toBe(true);
  expect(peer.call(0).paused).toBe(true);
  expect(limit.bytes).toBe(0);
  expect(sink.writable).toBe(0);
  call.resume();
  expect(peer.call(0).paused).toBe(false);
});

test('who waits for room is told when the call is open, unless there is none there either', () => {
  const open = setUp();
  open.sink.onEvent = () => {
    open.call.sendMessage(utf8('two'));
    open.call.sendEnd();
  };
  open.call.sendMessage(utf8('one'));
  open.call.begin(open.peer, open.sink);
  expect(open.peer.call(0).sent).toHaveLength(2);
  expect(open.peer.call(0).halfClosed).toBe(true);

  const silent = setUp();
  silent.call.begin(silent.peer, silent.sink);
  expect(silent.sink.writable).toBe(0);
  silent.peer.call(0).hasRoom = false;
  expect(silent.call.sendMessage(utf8('one'))).toBe(false);
});

test('one that ends while what was held is sent hears nothing more', () => {
  const { peer, sink, call } = setUp();
  const refusing: Transport = {
    open(method, options, inner) {
      const opened = peer.open(method, options, inner) as ScriptedCall;
      const { sendMessage } = opened;
      opened.sendMessage = (bytes) => {
        sendMessage.call(opened, bytes);
        opened.end(new RpcError('resource_exhausted', 'too long'));
        return true;
      };
      return opened;
    },
    close: async () => {},
  };
  call.sendMessage(utf8('one'));
  call.begin(refusing);
  expect(sink.code).toBe('resource_exhausted');
  expect(sink.writable).toBe(0);
});

test('what all hold together is bounded, and given back', () => {
  const limit = new HoldLimit(10);
  const [one, two] = [setUp(limit), setUp(limit)];
  one.call.sendMessage(new Uint8Array(8));
  two.call.sendMessage(new Uint8Array(3));
  expect(two.sink.code).toBe('resource_exhausted');
  expect(isRefused(two.sink.trailer?.error as RpcError)).toBe(true);
  expect(limit.bytes).toBe(8);
  one.call.cancel(new RpcError('canceled', 'enough'));
  expect(limit.bytes).toBe(0);
  const large = setUp(limit);
  large.call.sendMessage(new Uint8Array(11));
  expect(large.sink.code).toBeUndefined();
});

test('a call that was cancelled or failed is not opened, an open one does not fail', () => {
  const gone = setUp();
  gone.call.cancel(new RpcError('canceled', 'enough'));
  gone.call.fail(new RpcError('unavailable', 'too late'));
  gone.call.begin(gone.peer, gone.sink);
  expect(gone.call.sendMessage(utf8('x'))).toBe(true);
  expect(gone.peer.calls).toEqual([]);
  expect(gone.sink.code).toBe('canceled');

  const open = setUp();
  open.call.begin(open.peer, open.sink);
  open.call.fail(new RpcError('unavailable', 'too late'));
  expect(open.sink.code).toBeUndefined();
  const error = new RpcError('canceled', 'enough');
  open.call.cancel(error);
  expect(open.peer.call(0).cancelledWith).toBe(error);
});

test('only so many calls wait', async () => {
  const limit = new HoldLimit(100, 2);
  const [one, two, three] = [setUp(limit), setUp(limit), setUp(limit)];
  expect(three.sink.code).toBeUndefined();
  const { error } = await three.sink.end;
  expect([error?.code, error && isRefused(error)]).toEqual(['resource_exhausted', true]);
  one.call.begin(one.peer);
  two.call.cancel(new RpcError('canceled', 'enough'));
  expect(limit.calls).toBe(0);
});
