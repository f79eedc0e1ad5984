import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { OpenOptions } from '../core/call.ts';
import { isRefused, markRefused } from '../core/refused.ts';
import { breaker } from '../interceptors/breaker.ts';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedReadyTransport } from '../testing/scripted-ready-transport.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { type BalanceOptions, balance } from './balance.ts';
import { type Endpoint, EndpointList } from './endpoints.ts';
import { leastPending } from './least-pending.ts';

const method = testMethod();

function refusal(): RpcError {
  return markRefused(new RpcError('unavailable', 'the peer is going away'));
}

/** `a`, `b b b`, `a/1`: addresses, each with its priority. */
function endpointsOf(text: string): Endpoint[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [address = '', priority] = word.split('/');
      return priority === undefined ? { address } : { address, priority: Number(priority) };
    });
}

/** A balancer over scripted transports; all are `ready` at once unless told otherwise. */
function setUp(text: string, options: Partial<BalanceOptions> = {}, isReady = true) {
  const clock = new ManualClock(1_000);
  const list = new EndpointList(endpointsOf(text));
  const made = new Map<string, ScriptedReadyTransport>();
  const transport = balance({
    endpoints: list,
    clock,
    random: () => 0,
    connect: ({ address }) => {
      const scripted = new ScriptedReadyTransport(isReady ? 'ready' : 'idle');
      made.set(address, scripted);
      return scripted;
    },
    ...options,
  });
  const at = (address: string) => made.get(address) as ScriptedReadyTransport;
  const open = (kind = method, changes: Partial<OpenOptions> = {}) => {
    const sink = new RecordingSink();
    const call = transport.open(kind, testOpenOptions(changes), sink);
    return { sink, call };
  };
  /** Where the calls have gone, in order of the addresses. */
  const counts = () =>
    [...made].map(([address, { calls }]) => `${address}${calls.length}`).join(' ');
  const states = () =>
    transport.status.map(({ address, state }) => `${address} ${state}`).join(', ');
  return { clock, list, transport, at, open, counts, states, made };
}

test('calls go round over the endpoints that are connected', () => {
  const { at, open, counts, transport } = setUp('a b c');
  at('b').become('connecting');
  for (let i = 0; i < 4; i++) open();
  expect(counts()).toBe('a2 b0 c2');
  expect(transport.status).toEqual([
    { address: 'a', priority: 0, state: 'ready', pending: 2 },
    { address: 'b', priority: 0, state: 'connecting', pending: 0 },
    { address: 'c', priority: 0, state: 'ready', pending: 2 },
  ]);
  at('a').call(0).end();
  expect(transport.status[0]?.pending).toBe(1);
});

test('the first call connects all, waits for the first of them, and keeps what it has sent', () => {
  const { clock, at, open, counts } = setUp('a b', {}, false);
  const { call, sink } = open();
  expect([at('a').connects, at('b').connects]).toEqual([1, 1]);
  expect(call.sendMessage(utf8('q'))).toBe(false);
  call.sendEnd();
  expect(counts()).toBe('a0 b0');
  at('b').become('ready');
  expect(counts()).toBe('a0 b1');
  expect(at('b').call(0).sent).toEqual([utf8('q')]);
  at('b').call(0).header();
  at('b').call(0).message(utf8('answer'));
  at('b').call(0).end();
  expect(sink.texts).toEqual(['answer']);
  expect(clock.pending).toBe(0);
});

test('when none can connect, calls go to one, so that they fail with its reason', () => {
  const { clock, at, open } = setUp('a', {}, false);
  const waiting = open();
  at('a').become('failed', clock.now() + 100);
  expect(at('a').calls).toHaveLength(1);
  const reason = new RpcError('unavailable', 'cannot connect to a: nobody listens');
  for (let i = 0; i < 5; i++) at('a').call(-1).end(markRefused(reason));
  expect(waiting.sink.trailer?.error).toBe(reason);
  expect(clock.pending).toBe(0);
});

test('a call does not wait longer than a second for an endpoint that connects', () => {
  const { clock, at, open, counts } = setUp('a b/1', {}, false);
  open();
  expect(counts()).toBe('a0 b0');
  clock.advance(999);
  expect(at('b').connects).toBe(0);
  clock.advance(1);
  expect(at('b').connects).toBe(1);
  at('b').become('ready');
  expect(counts()).toBe('a0 b1');
  at('a').become('ready');
  open();
  expect(counts()).toBe('a1 b1');
  expect(clock.pending).toBe(0);
});

