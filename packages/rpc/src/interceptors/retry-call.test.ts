import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { markRefused } from '../core/refused.ts';
import { type Code, RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { type RetryOptions, type RetryTransport, retry } from './retry.ts';

const idempotent = testMethod({ idempotency: 'idempotent' });
const unsafe = testMethod();
const upload = testMethod({ kind: 'client-stream', idempotency: 'idempotent' });
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
  const transport = retry({
    clock,
    random: () => 0.5,
    ...options,
  })(peer) as RetryTransport;
  const sink = new RecordingSink();
  return { clock, peer, transport, sink };
}

test('a stream whose messages are too long to be kept is sent once', () => {
  const { peer, transport, sink } = setUp({ maxBufferedBytes: 200 });
  const call = transport.open(upload, testOpenOptions(), sink);
  call.sendMessage(new Uint8Array(100));
  expect(transport.bufferedBytes).toBe(164);
  call.sendMessage(new Uint8Array(100));
  expect(transport.bufferedBytes).toBe(0);
  expect(peer.call(0).sent).toHaveLength(2);
  peer.call(0).end(down());
  expect(sink.code).toBe('unavailable');
});

test('what all calls keep together is bounded', () => {
  const { peer, transport } = setUp({ maxTotalBufferedBytes: 150 });
  const sinks = [new RecordingSink(), new RecordingSink(), new RecordingSink()];
  for (const sink of sinks.slice(0, 2)) {
    transport.open(idempotent, testOpenOptions(), sink).sendMessage(new Uint8Array(50));
  }
  peer.call(1).end(down());
  expect(sinks[1]?.code).toBe('unavailable');
  peer.call(0).end();
  expect(transport.bufferedBytes).toBe(0);
});

test('messages sent between two attempts go out with the next one', () => {
  const { clock, peer, transport, sink } = setUp({ maxBufferedBytes: 200 });
  const call = transport.open(upload, testOpenOptions(), sink);
  expect(call.sendMessage(utf8('one'))).toBe(true);
  peer.call(0).end(down());
  expect(call.sendMessage(new Uint8Array(500))).toBe(false);
  call.sendEnd();
  expect(sink.writable).toBe(0);
  clock.advance(100);
  expect(peer.call(1).sent).toEqual([utf8('one'), new Uint8Array(500)]);
  expect(peer.call(1).halfClosed).toBe(true);
  expect(sink.writable).toBe(1);
  expect(transport.bufferedBytes).toBe(0);
  peer.call(1).end(down());
  expect(sink.code).toBe('unavailable');
});

test('a caller that sends on between two attempts though it was told to wait is stopped', () => {
  const { clock, peer, transport, sink } = setUp({ maxBufferedBytes: 200 });
  const call = transport.open(upload, testOpenOptions(), sink);
  peer.call(0).end(down());
  call.sendMessage(new Uint8Array(300));
  call.sendMessage(new Uint8Array(300));
  expect(sink.code).toBe('resource_exhausted');
  expect(sink.trailer?.error?.message).toContain('send the next one after onWritable');
  expect(clock.pending).toBe(0);
});

test('room is told once for each time that it was missing', () => {
  const { clock, peer, transport, sink } = setUp();
  const call = transport.open(upload, testOpenOptions(), sink);
  peer.call(0).hasRoom = false;
  expect(call.sendMessage(utf8('one'))).toBe(false);
  peer.call(0).writable();
  expect(sink.writable).toBe(1);
  peer.call(0).writable();
  expect(sink.writable).toBe(1);
  peer.call(0).hasRoom = false;
  call.sendMessage(utf8('two'));
  peer.call(0).end(down());
  clock.advance(100);
  expect(sink.writable).toBe(2);
});

test('cancelling reaches the attempt that runs and is never repeated', () => {
  const { clock, peer, transport, sink } = setUp();
  const call = transport.open(idempotent, testOpenOptions(), sink);
  const error = new RpcError('unavailable', 'the caller is shutting down');
  call.cancel(error);
  expect(peer.call(0).cancelledWith).toBe(error);
  expect(sink.trailer?.error).toBe(error);
  expect(clock.pending).toBe(0);
  expect(peer.calls).toHaveLength(1);
});

test('who is told of a repetition may cancel the call', () => {
  const { clock, peer, transport, sink } = setUp({
    onRetry: () => call.cancel(new RpcError('canceled', 'no more of this')),
  });
  const call = transport.open(idempotent, testOpenOptions(), sink);
  peer.call(0).end(down());
  expect(sink.code).toBe('canceled');
  expect(clock.pending).toBe(0);
  expect(peer.calls).toHaveLength(1);
});

