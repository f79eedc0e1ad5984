import { expect, test } from 'bun:test';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedReadyTransport } from '../testing/scripted-ready-transport.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { connectionPool } from './connection-pool.ts';

function setUp(size: number, callsPerConnection: number) {
  const made: ScriptedReadyTransport[] = [];
  const pool = connectionPool({
    size,
    callsPerConnection,
    connect: () => {
      const transport = new ScriptedReadyTransport();
      made.push(transport);
      return transport;
    },
  });
  const open = () => {
    const sink = new RecordingSink();
    return { sink, call: pool.open(testMethod(), testOpenOptions(), sink) };
  };
  const counts = () => made.map(({ openCalls }) => openCalls.length);
  return { pool, made, open, counts };
}

test('another connection is made when all have many calls, and calls go to the one with the fewest', () => {
  const { made, open, counts } = setUp(2, 2);
  expect(made).toHaveLength(1);
  made[0]?.become('ready');
  for (let i = 0; i < 3; i++) open();
  expect(counts()).toEqual([3, 0]);
  expect(made[1]?.readiness).toBe('connecting');
  open();
  made[1]?.become('ready');
  for (let i = 0; i < 5; i++) open();
  expect(counts()).toEqual([5, 4]);
  made[0]?.call(0).message(utf8('a'));
  made[0]?.call(0).end();
  made[0]?.call(1).end();
  open();
  expect(counts()).toEqual([4, 4]);
});

test('a connection that was lost gets no call, and is made again when it is needed', () => {
  const { made, open, counts } = setUp(2, 1);
  made[0]?.become('ready');
  open();
  open();
  made[1]?.become('ready');
  open();
  expect(counts()).toEqual([2, 1]);
  made[1]?.become('idle');
  open();
  expect(counts()).toEqual([3, 1]);
  expect(made[1]?.readiness).toBe('connecting');
  expect(made).toHaveLength(2);
});

test('it is as ready as its best connection, and says so', () => {
  const { pool, made, open } = setUp(2, 1);
  const seen: string[] = [];
  const stop = pool.onReadiness(() => seen.push(pool.readiness));
  expect(pool.readiness).toBe('idle');
  pool.connect();
  expect(pool.readiness).toBe('connecting');
  made[0]?.become('ready');
  open();
  open();
  made[1]?.become('ready');
  made[0]?.become('failed', 70);
  made[1]?.become('failed', 50);
  expect(pool.retryAt).toBe(50);
  stop();
  made[0]?.become('ready');
  expect(seen).toEqual(['ready', 'ready', 'ready', 'failed']);
});

test('while none is ready, calls go to the first one, which knows why', () => {
  const { made, open, counts } = setUp(3, 1);
  open();
  made[0]?.become('failed', 100);
  open();
  expect(counts()).toEqual([2]);
});

test('transports that do not say how ready they are count as ready', async () => {
  const made: ScriptedTransport[] = [];
  const pool = connectionPool({
    size: 2,
    callsPerConnection: 1,
    connect: () => {
      made.push(new ScriptedTransport());
      return made.at(-1) as ScriptedTransport;
    },
  });
  for (let i = 0; i < 4; i++) pool.open(testMethod(), testOpenOptions(), new RecordingSink());
  expect(made.map(({ calls }) => calls.length)).toEqual([2, 2]);
  expect(pool.readiness).toBe('ready');
  await pool.close();
  expect(made.map(({ closed }) => closed)).toEqual([true, true]);
});