test('calls go to the best priority that can be reached, and back to it', () => {
  const { clock, at, open, counts } = setUp('b/1 a/0 c/2');
  open();
  at('a').become('failed', clock.now() + 100);
  open();
  at('b').become('failed', clock.now() + 100);
  open();
  expect(counts()).toBe('b1 a1 c1');
  at('a').become('ready');
  open();
  expect(counts()).toBe('b1 a2 c1');
});

test('a lost connection is made again before a call needs it, but not in a tight loop', () => {
  const { clock, at, open } = setUp('a');
  const endpoint = at('a');
  endpoint.become('idle');
  expect(endpoint.readiness).toBe('connecting');
  endpoint.become('ready');
  endpoint.become('idle');
  expect(endpoint.connects).toBe(1);
  clock.advance(80);
  const { call } = open();
  expect(endpoint.connects).toBe(2);
  endpoint.become('ready');
  call.cancel(new RpcError('canceled', 'enough'));
  clock.advance(5_000);
  endpoint.become('idle');
  expect(endpoint.connects).toBe(3);
  expect(clock.pending).toBe(0);
});

test('a call that no service has seen is sent to another endpoint, whatever its method', () => {
  const { clock, at, open, counts } = setUp('a b');
  const { call, sink } = open();
  call.sendMessage(utf8('q'));
  call.sendEnd();
  at('a').call(0).end(refusal());
  expect(counts()).toBe('a1 b1');
  expect(at('b').call(0).sent).toEqual([utf8('q')]);
  at('b').call(0).end();
  expect(sink.code).toBe('ok');
  expect(clock.pending).toBe(0);
});

test('a call that a service has seen is not', () => {
  const { at, open, counts } = setUp('a b');
  const { sink } = open();
  at('a')
    .call(0)
    .end(new RpcError('unavailable', 'broken off', { retryable: true }));
  expect(sink.code).toBe('unavailable');
  expect(counts()).toBe('a1 b0');
});

test('an endpoint that refuses is left alone for a while, though it is the least busy', () => {
  const { clock, at, open, counts, states } = setUp('a b', { policy: leastPending() });
  open();
  at('a').call(0).end(refusal());
  expect(counts()).toBe('a1 b1');
  expect(states()).toBe('a refusing, b ready');
  open();
  open();
  expect(counts()).toBe('a1 b3');
  clock.advance(100);
  open();
  expect(counts()).toBe('a2 b3');
  at('a').call(1).end();
  expect(states()).toBe('a ready, b ready');
});

test('a refusal by a connection that is going away does not count against its endpoint', () => {
  const { at, open, counts, states } = setUp('a');
  open();
  at('a').become('idle');
  at('a').call(0).end(refusal());
  expect(states()).toBe('a connecting');
  at('a').become('ready');
  expect(counts()).toBe('a2');
});

test('calls go to what there is only while there is nothing better', () => {
  const { clock, at, open, counts } = setUp('a b');
  at('a').become('failed', clock.now() + 100);
  at('b').become('failed', clock.now() + 100);
  open();
  expect(counts()).toBe('a1 b0');
  at('b').become('ready');
  for (let i = 0; i < 4; i++) open();
  expect(counts()).toBe('a1 b4');
});

test('when all refuse, they are asked all the same, and the last refusal is told', async () => {
  const { clock, at, open, counts } = setUp('a b');
  const { sink } = open();
  while (!sink.trailer) (at('a').openCalls[0] ?? at('b').openCalls[0])?.end(refusal());
  expect(counts()).toBe('a3 b2');
  expect(sink.code).toBe('unavailable');
  expect(clock.pending).toBe(0);
});

test('an interceptor stands before each endpoint: a breaker opens for one alone', () => {
  const clock = new ManualClock();
  const { at, open, counts } = setUp('a b', {
    clock,
    interceptor: (next, { address }) => breaker({ clock, failures: 1, name: address })(next),
  });
  open();
  at('a').call(0).end(new RpcError('internal', 'broken'));
  for (let i = 0; i < 3; i++) open();
  expect(counts()).toBe('a1 b2');
});

test('an endpoint that says it does not serve gets no call, not even as the last one', async () => {
  const { transport, list } = setUp('');
  const report = new Map<string, (isServing: boolean | undefined) => void>();
  const stopped: string[] = [];
  const watched = setUp('a b', {
    health: {
      watch: ({ address }, _transport, onChange) => {
        report.set(address, onChange);
        return () => stopped.push(address);
      },
    },
  });
  watched.open();
  report.get('b')?.(false);
  watched.open();
  watched.open();
  expect(watched.counts()).toBe('a3 b0');
  expect(watched.states()).toBe('a ready, b not-serving');
  report.get('a')?.(false);
  const { sink } = watched.open();
  const { error } = await sink.end;
  expect(error?.message).toBe('no endpoint takes calls: a is not-serving, b is not-serving');
  expect(error !== undefined && isRefused(error)).toBe(true);
  report.get('b')?.(true);
  watched.open();
  expect(watched.counts()).toBe('a3 b1');
  await watched.transport.close();
  expect(stopped).toEqual(['a', 'b']);
  await transport.close();
  expect(list.current).toEqual([]);
});

