import { expect, test } from 'bun:test';
import { Metadata } from '../../core/metadata.ts';
import type { MethodKind } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';
import { type ScriptedCall, ScriptedTransport } from '../../testing/scripted-transport.ts';
import { testMethod } from '../../testing/test-method.ts';
import type { BenchPlan } from './bench-call.ts';
import { type BenchOptions, type BenchRun, runBench } from './run-bench.ts';

/** A clock that only the scripted server moves. */
class Clock {
  ms = 0;
  readonly now = (): number => this.ms;
}

function run(
  clock: Clock,
  script: (call: ScriptedCall) => void,
  options: Partial<Omit<BenchOptions, 'plan'>> & { readonly plan?: Partial<BenchPlan> },
): { readonly transport: ScriptedTransport; readonly ended: Promise<BenchRun> } {
  const transport = new ScriptedTransport(script);
  const plan: BenchPlan = {
    method: testMethod(),
    requests: [new Uint8Array([1, 2, 3])],
    messagesPerCall: 1,
    pingPong: false,
    openOptions: { metadata: Metadata.empty },
    timeoutMs: Number.POSITIVE_INFINITY,
    now: clock.now,
    ...options.plan,
  };
  const ended = runBench({
    loop: { kind: 'closed', concurrency: 1 },
    transports: [transport],
    warmUpMs: 0,
    durationMs: 100,
    drainMs: 0,
    signal: new AbortController().signal,
    ...options,
    plan,
  });
  return { transport, ended };
}

/** Answers each call after so many milliseconds of the clock. */
function after(clock: Clock, ms: number): (call: ScriptedCall) => void {
  return (call) => {
    clock.ms += ms;
    call.message(new Uint8Array(2));
    call.end();
  };
}

test('a closed loop begins the next call when one has ended', async () => {
  const clock = new Clock();
  const { results, measuredMs, endedOk } = await run(clock, after(clock, 10), {}).ended;
  expect({ ok: results.ok, endedOk, measuredMs }).toEqual({ ok: 10, endedOk: 10, measuredMs: 100 });
  expect([results.latency.minMs, results.latency.maxMs]).toEqual([10, 10]);
  expect([results.messagesSent, results.bytesSent]).toEqual([10, 30]);
  expect([results.messagesReceived, results.bytesReceived]).toEqual([10, 20]);
});

test('an open loop counts from when a call was due, not from when it could begin', async () => {
  const clock = new Clock();
  const { results } = await run(clock, after(clock, 10), {
    loop: { kind: 'open', perSecond: 1_000, maxInFlight: 1 },
  }).ended;
  // Due at 0, 1, 2 … ms, each takes 10 ms, one after the other: the tenth ends after 91.
  expect(results.ok).toBe(10);
  expect([results.latency.minMs, results.latency.maxMs]).toEqual([10, 91]);
  expect(results.latency.meanMs).toBeCloseTo(50.5);
  expect([results.lateness.minMs, results.lateness.maxMs]).toEqual([0, 81]);
  expect(results.unsent).toBe(90);
});

test('the warm-up is not measured', async () => {
  const clock = new Clock();
  const options = { warmUpMs: 40, durationMs: 60 };
  const { results, measuredMs } = await run(clock, after(clock, 10), options).ended;
  expect([results.ok, measuredMs]).toEqual([6, 60]);
});

test('failures are counted by their codes, the most frequent first', async () => {
  const clock = new Clock();
  let calls = 0;
  const script = (call: ScriptedCall): void => {
    clock.ms += 10;
    calls += 1;
    if (calls === 1) call.end(new RpcError('not_found', 'none'));
    else call.end(new RpcError('unavailable', `busy ${calls}`));
  };
  const { results, endedOk } = await run(clock, script, {}).ended;
  expect(results.failures).toEqual([
    { code: 'unavailable', count: 9, message: 'busy 2' },
    { code: 'not_found', count: 1, message: 'none' },
  ]);
  expect([results.ok, results.failedCount, endedOk]).toEqual([0, 10, 0]);
  expect(results.latency.count).toBe(10);
});

test('calls that never end are given up, and count with their time so far', async () => {
  const clock = new Clock();
  const silent = (): void => {
    clock.ms = 100;
  };
  const loop = { kind: 'closed', concurrency: 3 } as const;
  const { transport, ended } = run(clock, silent, { loop, durationMs: 1 });
  const { results } = await ended;
  expect([results.unfinished, results.latency.count, results.ok]).toEqual([3, 3, 0]);
  expect(transport.calls.map((call) => call.cancelledWith?.code)).toEqual(
    Array(3).fill('canceled'),
  );
});

test('an abort ends the run with what was measured', async () => {
  const clock = new Clock();
  const abort = new AbortController();
  const script = (call: ScriptedCall): void => {
    clock.ms += 10;
    if (clock.ms === 50) abort.abort();
    call.end();
  };
  const { results, measuredMs } = await run(clock, script, { signal: abort.signal }).ended;
  expect(results.ok).toBe(5);
  expect(measuredMs).toBe(50);
});

test('transports take turns', async () => {
  const clock = new Clock();
  const others = [1, 2].map(() => new ScriptedTransport(after(clock, 10)));
  await run(clock, () => {}, { transports: others }).ended;
  expect(others.map(({ calls }) => calls.length)).toEqual([5, 5]);
});

test('a stream sends as the transport has room, and is one call', async () => {
  const clock = new Clock();
  const kind: MethodKind = 'client-stream';
  const script = (call: ScriptedCall): void => {
    while (!call.halfClosed) call.writable();
    clock.ms = 100;
    call.end();
  };
  const plan = {
    method: testMethod({ kind }),
    requests: [new Uint8Array([1]), new Uint8Array([2])],
    messagesPerCall: 5,
  };
  const { transport, ended } = run(clock, script, { plan });
  const { results } = await ended;
  expect(transport.call(0).sent.map(([byte]) => byte)).toEqual([1, 2, 1, 2, 1]);
  expect([results.ok, results.messagesSent]).toEqual([1, 5]);
});

test('ping-pong waits for each answer, and measures it', async () => {
  const clock = new Clock();
  const sentAtOnce: number[] = [];
  const script = (call: ScriptedCall): void => {
    while (!call.halfClosed) {
      sentAtOnce.push(call.sent.length);
      clock.ms += 7;
      call.message(new Uint8Array(1));
    }
    clock.ms = 100;
    call.end();
  };
  const plan = {
    method: testMethod({ kind: 'bidi-stream' as const }),
    messagesPerCall: 3,
    pingPong: true,
  };
  const { results } = await run(clock, script, { plan }).ended;
  expect(sentAtOnce).toEqual([1, 2]);
  expect(results.roundTrip.count).toBe(2);
  expect([results.roundTrip.maxMs, results.firstMessage.maxMs]).toEqual([7, 7]);
});
