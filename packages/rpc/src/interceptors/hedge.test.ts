import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Metadata } from '../core/metadata.ts';
import { markRefused } from '../core/refused.ts';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { type HedgeOptions, hedge } from './hedge.ts';
import { RetryBudget } from './retry-budget.ts';

const lookup = testMethod({ idempotency: 'no-side-effects' });
const watch = testMethod({ idempotency: 'no-side-effects', kind: 'server-stream' });
const empty = new Uint8Array(0);

function down(): RpcError {
  return new RpcError('unavailable', 'the connection broke');
}

function setUp(options: HedgeOptions = {}, method = lookup, deadlineAt = Number.POSITIVE_INFINITY) {
  const clock = new ManualClock();
  const peer = new ScriptedTransport();
  const transport = hedge({ clock, maxAttempts: 3, delayMs: 50, ...options })(peer);
  const sink = new RecordingSink();
  const call = transport.open(method, testOpenOptions({ deadlineAt }), sink);
  return { clock, peer, transport, sink, call };
}

test('a slow call is sent again after each delay, with its request and its number', () => {
  const { clock, peer, call } = setUp();
  call.sendMessage(utf8('question'), true);
  call.sendEnd();
  clock.advance(49);
  expect(peer.calls).toHaveLength(1);
  clock.advance(1);
  expect(peer.calls).toHaveLength(2);
  clock.advance(500);
  expect(peer.calls).toHaveLength(3);
  for (const each of peer.calls) {
    expect(each.sent).toEqual([utf8('question')]);
    expect(each.compress).toEqual([true]);
    expect(each.halfClosed).toBe(true);
  }
  const numbers = peer.calls.map((each) => each.options.metadata.get('grpc-previous-rpc-attempts'));
  expect(numbers).toEqual([undefined, '1', '2']);
  expect(clock.pending).toBe(0);
});

test('the first answer wins; the losers are cancelled and never the winner', () => {
  const { clock, peer, sink } = setUp();
  clock.advance(100);
  peer.call(1).header(Metadata.from({ from: 'second' }));
  peer.call(1).message(utf8('answer'));
  expect(peer.call(0).cancelledWith?.code).toBe('canceled');
  expect(peer.call(2).cancelledWith?.code).toBe('canceled');
  expect(peer.call(1).cancelledWith).toBeUndefined();
  peer.call(1).end(undefined, Metadata.from({ after: 'yes' }));
  expect(peer.call(1).cancelledWith).toBeUndefined();
  expect(sink.texts).toEqual(['answer']);
  expect(sink.header?.get('from')).toBe('second');
  expect(sink.trailer?.metadata.get('after')).toBe('yes');
  expect(clock.pending).toBe(0);
});

test('an empty message is no answer: the attempt that says something wins, and nothing is lost', () => {
  const { clock, peer, sink } = setUp({}, watch);
  clock.advance(50);
  peer.call(0).header();
  peer.call(0).message(empty);
  peer.call(1).message(empty);
  peer.call(1).message(empty);
  expect(sink.messages).toEqual([]);
  expect(peer.openCalls).toHaveLength(2);
  peer.call(1).message(utf8('useful'));
  peer.call(1).message(empty);
  expect(sink.texts).toEqual(['', '', 'useful', '']);
  expect(peer.call(0).cancelledWith).toBeDefined();
  expect(peer.call(1).cancelledWith).toBeUndefined();
  peer.call(1).end();
  expect(sink.code).toBe('ok');
});

test('an empty answer wins when its call ends well, in any kind of call', () => {
  const unary = setUp();
  unary.clock.advance(50);
  unary.peer.call(1).message(empty);
  unary.peer.call(1).end();
  expect(unary.sink.texts).toEqual(['']);
  expect(unary.sink.code).toBe('ok');
  expect(unary.peer.call(0).cancelledWith).toBeDefined();

  const stream = setUp({}, watch);
  stream.peer.call(0).end();
  expect(stream.sink.code).toBe('ok');
  expect(stream.clock.pending).toBe(0);
});

test('a unary attempt that ends well without a message has not answered', () => {
  const { clock, peer, sink } = setUp({ maxAttempts: 2 });
  peer.call(0).end();
  expect(sink.trailer).toBeUndefined();
  expect(peer.calls).toHaveLength(2);
  peer.call(1).message(utf8('answer'));
  peer.call(1).end();
  expect(sink.texts).toEqual(['answer']);
  expect(clock.pending).toBe(0);

  const none = setUp({ maxAttempts: 2 });
  none.peer.call(0).end();
  none.peer.call(1).end();
  expect(none.sink.code).toBe('ok');
  expect(none.sink.messages).toEqual([]);
});

