import { expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions } from '../testing/test-method.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { okTrailer } from './call.ts';
import type { Connection } from './connection.ts';
import { isReadyTransport } from './ready-transport.ts';
import { ReconnectingTransport } from './reconnecting.ts';
import { isRefused } from './refused.ts';

/** A transport whose dialling the test decides about, one attempt at a time. */
function setUp() {
  const clock = new ManualClock();
  const dials: { resolve: (made: Connection) => void; reject: (error: Error) => void }[] = [];
  const signals: AbortSignal[] = [];
  const transport = new ReconnectingTransport({
    address: 'test',
    dial: (signal) => {
      signals.push(signal);
      const dial = Promise.withResolvers<Connection>();
      dials.push(dial);
      return dial.promise;
    },
    limits: { maxQueuedCalls: 3, maxQueuedBytes: 100 },
    clock,
    random: () => 0.5,
  });
  const changes: string[] = [];
  const stop = transport.onReadiness(() => changes.push(transport.readiness));
  return { transport, dials, signals, changes, stop, clock };
}

function connection(): Connection {
  return connectMemory({ handler: (call) => call.sendEnd(okTrailer) });
}

test('it connects when told to, once, and says when it is ready and when it is not any more', async () => {
  const { transport, dials, changes, stop } = setUp();
  expect(isReadyTransport(transport)).toBe(true);
  expect(isReadyTransport(new ScriptedTransport())).toBe(false);
  expect(transport.readiness).toBe('idle');
  transport.connect();
  transport.connect();
  expect(dials).toHaveLength(1);
  expect(transport.readiness).toBe('connecting');
  const made = connection();
  dials[0]?.resolve(made);
  await Promise.resolve();
  await Promise.resolve();
  expect(changes).toEqual(['ready']);
  await made.close();
  await Promise.resolve();
  expect(changes).toEqual(['ready', 'idle']);
  stop();
  await transport.close();
  expect(transport.readiness).toBe('closed');
  expect(changes).toHaveLength(2);
});

test('after a failure it is not idle before its back-off has passed', async () => {
  const { transport, dials, changes, clock } = setUp();
  transport.connect();
  dials[0]?.reject(new Error('nobody listens'));
  await Promise.resolve();
  await Promise.resolve();
  expect(changes).toEqual(['failed']);
  expect(transport.retryAt).toBe(100);
  clock.advance(99);
  transport.connect();
  expect(dials).toHaveLength(1);
  clock.advance(1);
  expect(transport.readiness).toBe('idle');
  transport.connect();
  expect(dials).toHaveLength(2);
});

test('a call that stops waiting ends the dialling only where nobody else wants it', () => {
  const told = setUp();
  told.transport.connect();
  const error = new RpcError('canceled', 'enough');
  told.transport.open(testMethod(), testOpenOptions(), new RecordingSink()).cancel(error);
  expect(told.signals[0]?.aborted).toBe(false);
  const called = setUp();
  called.transport.open(testMethod(), testOpenOptions(), new RecordingSink()).cancel(error);
  expect(called.signals[0]?.aborted).toBe(true);
  expect(called.transport.readiness).toBe('idle');
});

test('calls that wait for a connection are bounded, in number and in what they hold', async () => {
  const { transport, dials } = setUp();
  const open = () => {
    const sink = new RecordingSink();
    return { sink, call: transport.open(testMethod(), testOpenOptions(), sink) };
  };
  const [one, two, three, four] = [open(), open(), open(), open()];
  one.call.sendMessage(new Uint8Array(60));
  two.call.sendMessage(new Uint8Array(60));
  for (const { sink } of [two, four]) {
    const { error } = await sink.end;
    expect([error?.code, error?.retryable]).toEqual(['resource_exhausted', true]);
    expect(isRefused(error as RpcError)).toBe(true);
  }
  const five = open();
  dials[0]?.resolve(connection());
  for (const { call, sink } of [one, three, five]) {
    call.sendEnd();
    await sink.end;
    expect(sink.code).toBe('ok');
  }
  await transport.close();
});

test('a call that waits for readiness outlasts failures to connect, which are tried again', async () => {
  const { transport, dials, clock } = setUp();
  const patient = new RecordingSink();
  const impatient = new RecordingSink();
  const call = transport.open(testMethod(), testOpenOptions({ waitForReady: true }), patient);
  transport.open(testMethod(), testOpenOptions(), impatient);
  dials[0]?.reject(new Error('nobody listens'));
  expect((await impatient.end).error?.code).toBe('unavailable');
  expect(clock.nextDelayMs).toBe(100);
  clock.advance(100);
  expect(dials).toHaveLength(2);
  dials[1]?.reject(new Error('nobody listens'));
  await Promise.resolve();
  await Promise.resolve();
  expect(transport.readiness).toBe('failed');
  const late = new RecordingSink();
  transport.open(testMethod(), testOpenOptions({ waitForReady: true }), late);
  clock.advance(200);
  dials[2]?.resolve(connection());
  call.sendEnd();
  expect((await patient.end).error).toBeUndefined();
  expect((await late.end).error).toBeUndefined();
  expect(clock.pending).toBe(0);
  await transport.close();
});

test('a call that waits for readiness ends at its deadline, with the reason, and so does the waiting', async () => {
  const { transport, dials, clock } = setUp();
  const sink = new RecordingSink();
  const call = transport.open(testMethod(), testOpenOptions({ waitForReady: true }), sink);
  dials[0]?.reject(new Error('nobody listens'));
  await Promise.resolve();
  await Promise.resolve();
  call.cancel(new RpcError('deadline_exceeded', 'too late'));
  expect(sink.trailer?.error?.message).toBe('too late; cannot connect to test: nobody listens');
  expect(clock.pending).toBe(0);
});

test('closing ends the calls that wait for readiness', async () => {
  const { transport, dials, clock } = setUp();
  const sink = new RecordingSink();
  transport.open(testMethod(), testOpenOptions({ waitForReady: true }), sink);
  dials[0]?.reject(new Error('nobody listens'));
  await Promise.resolve();
  await Promise.resolve();
  await transport.close();
  expect(sink.code).toBe('unavailable');
  expect(clock.pending).toBe(0);
});
