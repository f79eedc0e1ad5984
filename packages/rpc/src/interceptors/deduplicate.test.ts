import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ServerCall } from '../core/call.ts';
import { okTrailer } from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import {
  ScriptedServerCall,
  type ScriptedServerCallOptions,
} from '../testing/scripted-server-call.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { setIdentity } from './auth/identity.ts';
import { type DeduplicateOptions, Deduplication, deduplicate } from './deduplicate.ts';
import { idempotencyKey } from './idempotency-keys.ts';

/** A handler that runs until the test ends its calls, and what they hear. */
function setUp(options: DeduplicateOptions = {}) {
  const clock = new ManualClock();
  const table = new Deduplication({ clock, ...options });
  const running: ServerCall[] = [];
  const heard: string[] = [];
  const next = (call: ServerCall): void => {
    running.push(call);
    call.sink = {
      onMessage: (bytes) => heard.push(new TextDecoder().decode(bytes)),
      onHalfClose: () => heard.push('half-close'),
      onCancel: (error) => heard.push(error.code),
      onWritable: () => heard.push('writable'),
    };
  };
  const call = (key: string | undefined, request = 'q', more: ScriptedServerCallOptions = {}) => {
    const metadata = key === undefined ? {} : { [idempotencyKey]: key };
    const scripted = new ScriptedServerCall({ metadata, ...more });
    table.handle(scripted, next);
    if (scripted.trailer) return scripted;
    scripted.message(utf8(request));
    scripted.halfClose();
    return scripted;
  };
  const begun = new Set<number>();
  const begin = (index: number, bytes: Uint8Array) => {
    begun.add(index);
    return running[index]?.sendMessage(bytes);
  };
  const answer = (index: number, text = 'a', error?: RpcError) => {
    if (!begun.has(index)) running[index]?.sendHeader(Metadata.from({ ran: `${index}` }));
    running[index]?.sendMessage(utf8(text));
    running[index]?.sendEnd({ error, metadata: Metadata.from({ cost: '7' }) });
  };
  return { clock, table, running, heard, call, begin, answer };
}

function texts(call: ScriptedServerCall): string[] {
  return call.sent.map((bytes) => new TextDecoder().decode(bytes));
}

test('a call without a key passes, every time', () => {
  const { table, running, call, answer } = setUp();
  call(undefined);
  call(undefined);
  answer(0);
  expect(running).toHaveLength(2);
  expect(table.size).toBe(0);
});

test('duplicates that come while the first runs get its answer whole, and it runs once', () => {
  const { running, heard, call, answer } = setUp();
  const calls = [call('k'), call('k'), call('k')];
  expect(running).toHaveLength(1);
  answer(0);
  for (const each of calls) {
    expect(each.header?.get('ran')).toBe('0');
    expect(texts(each)).toEqual(['a']);
    expect(each.code).toBe('ok');
    expect(each.trailer?.metadata.get('cost')).toBe('7');
  }
  expect(heard).toEqual(['q', 'half-close']);
});

test('later ones get the remembered answer until its time is over', () => {
  const { clock, table, running, call, answer } = setUp({ ttlMs: 1_000 });
  call('k');
  clock.advance(500);
  answer(0);
  clock.advance(999);
  expect(texts(call('k'))).toEqual(['a']);
  expect(running).toHaveLength(1);
  clock.advance(1);
  call('k');
  expect(running).toHaveLength(2);
  answer(1, 'b');
  clock.advance(1_000);
  call('other');
  expect(table.size).toBe(1);
  expect(clock.pending).toBe(0);
});

test('a failure is remembered when the call would only fail again', () => {
  const { running, call, answer } = setUp();
  call('spent');
  answer(0, '', new RpcError('failed_precondition', 'no money'));
  expect(call('spent').code).toBe('failed_precondition');
  for (const code of ['unavailable', 'deadline_exceeded', 'aborted'] as const) {
    const before = running.length;
    const [first, duplicate] = [call(code), call(code)];
    answer(before, '', new RpcError(code, 'later'));
    expect([first.code, duplicate.code]).toEqual([code, code]);
    call(code);
    expect(running).toHaveLength(before + 2);
  }
  const own = setUp({ remembers: (error) => error.code === 'aborted' });
  own.call('k');
  own.answer(0, '', new RpcError('aborted', 'no'));
  own.call('k');
  expect(own.running).toHaveLength(1);
});

test('a key with another request is refused, whether the first still runs or not', () => {
  const { running, call, answer } = setUp();
  call('k', 'pay 5');
  const early = call('k', 'pay 50');
  expect(early.code).toBeUndefined();
  answer(0);
  const late = call('k', 'pay 500');
  for (const each of [early, late]) {
    expect(each.code).toBe('invalid_argument');
    expect(each.trailer?.error?.message).toContain('another request');
    expect(each.sent).toEqual([]);
  }
  expect(running).toHaveLength(1);
});