test('a failure that is not fatal begins the next attempt at once; the last one is told', () => {
  const { clock, peer, sink } = setUp();
  peer.call(0).end(down());
  peer.call(1).end(markRefused(new RpcError('internal', 'not taken')));
  expect(peer.calls).toHaveLength(3);
  peer.call(2).header(Metadata.from({ from: 'third' }));
  peer.call(2).end(new RpcError('aborted', 'once more', { retryable: true }));
  expect(sink.code).toBe('aborted');
  expect(sink.header?.get('from')).toBe('third');
  expect(clock.pending).toBe(0);
});

test('a fatal failure ends the call and cancels the others', () => {
  const { clock, peer, sink } = setUp();
  clock.advance(50);
  peer.call(1).end(new RpcError('not_found', 'no such thing'));
  expect(sink.code).toBe('not_found');
  expect(peer.call(0).cancelledWith).toBeDefined();
  expect(clock.pending).toBe(0);
});

test('with no delay all are sent at once, before and after the request', () => {
  const { clock, peer, call } = setUp({ delayMs: 0 });
  expect(peer.calls).toHaveLength(3);
  call.sendMessage(utf8('q'));
  expect(peer.calls.map((each) => each.sent.length)).toEqual([1, 1, 1]);
  expect(clock.pending).toBe(0);
});

test('more than five attempts are never made, and the delay may be of the method', () => {
  const { clock, peer } = setUp({ maxAttempts: 9, delayMs: (m) => (m === lookup ? 5 : 500) });
  clock.advance(100);
  expect(peer.calls).toHaveLength(5);
});

test('methods that may not be sent twice and streams of requests pass through', () => {
  for (const method of [
    testMethod(),
    testMethod({ idempotency: 'idempotent', kind: 'client-stream' }),
    testMethod({ idempotency: 'idempotent', kind: 'bidi-stream' }),
  ]) {
    const { clock, peer, sink } = setUp({}, method);
    clock.advance(1_000);
    peer.call(0).header();
    peer.call(0).message(empty);
    expect(sink.messages).toHaveLength(1);
    expect(peer.calls).toHaveLength(1);
  }
});

test('a pushback delays the next attempt, or says that there is none', () => {
  const later = setUp();
  later.peer.call(0).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '70' }));
  expect(later.peer.calls).toHaveLength(1);
  expect(later.clock.nextDelayMs).toBe(70);
  later.clock.advance(70);
  expect(later.peer.calls).toHaveLength(2);
  expect(later.clock.nextDelayMs).toBe(50);

  const never = setUp();
  never.clock.advance(50);
  never.peer.call(0).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '-1' }));
  never.clock.advance(1_000);
  expect(never.peer.calls).toHaveLength(2);
  never.peer.call(1).message(utf8('answer'));
  expect(never.sink.texts).toEqual(['answer']);

  const last = setUp({}, lookup, 60);
  last.peer.call(0).end(down(), Metadata.from({ 'grpc-retry-pushback-ms': '60' }));
  expect(last.sink.code).toBe('unavailable');
  expect(last.clock.pending).toBe(0);
});

test('an empty budget allows no second attempt', () => {
  const budget = new RetryBudget({ maxTokens: 2, tokenRatio: 1 });
  const first = setUp({ budget });
  first.peer.call(0).end(down());
  expect(first.sink.code).toBe('unavailable');
  const second = setUp({ budget });
  second.clock.advance(500);
  expect(second.peer.calls).toHaveLength(1);
  second.peer.call(0).message(utf8('a'));
  second.peer.call(0).end();
  const third = setUp({ budget });
  third.clock.advance(50);
  expect(third.peer.calls).toHaveLength(2);
});

test('no attempt begins after the deadline', () => {
  const { clock, peer } = setUp({}, lookup, 50);
  clock.advance(50);
  expect(peer.calls).toHaveLength(1);
});

test('cancelling reaches every attempt, and later only the winner', () => {
  const early = setUp();
  early.clock.advance(50);
  const error = new RpcError('canceled', 'enough');
  early.call.cancel(error);
  expect(early.peer.calls.map((each) => each.cancelledWith)).toEqual([error, error]);
  expect(early.sink.trailer?.error).toBe(error);
  expect(early.clock.pending).toBe(0);

  const late = setUp({}, watch);
  late.clock.advance(50);
  late.peer.call(0).message(utf8('a'));
  late.call.cancel(error);
  expect(late.peer.call(0).cancelledWith).toBe(error);
  expect(late.sink.trailer?.error).toBe(error);
});