test('an outlier gets no call while there are others', () => {
  const { clock, at, open, states } = setUp('a b', {
    outliers: {
      successRate: false,
      failurePercentage: { minEndpoints: 2, minCalls: 5 },
    },
  });
  for (let i = 0; i < 10; i++) {
    open();
    at('a').call(-1).end(new RpcError('internal', 'broken'));
    open();
    at('b').call(-1).end();
  }
  clock.advance(10_000);
  open();
  at('a').call(-1).end(new RpcError('not_found', 'not its fault'));
  expect(states()).toBe('a ejected, b ready');
  const before = at('a').calls.length;
  for (let i = 0; i < 4; i++) open();
  expect(at('a').calls).toHaveLength(before);
  at('b').become('failed', clock.now() + 100);
  open();
  open();
  expect(at('a').calls.length).toBeGreaterThan(before);
});

test('endpoints that come get calls; those that go get none, and end with their last one', async () => {
  const { list, at, open, counts } = setUp('a b');
  open();
  list.set(endpointsOf('b c'));
  for (let i = 0; i < 2; i++) open();
  expect(counts()).toBe('a1 b1 c1');
  expect(at('a').closed).toBe(true);
  expect(at('a').listeners).toBe(0);
  expect(at('a').call(0).cancelledWith).toBeUndefined();
  at('a').call(0).end();
  list.set([
    { address: 'b', priority: 1 },
    { address: 'c', priority: 0 },
    { address: 'c', priority: 0 },
  ]);
  for (let i = 0; i < 2; i++) open();
  expect(counts()).toBe('a1 b1 c3');
  expect(at('b').closed).toBe(false);
});

test('more endpoints than the limit are not used', () => {
  const { transport } = setUp('a b c', { maxEndpoints: 2 });
  expect(transport.status.map(({ address }) => address)).toEqual(['a', 'b']);
});

test('without an endpoint a call fails, or waits for one if it is told to', async () => {
  const failing = setUp('');
  const { error } = await failing.open().sink.end;
  expect(error?.message).toBe('no endpoint takes calls: there is none');
  expect(error?.retryable).toBe(true);

  const { clock, list, at, open } = setUp('', {
    waitForReady: ({ name }) => name === 'Method',
  });
  const waiting = open();
  waiting.call.sendMessage(utf8('q'));
  expect((await open(testMethod({ name: 'Other' })).sink.end).error?.code).toBe('unavailable');
  list.set(endpointsOf('a'));
  expect(at('a').call(0).sent).toEqual([utf8('q')]);
  expect(clock.pending).toBe(0);
});

test('a call says itself whether it waits, and waits for all endpoints', async () => {
  const { list, at, open } = setUp('', { waitForReady: true });
  const { error } = await open(method, { waitForReady: false }).sink.end;
  expect(error?.code).toBe('unavailable');
  open(method, { waitForReady: true });
  list.set(endpointsOf('a'));
  expect(at('a').call(0).options.waitForReady).toBe(false);
});

test('a call that waits for readiness outlasts failures to connect, up to its limit', () => {
  const { clock, at, open } = setUp('a', { waitForReady: true, maxWaitMs: 5_000 }, false);
  const patient = open();
  at('a').become('failed', clock.now() + 100);
  expect(at('a').calls).toHaveLength(0);
  // Its back-off has passed, and nobody tells of that but the clock.
  at('a').become('failed', clock.now() + 200);
  clock.advance(199);
  expect(at('a').connects).toBe(1);
  const { sink } = open();
  clock.advance(4_801);
  expect(patient.sink.code).toBe('unavailable');
  expect(patient.sink.trailer?.error?.message).toBe('no endpoint takes calls: a is failed');
  at('a').become('ready');
  expect(at('a').calls).toHaveLength(1);
  at('a').call(0).end();
  expect(sink.code).toBe('ok');
  expect(clock.pending).toBe(0);
});

test('the back-off of an endpoint ends while calls wait, and it connects again', () => {
  const { clock, at, open } = setUp('a', { waitForReady: true }, false);
  open();
  at('a').become('failed', clock.now() + 100);
  clock.schedule(100, () => at('a').become('idle'));
  clock.advance(100);
  expect(at('a').connects).toBe(2);
  at('a').become('ready');
  expect(at('a').calls).toHaveLength(1);
});