test('a duplicate is answered only when its own request is complete', () => {
  const { table, call, answer } = setUp();
  call('k');
  answer(0);
  const late = new ScriptedServerCall({ metadata: { [idempotencyKey]: 'k' } });
  table.handle(late, () => {});
  late.message(utf8('q'));
  expect(late.sent).toEqual([]);
  late.halfClose();
  expect(texts(late)).toEqual(['a']);
});

test('two messages are another request than the one they make together', () => {
  const { table, running, answer } = setUp();
  const send = (...parts: string[]) => {
    const scripted = new ScriptedServerCall({ metadata: { [idempotencyKey]: 'k' } });
    table.handle(scripted, (inner) => {
      running.push(inner);
      inner.sink = { onMessage() {}, onHalfClose() {}, onCancel() {}, onWritable() {} };
    });
    for (const part of parts) scripted.message(utf8(part));
    scripted.halfClose();
    return scripted;
  };
  send('ab', 'c');
  answer(0);
  expect(send('a', 'bc').code).toBe('invalid_argument');
  expect(send('ab', 'c').code).toBe('ok');
});

test('a key belongs to its method and to its caller', () => {
  const { running, call } = setUp();
  call('k');
  call('k', 'q', { path: '/test.Service/Other' });
  call('k', 'q', { metadata: { [idempotencyKey]: 'k', authorization: 'Bearer b' } });
  call('k', 'q', { peer: { process: { pid: 1, uid: 2, gid: 3 } } });
  expect(running).toHaveLength(4);
});

test('the identity that an interceptor has proved is the caller, whatever it shows', () => {
  const { table, running } = setUp();
  for (const [id, token] of [
    ['ada', 'one'],
    ['ada', 'two'],
    ['bob', 'one'],
  ] as const) {
    const metadata = { [idempotencyKey]: 'k', authorization: token };
    const scripted = new ScriptedServerCall({ metadata });
    setIdentity(scripted, { id, scheme: 'jwt', roles: [], scopes: [] });
    table.handle(scripted, (call) => running.push(call));
  }
  expect(running).toHaveLength(2);
});

test('a call whose connection breaks runs on, and its repetition gets the answer', () => {
  const { heard, call, begin, answer } = setUp();
  const first = call('k');
  first.cancel(new RpcError('unavailable', 'the connection broke'));
  const again = call('k');
  expect(heard).toEqual(['q', 'half-close']);
  expect(begin(0, utf8('one'))).toBe(true);
  answer(0, 'two');
  expect(texts(again)).toEqual(['one', 'two']);
  expect(again.code).toBe('ok');
  expect(first.sent).toEqual([]);
});

test('a handler that waits for room is told to go on when its client is gone', () => {
  const { heard, call, begin } = setUp();
  const first = call('k');
  first.hasRoom = false;
  expect(begin(0, utf8('a'))).toBe(false);
  first.cancel(new RpcError('unavailable', 'the connection broke'));
  expect(heard).toEqual(['q', 'half-close', 'writable']);
});

test('a call that its caller cancels is cancelled and forgotten, unless another one waits', () => {
  const alone = setUp();
  alone.call('k').cancel();
  expect(alone.heard).toEqual(['q', 'half-close', 'canceled']);
  expect([alone.table.size, alone.table.bytes]).toEqual([0, 0]);
  alone.answer(0);
  alone.call('k');
  expect(alone.running).toHaveLength(2);

  const two = setUp();
  const [first, second] = [two.call('k'), two.call('k')];
  first.cancel();
  expect(two.heard).toEqual(['q', 'half-close']);
  two.answer(0);
  expect(texts(second)).toEqual(['a']);

  const none = setUp();
  const [one, other] = [none.call('k'), none.call('k')];
  one.cancel();
  other.cancel();
  expect(none.heard).toEqual(['q', 'half-close', 'canceled']);
  expect(none.table.bytes).toBe(0);
});

test('a request that is broken off is cancelled, and who waited for it may call again', () => {
  const { table, heard, call } = setUp();
  const broken = new ScriptedServerCall({ metadata: { [idempotencyKey]: 'k' } });
  table.handle(broken, (inner) => {
    inner.sink = {
      onMessage() {},
      onHalfClose() {},
      onCancel: (error) => heard.push(error.code),
      onWritable() {},
    };
  });
  const waiting = call('k');
  broken.cancel(new RpcError('unavailable', 'the connection broke'));
  expect(heard).toEqual(['unavailable']);
  expect(waiting.code).toBe('unavailable');
  expect(waiting.trailer?.error?.retryable).toBe(true);
  expect([table.size, table.bytes]).toEqual([0, 0]);
});

