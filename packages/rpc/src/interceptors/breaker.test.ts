import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isRefused } from '../core/refused.ts';
import { type Code, RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { type BreakerOptions, type BreakerState, createBreaker } from './breaker.ts';

function setUp(options: BreakerOptions = {}) {
  const clock = new ManualClock();
  const changes: BreakerState[] = [];
  const circuit = createBreaker({ clock, onChange: (state) => changes.push(state), ...options });
  const peer = new ScriptedTransport();
  const transport = circuit.interceptor(peer);
  const open = () => {
    const sink = new RecordingSink();
    const call = transport.open(testMethod(), testOpenOptions(), sink);
    return { sink, call };
  };
  const fail = (code: Code = 'unavailable', times = 1) => {
    for (let i = 0; i < times; i++) {
      open();
      peer.call(-1).end(new RpcError(code, 'it failed'));
    }
  };
  const succeed = () => {
    open();
    peer.call(-1).end();
  };
  return { clock, changes, circuit, peer, transport, open, fail, succeed };
}

test('five failures within 60 s open it, and calls then end at once, refused', async () => {
  const { changes, circuit, peer, open, fail } = setUp({ name: 'the billing service' });
  fail('unavailable', 4);
  expect(circuit.state).toBe('closed');
  fail('internal');
  expect(circuit.state).toBe('open');
  const { sink } = open();
  expect(peer.calls).toHaveLength(5);
  const { error } = await sink.end;
  expect(error?.code).toBe('unavailable');
  expect(error?.message).toBe(
    'the billing service has failed too often; it is asked again in 30000 ms',
  );
  expect(error !== undefined && isRefused(error)).toBe(true);
  expect(changes).toEqual(['open']);
});

test('five failures over more than 60 s do not', () => {
  const { clock, circuit, fail } = setUp();
  fail();
  clock.advance(60_001);
  fail('unavailable', 4);
  expect(circuit.state).toBe('closed');
  fail();
  expect(circuit.state).toBe('open');
});

test('only codes that speak of the server count', () => {
  const { circuit, fail } = setUp();
  for (const code of ['not_found', 'invalid_argument', 'canceled', 'resource_exhausted'] as const) {
    fail(code, 10);
  }
  expect(circuit.state).toBe('closed');
  const strict = setUp({ codes: ['resource_exhausted'] });
  strict.fail('unavailable', 10);
  expect(strict.circuit.state).toBe('closed');
  strict.fail('resource_exhausted', 5);
  expect(strict.circuit.state).toBe('open');
});

test('after 30 s three calls find out, and two successes close it', async () => {
  const { clock, changes, circuit, peer, open, fail } = setUp();
  fail('unavailable', 5);
  clock.advance(29_999);
  expect(circuit.state).toBe('open');
  clock.advance(1);
  expect(circuit.state).toBe('half-open');
  const probes = [open(), open(), open()];
  const fourth = open();
  expect((await fourth.sink.end).error?.message).toContain('other calls find out');
  expect(peer.calls).toHaveLength(8);
  peer.call(5).end();
  expect(circuit.state).toBe('half-open');
  peer.call(6).end();
  expect(circuit.state).toBe('closed');
  expect(changes).toEqual(['open', 'half-open', 'closed']);
  peer.call(7).end(new RpcError('unavailable', 'still shaky'));
  expect(circuit.state).toBe('closed');
  expect(probes.map(({ sink }) => sink.code)).toEqual(['ok', 'ok', 'unavailable']);
});

test('one failure of those opens it again, for the whole time', () => {
  const { clock, circuit, open, peer, fail, succeed } = setUp();
  fail('unavailable', 5);
  clock.advance(30_000);
  succeed();
  open();
  peer.call(-1).end(new RpcError('deadline_exceeded', 'too slow'));
  expect(circuit.state).toBe('open');
  clock.advance(29_999);
  expect(circuit.state).toBe('open');
});

test('what began before it opened says nothing about the server later', () => {
  const { clock, circuit, open, peer, fail } = setUp();
  open();
  const early = peer.call(0);
  fail('unavailable', 5);
  clock.advance(30_000);
  expect(circuit.state).toBe('half-open');
  early.end(new RpcError('unavailable', 'from before'));
  expect(circuit.state).toBe('half-open');
});

test('a call that its caller cancels frees its place and decides nothing', () => {
  const { clock, circuit, open, peer, fail } = setUp();
  fail('unavailable', 5);
  clock.advance(30_000);
  for (let i = 0; i < 3; i++) open().call.cancel(new RpcError('canceled', 'enough'));
  expect(circuit.state).toBe('half-open');
  open();
  open();
  open();
  expect(peer.calls).toHaveLength(11);
});

test('calls that never end do not keep it half-open for ever', () => {
  const { clock, circuit, open, peer, fail, succeed } = setUp();
  fail('unavailable', 5);
  clock.advance(30_000);
  for (let i = 0; i < 3; i++) open();
  clock.advance(30_000);
  succeed();
  succeed();
  expect(circuit.state).toBe('closed');
  peer.call(5).end(new RpcError('unavailable', 'at last'));
  expect(circuit.state).toBe('closed');
});

test('a stream succeeds with its first message, once, and may still fail', () => {
  const { clock, circuit, open, peer, fail } = setUp();
  fail('unavailable', 5);
  clock.advance(30_000);
  open();
  const stream = peer.call(-1);
  stream.message(utf8('a'));
  stream.message(utf8('b'));
  expect(circuit.state).toBe('half-open');
  open();
  open();
  open();
  expect(peer.calls).toHaveLength(9);
  stream.end(new RpcError('unavailable', 'broken off'));
  expect(circuit.state).toBe('open');
});

test('a stream that has succeeded gives its place back once, however it ends', async () => {
  const { clock, open, peer, fail } = setUp({ successes: 9 });
  fail('unavailable', 5);
  clock.advance(30_000);
  for (const code of ['canceled', 'not_found'] as const) {
    open();
    peer.call(-1).message(utf8('a'));
    peer.call(-1).end(new RpcError(code, 'enough'));
  }
  for (let i = 0; i < 3; i++) open();
  expect((await open().sink.end).error?.code).toBe('unavailable');
});

test('closing closes what stands behind it', async () => {
  const { peer, transport } = setUp();
  await transport.close();
  expect(peer.closed).toBe(true);
});

test('whatever its calls do, at most three at once find out, and a refusal is never let through', () => {
  const actions = fc.array(
    fc.constantFrom('open', 'open', 'ok', 'wrong', 'cancel', 'message', 'fail'),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(actions, (script) => {
      const { clock, circuit, peer, open, fail } = setUp({ successes: 5 });
      fail('unavailable', 5);
      clock.advance(30_000);
      const answered = new Set<unknown>();
      let successes = 0;
      for (const action of script) {
        if (circuit.state !== 'half-open') break;
        const undecided = () => peer.openCalls.filter((call) => !answered.has(call));
        const before = undecided().length;
        const oldest = undecided()[0];
        if (action === 'open') {
          open();
          expect(undecided()).toHaveLength(Math.min(3, before + 1));
        } else if (oldest === undefined) continue;
        else if (action === 'cancel') oldest.cancel(new RpcError('canceled', 'enough'));
        else if (action === 'fail') {
          oldest.end(new RpcError('unavailable', 'down'));
          expect<BreakerState>(circuit.state).toBe('open');
        } else {
          successes++;
          answered.add(oldest);
          if (action === 'message') oldest.message(utf8('m'));
          else oldest.end(action === 'wrong' ? new RpcError('not_found', 'none') : undefined);
          const wanted: BreakerState = successes === 5 ? 'closed' : 'half-open';
          expect<BreakerState>(circuit.state).toBe(wanted);
        }
      }
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 200 },
  );
});