test('the calls that wait, and what they hold, are bounded', async () => {
  const { open } = setUp('a', { waitForReady: true, maxWaiting: 2, maxWaitingBytes: 10 }, false);
  const [one, two] = [open(), open()];
  expect((await open().sink.end).error?.code).toBe('unavailable');
  one.call.sendMessage(new Uint8Array(6));
  two.call.sendMessage(new Uint8Array(6));
  expect(two.sink.code).toBe('resource_exhausted');
  expect(one.sink.code).toBeUndefined();
});

test('cancelling a call that waits leaves nothing, and one that runs is cancelled', () => {
  const { clock, at, open } = setUp('a', {}, false);
  const error = new RpcError('canceled', 'enough');
  const waiting = open();
  waiting.call.cancel(error);
  expect(waiting.sink.trailer?.error).toBe(error);
  expect(clock.pending).toBe(0);
  at('a').become('ready');
  expect(at('a').calls).toHaveLength(0);
  const running = open();
  running.call.cancel(error);
  expect(at('a').call(0).cancelledWith).toBe(error);
});

test('closing ends what waits, closes every endpoint and takes no further call', async () => {
  const { clock, list, transport, at, open } = setUp('a b', { waitForReady: true }, false);
  const { sink } = open();
  await transport.close();
  expect(sink.trailer?.error?.message).toBe('the client is closed');
  expect([at('a').closed, at('b').closed]).toEqual([true, true]);
  list.set(endpointsOf('c'));
  expect(transport.status).toEqual([]);
  expect((await open().sink.end).error?.message).toBe('the client is closed');
  expect(clock.pending).toBe(0);
});

test('plain transports are taken to be ready, and are left alone when they refuse', () => {
  const made = [new ScriptedTransport(), new ScriptedTransport()];
  let next = 0;
  const { clock, open, states } = setUp('a b', {
    connect: () => made[next++] as ScriptedTransport,
  });
  open();
  made[0]?.call(0).end(refusal());
  expect(states()).toBe('a refusing, b ready');
  open();
  expect(made.map(({ calls }) => calls.length)).toEqual([1, 2]);
  clock.advance(80);
  open();
  open();
  expect(made.map(({ calls }) => calls.length)).toEqual([2, 3]);
});

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('open', 'open', 'open', 'send', 'cancel', 'end', 'refuse', 'answer', 'wait'),
    fc.constantFrom('ready', 'idle', 'failed', 'less', 'more'),
    fc.nat(5),
  ),
  { maxLength: 60 },
);

test('whatever endpoints and calls do, each call ends once, in order, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (script, waitForReady) => {
      const { clock, list, transport, made, open } = setUp('a b/1 c/1', { waitForReady }, false);
      const all: (ReturnType<typeof open> & { sent: string[] })[] = [];
      const scripted = () => [...made.values()];
      for (const [step, change, index] of script) {
        const one = all[index % Math.max(1, all.length)];
        const running = scripted().flatMap(({ openCalls }) => openCalls);
        const call = running[index % Math.max(1, running.length)];
        const endpoint = scripted()[index % made.size];
        if (step === 'open') all.push({ ...open(), sent: [] });
        else if (step === 'send' && one && !one.sink.trailer) {
          one.sent.push(`${one.sent.length}`);
          one.call.sendMessage(utf8(one.sent.at(-1) ?? ''));
        } else if (step === 'cancel') one?.call.cancel(new RpcError('canceled', 'enough'));
        else if (step === 'end') call?.end();
        else if (step === 'refuse') call?.end(refusal());
        else if (step === 'answer') call?.message(utf8('answer'));
        else if (step === 'wait') clock.advance(400);
        if (endpoint && endpoint.readiness !== 'closed') {
          if (change === 'ready') endpoint.become('ready');
          else if (change === 'idle' && endpoint.readiness === 'ready') endpoint.become('idle');
          else if (change === 'failed') endpoint.become('failed', clock.now() + 100);
        }
        if (change === 'less') list.set(list.current.slice(1));
        if (change === 'more') list.set([...list.current, { address: `${index}` }]);
      }
      await transport.close();
      for (const { openCalls } of scripted()) for (const call of openCalls) call.end();
      for (const { sink } of all) await sink.end;
      expect(clock.pending).toBe(0);
      for (const { listeners } of scripted()) expect(listeners).toBe(0);
      for (const { calls } of scripted()) {
        for (const { sent } of calls) {
          const texts = sent.map((bytes) => new TextDecoder().decode(bytes));
          expect(texts).toEqual(texts.map((_, i) => `${i}`));
        }
      }
    }),
    { numRuns: 150 },
  );
});
