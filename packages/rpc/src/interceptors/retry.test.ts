import { expect, test } from 'bun:test';
import { Metadata } from '../core/metadata.ts';
import { markRefused } from '../core/refused.ts';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { type RetryEvent, type RetryOptions, type RetryTransport, retry } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';

const idempotent = testMethod({ idempotency: 'idempotent' });
const unsafe = testMethod();
const download = testMethod({ kind: 'server-stream', idempotency: 'idempotent' });

function down(): RpcError {
  return new RpcError('unavailable', 'the connection broke');
}

function refused(): RpcError {
  return markRefused(new RpcError('unavailable', 'the peer is going away'));
}

function setUp(options: RetryOptions = {}) {
  const clock = new ManualClock();
  const peer = new ScriptedTransport();
  const events: RetryEvent[] = [];
  const transport = retry({
    clock,
    random: () => 0.5,
    onRetry: (event) => events.push(event),
    ...options,
  })(peer) as RetryTransport;
  const sink = new RecordingSink();
  return { clock, peer, transport, sink, events };
}

test('an idempotent call is sent again, its messages and half-close too, and its end is one', () => {
  const { clock, peer, transport, sink } = setUp();
  const call = transport.open(idempotent, testOpenOptions(), sink);
  call.sendMessage(utf8('question'));
  call.sendEnd();
  peer.call(0).end(down());
  expect(peer.calls).toHaveLength(1);
  expect(clock.nextDelayMs).toBe(100);
  clock.advance(100);
  expect(peer.call(1).sent).toEqual([utf8('question')]);
  expect(peer.call(1).halfClosed).toBe(true);
  peer.call(1).header(Metadata.from({ from: 'second' }));
  peer.call(1).message(utf8('answer'));
  peer.call(1).end(undefined, Metadata.from({ after: 'yes' }));
  expect(sink.texts).toEqual(['answer']);
  expect(sink.header?.get('from')).toBe('second');
  expect(sink.code).toBe('ok');
  expect(sink.trailer?.metadata.get('after')).toBe('yes');
  expect(clock.pending).toBe(0);
  expect(transport.bufferedBytes).toBe(0);
});

test('the waits grow with jitter, and each attempt says its number', () => {
  const { clock, peer, transport, sink, events } = setUp({ random: () => 0 });
  const options = testOpenOptions({ metadata: Metadata.from({ tenant: 'a' }) });
  transport.open(idempotent, options, sink);
  for (let i = 0; i < 3; i++) {
    peer.call(i).end(down());
    clock.advance(clock.nextDelayMs ?? 0);
  }
  peer.call(3).end(down());
  expect(events.map((event) => [event.attempt, Math.round(event.delayMs)])).toEqual([
    [2, 80],
    [3, 160],
    [4, 320],
  ]);
  const numbers = peer.calls.map((call) => call.options.metadata.get('grpc-previous-rpc-attempts'));
  expect(numbers).toEqual([undefined, '1', '2', '3']);
  expect(peer.call(3).options.metadata.get('tenant')).toBe('a');
  expect(options.metadata.size).toBe(1);
  expect(sink.code).toBe('unavailable');
  expect(clock.pending).toBe(0);
});

test('more than five attempts are never made', () => {
  const { clock, peer, transport, sink } = setUp({
    maxAttempts: 50,
    budget: new RetryBudget({ maxTokens: 1_000 }),
  });
  transport.open(idempotent, testOpenOptions(), sink);
  while (!sink.trailer) {
    peer.call(-1).end(down());
    clock.advance(5_000);
  }
  expect(peer.calls).toHaveLength(5);
});

test('a method of unknown idempotency is sent once, unless the code is said to be safe', () => {
  const plain = setUp();
  plain.transport.open(unsafe, testOpenOptions(), plain.sink);
  plain.peer.call(0).end(new RpcError('unavailable', 'it broke', { retryable: true }));
  expect(plain.sink.code).toBe('unavailable');
  const told = setUp({ otherCodes: ['unavailable'] });
  told.transport.open(unsafe, testOpenOptions(), told.sink);
  told.peer.call(0).end(down());
  expect(told.sink.code).toBeUndefined();
  expect(told.clock.pending).toBe(1);
});

test('an idempotent method is sent again after an error that is marked retryable, no other', () => {
  const { clock, peer, transport, sink } = setUp();
  transport.open(idempotent, testOpenOptions(), sink);
  peer.call(0).end(new RpcError('aborted', 'a conflict', { retryable: true }));
  clock.advance(1_000);
  peer.call(1).end(new RpcError('aborted', 'a conflict'));
  expect(sink.code).toBe('aborted');
  expect(peer.calls).toHaveLength(2);
});