test('of an answer too long to be remembered only the fact remains', () => {
  const { table, running, call, begin, answer } = setUp({ maxAnswerBytes: 100 });
  const [first, waiting] = [call('k'), call('k')];
  begin(0, new Uint8Array(60));
  answer(0, 'x'.repeat(60));
  expect(first.sent).toHaveLength(2);
  expect(first.code).toBe('ok');
  expect(waiting.code).toBe('failed_precondition');
  expect(call('k').code).toBe('failed_precondition');
  expect(running).toHaveLength(1);
  expect(table.bytes).toBeLessThan(700);
});

test('a key must have a length', () => {
  const { running, call } = setUp();
  expect(call('').code).toBe('invalid_argument');
  expect(call('k'.repeat(257)).code).toBe('invalid_argument');
  expect(running).toHaveLength(0);
});

test('the oldest answer gives way; when all are still running, one more is refused', () => {
  const { table, running, call, answer } = setUp({ maxEntries: 2 });
  call('a');
  answer(0);
  call('b');
  answer(1);
  call('c');
  expect(table.size).toBe(2);
  call('b');
  expect(running).toHaveLength(3);
  call('a');
  expect(running).toHaveLength(4);
  const refused = call('d');
  expect(refused.code).toBe('resource_exhausted');
  expect(refused.trailer?.error?.retryable).toBe(true);
});

test('all answers together are bounded in bytes', () => {
  const { table, call, answer } = setUp({ maxBytes: 4_000 });
  for (let i = 0; i < 20; i++) {
    call(`${i}`);
    answer(i, 'x'.repeat(1_000));
    expect(table.bytes).toBeLessThanOrEqual(4_000);
  }
  expect(table.size).toBe(2);
});

test('a long remembered answer is given as fast as its client reads', () => {
  const { table, call, begin, answer } = setUp();
  call('k');
  begin(0, utf8('one'));
  begin(0, utf8('two'));
  answer(0, 'three');
  const slow = new ScriptedServerCall({ metadata: { [idempotencyKey]: 'k' } });
  slow.hasRoom = false;
  table.handle(slow, () => {});
  slow.message(utf8('q'));
  slow.halfClose();
  expect(texts(slow)).toEqual(['one']);
  slow.sink.onWritable();
  slow.sink.onWritable();
  expect(texts(slow)).toEqual(['one', 'two', 'three']);
  expect(slow.code).toBe('ok');
});

test('whatever duplicates do, each key runs once at a time, all are answered alike and the bytes add up', () => {
  const actions = fc.array(
    fc.tuple(
      fc.constantFrom('call', 'call', 'call', 'answer', 'fail', 'cancel', 'break', 'wait'),
      fc.nat(3),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(actions, (script) => {
      const { clock, table, running, call, answer } = setUp({ ttlMs: 100, maxEntries: 3 });
      const calls: ScriptedServerCall[] = [];
      const over = new Set<ScriptedServerCall>();
      const open = () => calls.filter((each) => !each.trailer && !over.has(each));
      for (const [action, index] of script) {
        const one = open()[index];
        if (action === 'call') calls.push(call(`${index}`, `${index}`));
        else if (action === 'answer') answer(index % Math.max(1, running.length), `${index}`);
        else if (action === 'fail') {
          answer(index % Math.max(1, running.length), '', new RpcError('aborted', 'later'));
        } else if (action === 'wait') clock.advance(60);
        else if (one) {
          over.add(one);
          one.cancel(new RpcError(action === 'cancel' ? 'canceled' : 'unavailable', 'gone'));
        }
        expect(table.size).toBeLessThanOrEqual(3);
      }
      for (let i = 0; i < running.length; i++) answer(i);
      expect(open()).toEqual([]);
      clock.advance(101);
      table.handle(new ScriptedServerCall({ metadata: { [idempotencyKey]: 'last' } }), () => {});
      expect(table.size).toBe(1);
      expect(table.bytes).toBe(512);
    }),
    { numRuns: 300 },
  );
});

test('over a connection: two calls with one key, one run, two answers', async () => {
  let runs = 0;
  const handler = deduplicate()((call) => {
    runs++;
    let request = '';
    call.sink = {
      onMessage: (bytes) => {
        request = new TextDecoder().decode(bytes);
      },
      onHalfClose: () => {
        call.sendMessage(utf8(`${request}!`));
        call.sendEnd(okTrailer);
      },
      onCancel: () => {},
      onWritable: () => {},
    };
  });
  const client = connectMemory({ handler });
  const options = testOpenOptions({ metadata: Metadata.from({ [idempotencyKey]: 'k' }) });
  const sinks = [new RecordingSink(), new RecordingSink()];
  for (const sink of sinks) {
    const call = client.open(testMethod(), options, sink);
    call.sendMessage(utf8('pay'));
    call.sendEnd();
  }
  for (const sink of sinks) {
    await sink.end;
    expect(sink.code).toBe('ok');
    expect(sink.texts).toEqual(['pay!']);
  }
  expect(runs).toBe(1);
  await client.close();
});
