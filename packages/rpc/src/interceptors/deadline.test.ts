import { expect, test } from 'bun:test';
import type { ServerCall } from '../core/call.ts';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedServerCall } from '../testing/scripted-server-call.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { type DeadlineOptions, deadline, serverDeadline } from './deadline.ts';

function setUp(options: DeadlineOptions) {
  const clock = new ManualClock(1_000);
  const peer = new ScriptedTransport();
  return {
    clock,
    peer,
    transport: deadline({ clock, ...options })(peer),
    sink: new RecordingSink(),
  };
}

test('a call without a deadline gets that of its method, and is cancelled when it has passed', () => {
  const { clock, peer, transport, sink } = setUp({
    timeoutMs: (method) => (method.name === 'Method' ? 50 : undefined),
  });
  transport.open(testMethod(), testOpenOptions(), sink).sendMessage(utf8('q'));
  expect(peer.call(0).options.deadlineAt).toBe(1_050);
  expect(peer.call(0).sent).toEqual([utf8('q')]);
  clock.advance(50);
  expect(peer.call(0).cancelledWith?.code).toBe('deadline_exceeded');
  expect(sink.trailer?.error?.message).toBe(
    '/test.Service/Method: its time was over before it ended',
  );
  transport.open(testMethod({ name: 'Other' }), testOpenOptions(), new RecordingSink());
  expect(peer.call(1).options.deadlineAt).toBe(Number.POSITIVE_INFINITY);
  expect(clock.pending).toBe(0);
});

test("a caller's deadline is made shorter and never longer", () => {
  const { peer, transport } = setUp({ timeoutMs: 50 });
  transport.open(testMethod(), testOpenOptions({ deadlineAt: 1_020 }), new RecordingSink());
  transport.open(testMethod(), testOpenOptions({ deadlineAt: 9_000 }), new RecordingSink());
  expect(peer.calls.map((call) => call.options.deadlineAt)).toEqual([1_020, 1_050]);
});

test('what is left of the call that is answered is what its calls may take', () => {
  const { clock, peer, transport } = setUp({
    timeoutMs: 500,
    parentDeadlineAt: () => 1_200,
    reserveMs: 50,
  });
  transport.open(testMethod(), testOpenOptions(), new RecordingSink());
  expect(peer.call(0).options.deadlineAt).toBe(1_150);
  peer.call(0).end();
  expect(clock.pending).toBe(0);
});

test('a call whose time is over before it begins is not opened', async () => {
  const { clock, peer, transport, sink } = setUp({ parentDeadlineAt: () => 1_000 });
  transport.open(testMethod(), testOpenOptions(), sink);
  expect((await sink.end).error?.code).toBe('deadline_exceeded');
  expect(peer.calls).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('a call that ends, or that its caller cancels, leaves no timer', () => {
  const { clock, peer, transport, sink } = setUp({ timeoutMs: 50 });
  transport.open(testMethod(), testOpenOptions(), sink);
  peer.call(0).header();
  peer.call(0).message(utf8('a'));
  peer.call(0).end();
  expect(sink.code).toBe('ok');
  const other = new RecordingSink();
  const error = new RpcError('canceled', 'enough');
  transport.open(testMethod(), testOpenOptions(), other).cancel(error);
  expect(other.trailer?.error).toBe(error);
  expect(clock.pending).toBe(0);
});

test('a server sees the earlier of two deadlines', () => {
  const clock = new ManualClock(1_000);
  const seen: ServerCall[] = [];
  const handler = serverDeadline({
    clock,
    timeoutMs: (path) => (path === '/test.Service/Method' ? 100 : undefined),
  })((call) => seen.push(call));
  handler(new ScriptedServerCall());
  handler(new ScriptedServerCall({ deadlineAt: 1_030 }));
  handler(new ScriptedServerCall({ deadlineAt: 5_000 }));
  handler(new ScriptedServerCall({ path: '/test.Service/Other' }));
  expect(seen.map((call) => call.deadlineAt)).toEqual([
    1_100,
    1_030,
    1_100,
    Number.POSITIVE_INFINITY,
  ]);
});
