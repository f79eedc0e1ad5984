import { expect, test } from 'bun:test';
import type { Transport } from '../core/call.ts';
import { isRefused } from '../core/refused.ts';
import { RpcError } from '../rpc-error.ts';
import { collectWarnings } from '../testing/collect-warnings.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedServerCall } from '../testing/scripted-server-call.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { audit } from './auth/audit.ts';
import { bearerClient } from './auth/bearer.ts';
import { breaker } from './breaker.ts';
import { limitConcurrency } from './concurrency.ts';
import { deduplicate } from './deduplicate.ts';
import { hedge } from './hedge.ts';
import { retry } from './retry.ts';

/* Hooks of an application that throw: calls end as they would have, and the process is warned. */

const fault = new Error('the hook is broken');
const hook = (): never => {
  throw fault;
};
const unavailable = new RpcError('unavailable', 'down');
const unknownMethod = testMethod({ idempotency: 'idempotent' });

function open(transport: Transport, method = unknownMethod): RecordingSink {
  const sink = new RecordingSink();
  const call = transport.open(method, testOpenOptions(), sink);
  call.sendMessage(utf8('x'));
  call.sendEnd();
  return sink;
}

/** Opens throw, until they are let. */
class ThrowingTransport extends ScriptedTransport {
  throws = true;

  override open(...call: Parameters<ScriptedTransport['open']>): ReturnType<Transport['open']> {
    if (this.throws) throw fault;
    return super.open(...call);
  }
}

test('onRetry', async () => {
  const peer = new ScriptedTransport();
  const clock = new ManualClock();
  const warnings = await collectWarnings(async () => {
    const sink = open(retry({ onRetry: hook, clock })(peer));
    peer.call(0).end(unavailable);
    clock.advance(1_000);
    peer.call(1).end();
    expect(sink.code).toBe('ok');
  });
  expect(warnings).toEqual([expect.stringContaining('onRetry threw an error')]);
});

test('isIdempotent of retry: the call is not repeated', async () => {
  const peer = new ScriptedTransport();
  const warnings = await collectWarnings(async () => {
    const sink = open(retry({ isIdempotent: hook })(peer));
    peer.call(0).end(unavailable);
    expect(sink.code).toBe('unavailable');
  });
  expect(warnings).toHaveLength(1);
});

test('an attempt that cannot be opened ends its call, also after a wait', async () => {
  const peer = new ThrowingTransport();
  const clock = new ManualClock();
  const transport = retry({ clock })(peer);
  expect((await open(transport).end).error?.cause).toBe(fault);
  peer.throws = false;
  const sink = open(transport);
  peer.call(0).end(unavailable);
  peer.throws = true;
  clock.advance(1_000);
  expect((await sink.end).error?.cause).toBe(fault);
});

test('delayMs of hedge: the call is sent once', async () => {
  const peer = new ScriptedTransport();
  const warnings = await collectWarnings(async () => {
    const sink = open(hedge({ delayMs: hook, clock: new ManualClock() })(peer));
    peer.call(0).end(unavailable);
    expect(sink.code).toBe('unavailable');
  });
  expect(peer.calls).toHaveLength(1);
  expect(warnings).toHaveLength(1);
});

test('onChange of a breaker', async () => {
  const peer = new ScriptedTransport();
  const warnings = await collectWarnings(async () => {
    const sink = open(breaker({ failures: 1, onChange: hook, clock: new ManualClock() })(peer));
    peer.call(0).end(unavailable);
    expect(sink.code).toBe('unavailable');
  });
  expect(warnings).toEqual([expect.stringContaining('onChange of a breaker')]);
});

test('a call that cannot be opened gives its place back', async () => {
  const peer = new ThrowingTransport();
  const transport = limitConcurrency({ maxInFlight: 1, clock: new ManualClock() })(peer);
  const first = open(transport);
  const second = open(transport);
  expect((await first.end).error?.cause).toBe(fault);
  expect((await second.end).error?.cause).toBe(fault);
});

test('a source of tokens that throws at once: the call was not sent', async () => {
  const peer = new ScriptedTransport();
  const { error } = await open(bearerClient({ token: hook })(peer)).end;
  expect(error?.cause).toBe(fault);
  expect(error?.message).toContain('see the cause');
  expect(isRefused(error as RpcError)).toBe(true);
  expect(peer.calls).toHaveLength(0);
});

test('remembers of deduplicate: the failure is not remembered', async () => {
  const warnings = await collectWarnings(async () => {
    const handler = deduplicate({ remembers: hook, clock: new ManualClock() })((call) =>
      call.sendEnd({ error: unavailable, metadata: call.metadata }),
    );
    const call = new ScriptedServerCall({ metadata: { 'idempotency-key': 'k' } });
    handler(call);
    expect(call.code).toBe('unavailable');
  });
  expect(warnings).toHaveLength(1);
});

test.each([
  [{ record: hook }, 'record of audit'],
  [{ record: hook, onFailure: hook }, 'an interceptor at the end of /test.Service/Method'],
])('an audit that throws', async (options, who) => {
  const warnings = await collectWarnings(async () => {
    const call = new ScriptedServerCall();
    audit(options)((given) => given.sendEnd({ error: undefined, metadata: given.metadata }))(call);
    expect(call.code).toBe('ok');
  });
  expect(warnings).toEqual([expect.stringContaining(who)]);
});