test('a call may be made safe by its metadata', () => {
  const { clock, peer, transport, sink } = setUp({
    isIdempotent: (_method, metadata) => metadata.has('idempotency-key'),
  });
  const metadata = Metadata.from({ 'idempotency-key': 'k' });
  transport.open(unsafe, testOpenOptions({ metadata }), sink);
  peer.call(0).end(down());
  expect(clock.pending).toBe(1);
});

test('a refused call of any method is sent again at once, then by the policy, without a cost', () => {
  const budget = new RetryBudget({ maxTokens: 1 });
  const { clock, peer, transport, sink } = setUp({ budget });
  transport.open(unsafe, testOpenOptions(), sink).sendMessage(utf8('q'));
  peer.call(0).end(refused());
  expect(peer.calls).toHaveLength(2);
  expect(peer.call(1).sent).toEqual([utf8('q')]);
  expect(peer.call(1).options.metadata.has('grpc-previous-rpc-attempts')).toBe(false);
  peer.call(1).end(refused());
  expect(peer.calls).toHaveLength(2);
  clock.advance(100);
  expect(peer.call(2).options.metadata.get('grpc-previous-rpc-attempts')).toBe('1');
  peer.call(2).end();
  expect(sink.code).toBe('ok');
  expect(budget.allows).toBe(true);
});

test('refused calls alone may be repeated, so many times', () => {
  const { clock, peer, transport, sink } = setUp({ maxAttempts: 1, maxRefusals: 3 });
  transport.open(idempotent, testOpenOptions(), sink);
  for (let i = 0; i < 4; i++) peer.call(i).end(refused());
  expect(sink.code).toBe('unavailable');
  expect(peer.calls).toHaveLength(4);
  const other = new RecordingSink();
  transport.open(idempotent, testOpenOptions(), other);
  peer.call(-1).end(down());
  expect(other.code).toBe('unavailable');
  expect(clock.pending).toBe(0);
});

test('after the first message of the answer nothing is sent again', () => {
  for (const method of [idempotent, download]) {
    const { clock, peer, transport, sink } = setUp();
    transport.open(method, testOpenOptions(), sink).sendMessage(utf8('q'));
    peer.call(0).header();
    peer.call(0).message(utf8('a'));
    expect(transport.bufferedBytes).toBe(0);
    peer.call(0).end(refused());
    expect(sink.code).toBe('unavailable');
    expect(sink.texts).toEqual(['a']);
    expect(clock.pending).toBe(0);
  }
});

test('a header commits a streaming call, and waits for its message in a unary one', () => {
  const stream = setUp();
  stream.transport.open(download, testOpenOptions(), stream.sink);
  stream.peer.call(0).header();
  expect(stream.sink.header).toBeDefined();
  stream.peer.call(0).end(down());
  expect(stream.sink.code).toBe('unavailable');

  const { clock, peer, transport, sink } = setUp();
  transport.open(idempotent, testOpenOptions(), sink);
  peer.call(0).header(Metadata.from({ attempt: 'one' }));
  expect(sink.header).toBeUndefined();
  peer.call(0).end(down());
  clock.advance(100);
  peer.call(1).header(Metadata.from({ attempt: 'two' }));
  peer.call(1).end(new RpcError('not_found', 'no such thing'));
  expect(sink.header?.get('attempt')).toBe('two');
  expect(sink.code).toBe('not_found');
});

test('the header of a failed attempt is not told with the end of a later one', () => {
  const { clock, peer, transport, sink } = setUp();
  transport.open(idempotent, testOpenOptions(), sink);
  peer.call(0).header(Metadata.from({ attempt: 'one' }));
  peer.call(0).end(down());
  clock.advance(100);
  peer.call(1).end(new RpcError('not_found', 'no such thing'));
  expect(sink.code).toBe('not_found');
  expect(sink.header).toBeUndefined();
});

test('what is kept is a copy: the bytes were only lent', () => {
  const { clock, peer, transport, sink } = setUp();
  const call = transport.open(idempotent, testOpenOptions(), sink);
  const lent = utf8('question');
  call.sendMessage(lent);
  lent.fill(0xee);
  peer.call(0).end(down());
  clock.advance(100);
  expect(peer.call(1).sent).toEqual([utf8('question')]);
});