test('a request too long to be kept is sent once', () => {
  const { clock, peer, call, sink } = setUp({ maxBufferedBytes: 10 });
  call.sendMessage(new Uint8Array(11));
  clock.advance(500);
  expect(peer.calls).toHaveLength(1);
  peer.call(0).end(down());
  expect(sink.code).toBe('unavailable');
});

test('a caller that pauses gets nothing until it resumes, in order, and no attempt begins', () => {
  const { clock, peer, call, sink } = setUp({}, watch);
  call.pause();
  clock.advance(50);
  expect(peer.calls).toHaveLength(1);
  expect(peer.call(0).paused).toBe(true);
  call.resume();
  expect(peer.calls).toHaveLength(2);
  peer.call(0).message(empty);
  sink.onEvent = (event) => event === 'message' && call.pause();
  peer.call(0).message(utf8('a'));
  expect(sink.texts).toEqual(['']);
  expect(peer.call(0).paused).toBe(true);
  call.resume();
  expect(sink.texts).toEqual(['', 'a']);
  expect(peer.call(0).paused).toBe(true);
  call.resume();
  expect(peer.call(0).paused).toBe(false);
});

test('an end that waits for a paused caller is told when it resumes, or gives way to a cancel', () => {
  const resumed = setUp();
  resumed.sink.onEvent = (event) => event === 'message' && resumed.call.pause();
  resumed.peer.call(0).message(empty);
  resumed.peer.call(0).end();
  expect(resumed.sink.code).toBeUndefined();
  resumed.call.resume();
  expect(resumed.sink.code).toBe('ok');

  const cancelled = setUp();
  cancelled.sink.onEvent = (event) => event === 'message' && cancelled.call.pause();
  cancelled.peer.call(0).message(empty);
  cancelled.peer.call(0).end();
  cancelled.call.cancel(new RpcError('canceled', 'enough'));
  cancelled.call.resume();
  expect(cancelled.sink.code).toBe('canceled');
});

test('room is told for the winner alone', () => {
  const { peer, call, sink } = setUp({}, watch);
  peer.call(0).hasRoom = false;
  expect(call.sendMessage(utf8('q'))).toBe(true);
  peer.call(0).writable();
  expect(sink.writable).toBe(0);
  peer.call(0).message(utf8('a'));
  peer.call(0).hasRoom = false;
  expect(call.sendMessage(utf8('q'))).toBe(false);
  peer.call(0).writable();
  expect(sink.writable).toBe(1);
});

test('closing closes what stands behind', async () => {
  const { peer, transport } = setUp();
  await transport.close();
  expect(peer.closed).toBe(true);
});

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('wait', 'header', 'empty', 'data', 'data', 'ok', 'down', 'fatal', 'refused'),
    fc.nat(2),
  ),
  { maxLength: 30 },
);

test('whatever the attempts do, one answer is told whole and in order, its attempt is never cancelled, and nothing is left', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(lookup, watch), fc.boolean(), (script, method, pauses) => {
      const { clock, peer, call, sink } = setUp({}, method);
      const said = new Map<unknown, string[]>();
      const headers = new Set<unknown>();
      call.sendMessage(utf8('q'));
      call.sendEnd();
      if (pauses) sink.onEvent = (event) => event === 'message' && call.pause();
      for (const [step, index] of script) {
        if (pauses) call.resume();
        const attempt = peer.calls[index];
        if (step === 'wait') clock.advance(30);
        if (step === 'wait' || !attempt || attempt.ended || attempt.paused) continue;
        const texts = said.get(attempt) ?? [];
        said.set(attempt, texts);
        if (step === 'header' && texts.length === 0 && !headers.has(attempt)) {
          headers.add(attempt);
          attempt.header();
        }
        if (step === 'empty' || step === 'data') {
          texts.push(step === 'empty' ? '' : `${index}/${texts.length}`);
          attempt.message(utf8(texts.at(-1) ?? ''));
        } else if (step === 'ok') attempt.end();
        else if (step === 'down') attempt.end(down());
        else if (step === 'fatal') attempt.end(new RpcError('not_found', 'none'));
        else if (step === 'refused') attempt.end(markRefused(down()));
      }
      sink.onEvent = undefined;
      call.resume();
      const told = sink.texts;
      if (told.length > 0) {
        const winners = peer.calls.filter(
          (each) => !each.cancelledWith && said.get(each)?.join() === told.join(),
        );
        expect(winners.length).toBeGreaterThan(0);
      }
      call.cancel(new RpcError('canceled', 'the end of the test'));
      expect(sink.trailer).toBeDefined();
      expect(peer.openCalls).toEqual([]);
      expect(clock.pending).toBe(0);
      for (const each of peer.calls) expect(each.sent).toEqual([utf8('q')]);
    }),
    { numRuns: 500 },
  );
});