test('cancelling between two attempts leaves no timer', () => {
  const { clock, peer, transport, sink } = setUp();
  const call = transport.open(idempotent, testOpenOptions(), sink);
  peer.call(0).end(down());
  call.cancel(new RpcError('canceled', 'enough'));
  expect(sink.code).toBe('canceled');
  expect(clock.pending).toBe(0);
  call.cancel(new RpcError('canceled', 'again'));
  expect(call.sendMessage(utf8('late'))).toBe(true);
});

test('a pause holds for the next attempt', () => {
  const { clock, peer, transport, sink } = setUp();
  const call = transport.open(download, testOpenOptions(), sink);
  call.pause();
  peer.call(0).end(down());
  clock.advance(100);
  expect(peer.call(1).paused).toBe(true);
  call.resume();
  expect(peer.call(1).paused).toBe(false);
});

test('closing ends what waits with its last failure and lets the rest end', async () => {
  const { clock, peer, transport, sink } = setUp();
  const other = new RecordingSink();
  transport.open(idempotent, testOpenOptions(), sink);
  transport.open(idempotent, testOpenOptions(), other);
  peer.call(0).end(down());
  await transport.close();
  expect(sink.code).toBe('unavailable');
  expect(clock.pending).toBe(0);
  peer.call(1).end(down());
  expect(other.code).toBe('unavailable');
  expect(peer.closed).toBe(true);
});

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('send' as const) },
    fc.constantFrom('header', 'message', 'message', 'wait', 'pause', 'resume', 'full', 'room'),
    fc.constantFrom<Code | 'ok' | 'refused'>('unavailable', 'unavailable', 'refused', 'ok'),
    fc.constantFrom<Code | 'half-close' | 'cancel' | 'close'>('not_found', 'half-close', 'cancel'),
  ),
  { maxLength: 40 },
);

test('whatever the attempts do, a call ends once, keeps the order of both ways and leaves nothing', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(idempotent, unsafe, upload, download), (script, method) => {
      const { clock, peer, transport, sink } = setUp({ maxBufferedBytes: 700 });
      const call = transport.open(method, testOpenOptions(), sink);
      const sent: string[] = [];
      let answers: string[] = [];
      let headers = 0;
      let isHalfClosed = false;
      let attempt = peer.call(0);
      const fail = (error: RpcError | undefined) => !attempt.ended && attempt.end(error);
      for (const step of script) {
        if (attempt !== peer.call(-1)) {
          attempt = peer.call(-1);
          answers = [];
          headers = 0;
        }
        if (sink.trailer) break;
        if (step === 'send' && !isHalfClosed) {
          sent.push(`m${sent.length}`);
          call.sendMessage(utf8(sent.at(-1) ?? ''));
        } else if (step === 'half-close' && !isHalfClosed) {
          isHalfClosed = true;
          call.sendEnd();
        } else if (step === 'wait') clock.advance(2_000);
        else if (step === 'pause') call.pause();
        else if (step === 'resume') call.resume();
        else if (step === 'full') attempt.hasRoom = false;
        else if (step === 'room' && !attempt.ended) attempt.writable();
        else if (step === 'cancel') call.cancel(new RpcError('canceled', 'enough'));
        else if (step === 'header' && !attempt.ended && headers++ === 0 && answers.length === 0) {
          attempt.header();
        } else if (step === 'message' && !attempt.ended && !attempt.paused) {
          answers.push(`${peer.calls.length}/${answers.length}`);
          attempt.message(utf8(answers.at(-1) ?? ''));
        } else if (step === 'refused') fail(refused());
        else if (step === 'unavailable') fail(down());
        else if (step === 'not_found') fail(new RpcError('not_found', 'no such thing'));
        else if (step === 'ok' && !attempt.paused) fail(undefined);
      }
      call.cancel(new RpcError('canceled', 'the end of the test'));
      expect(sink.trailer).toBeDefined();
      expect(peer.openCalls).toEqual([]);
      expect(clock.pending).toBe(0);
      expect(transport.bufferedBytes).toBe(0);
      expect(transport.waiting.size).toBe(0);
      expect(sink.texts).toEqual(attempt === peer.call(-1) ? answers : []);
      for (const each of peer.calls) {
        const texts = each.sent.map((bytes) => new TextDecoder().decode(bytes));
        expect(texts).toEqual(sent.slice(0, texts.length));
      }
      if (sink.code === 'ok') expect(peer.call(-1).sent).toHaveLength(sent.length);
    }),
    { numRuns: 500 },
  );
});

test('which messages are compressed is the same with each attempt', () => {
  const { clock, peer, transport, sink } = setUp();
  const call = transport.open(upload, testOpenOptions({ compression: 'gzip' }), sink);
  call.sendMessage(utf8('a'), true);
  call.sendMessage(utf8('b'), false);
  peer.call(0).end(down());
  clock.advance(60_000);
  call.sendMessage(utf8('c'));
  expect(peer.call(0).compress).toEqual([true, false]);
  expect(peer.call(1).compress).toEqual([true, false, undefined]);
});