test('a caller that pauses or cancels at the header gets no message', () => {
  const pausing = setUp();
  const call = pausing.transport.open(idempotent, testOpenOptions(), pausing.sink);
  pausing.sink.onEvent = (event) => event === 'header' && call.pause();
  pausing.peer.call(0).header();
  pausing.peer.call(0).message(utf8('a'));
  expect(pausing.sink.texts).toEqual([]);
  expect(pausing.peer.call(0).paused).toBe(true);
  call.resume();
  expect(pausing.sink.texts).toEqual(['a']);
  expect(pausing.peer.call(0).paused).toBe(false);

  const leaving = setUp();
  const left = leaving.transport.open(idempotent, testOpenOptions(), leaving.sink);
  leaving.sink.onEvent = (event) =>
    event === 'header' && left.cancel(new RpcError('canceled', 'enough'));
  leaving.peer.call(0).header();
  leaving.peer.call(0).message(utf8('a'));
  expect(leaving.sink.texts).toEqual([]);
  expect(leaving.sink.code).toBe('canceled');
});

test('a held message is lost with the call, not told after its end', () => {
  const { peer, transport, sink } = setUp();
  const call = transport.open(idempotent, testOpenOptions(), sink);
  sink.onEvent = (event) => event === 'header' && call.pause();
  peer.call(0).header();
  peer.call(0).message(utf8('a'));
  peer.call(0).end(down());
  call.resume();
  expect(sink.code).toBe('unavailable');
  expect(sink.texts).toEqual([]);
});

test('a pushback names the exact wait, starts the back-off anew, or ends the call', () => {
  const { clock, peer, transport, sink } = setUp();
  transport.open(idempotent, testOpenOptions(), sink);
  peer.call(0).end(down());
  clock.advance(100);
  peer.call(1).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '7' }));
  expect(clock.nextDelayMs).toBe(7);
  clock.advance(7);
  peer.call(2).end(down());
  expect(clock.nextDelayMs).toBe(100);
  clock.advance(100);
  peer.call(3).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '0' }));
  expect(sink.code).toBe('unavailable');

  const never = setUp();
  never.transport.open(idempotent, testOpenOptions(), never.sink);
  never.peer.call(0).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '-1' }));
  expect(never.sink.code).toBe('unavailable');

  const tooLong = setUp({ maxPushbackMs: 1_000 });
  tooLong.transport.open(idempotent, testOpenOptions(), tooLong.sink);
  tooLong.peer.call(0).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '1001' }));
  expect(tooLong.sink.code).toBe('unavailable');
});

test('a pushback of no wait sends again at once', () => {
  const { peer, transport, sink } = setUp();
  transport.open(idempotent, testOpenOptions(), sink);
  peer.call(0).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '0' }));
  expect(peer.calls).toHaveLength(2);
});

test('a RetryInfo is the least wait', () => {
  const { clock, peer, transport, sink } = setUp();
  transport.open(idempotent, testOpenOptions(), sink);
  const details = [
    { type: 'google.rpc.RetryInfo', value: { retryDelay: { seconds: 2n, nanos: 0 } } },
  ];
  peer.call(0).end(new RpcError('unavailable', 'busy', { details }));
  expect(clock.nextDelayMs).toBe(2_000);
  clock.advance(2_000);
  const short = [
    { type: 'google.rpc.RetryInfo', value: { retryDelay: { seconds: 0n, nanos: 1 } } },
  ];
  peer.call(1).end(new RpcError('unavailable', 'busy', { details: short }));
  expect(clock.nextDelayMs).toBe(200);
});

test('a wait that would outlast the deadline is not begun', () => {
  const { peer, transport, sink } = setUp();
  transport.open(idempotent, testOpenOptions({ deadlineAt: 100 }), sink);
  peer.call(0).end(down());
  expect(sink.code).toBe('unavailable');
});

test('the budget stops repetitions for all calls, and successes give it back', () => {
  const budget = new RetryBudget({ maxTokens: 4, tokenRatio: 0.5 });
  const { clock, peer, transport } = setUp({ budget });
  const first = new RecordingSink();
  transport.open(idempotent, testOpenOptions(), first);
  peer.call(0).end(down());
  clock.advance(100);
  peer.call(1).end(down());
  expect(first.code).toBe('unavailable');
  for (let i = 0; i < 2; i++) {
    transport.open(unsafe, testOpenOptions(), new RecordingSink());
    peer.call(-1).end();
  }
  transport.open(idempotent, testOpenOptions(), new RecordingSink());
  peer.call(-1).end(new RpcError('invalid_argument', 'your fault'));
  const last = new RecordingSink();
  transport.open(idempotent, testOpenOptions(), last);
  peer.call(-1).end(new RpcError('unavailable', 'x'));
  expect(last.code).toBe('unavailable');
});
