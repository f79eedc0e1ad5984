import { expect, test } from 'bun:test';
import { defaultLimits } from '../core/limits.ts';
import { isRefused } from '../core/refused.ts';
import { RpcError } from '../rpc-error.ts';
import { clientBytes, RecordingLink, readFrames } from '../testing/hostile-frames.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { testMethod, testOpenOptions } from '../testing/test-method.ts';
import { frameType } from './frame.ts';
import { FrameConnection } from './frame-connection.ts';
import { firstLane } from './lanes.ts';
import { OutgoingCalls } from './outgoing-calls.ts';

/** A client's side, whose peer is the test. */
function setUp() {
  const link = new RecordingLink();
  const options = {
    link,
    side: 'client',
    limits: defaultLimits,
    peer: { transport: 'script', address: 'script' },
  } as const;
  const connection = new FrameConnection(options);
  const outgoing = new OutgoingCalls(connection, options, undefined);
  const open = (from: FrameConnection | OutgoingCalls = connection) => {
    const sink = new RecordingSink();
    const args = [testMethod(), testOpenOptions(), sink] as const;
    const call = from instanceof OutgoingCalls ? from.begin(...args) : from.open(...args);
    return { call, sink };
  };
  const written = async (type: number) => {
    await new Promise((resolve) => setImmediate(resolve));
    return readFrames(link.bytes).filter((frame) => frame.type === type);
  };
  return { connection, outgoing, open, written };
}

const settings = clientBytes(() => {});

test('one call goes before the peer’s SETTINGS, the others when they have come', async () => {
  const { connection, open, written } = setUp();
  for (let i = 0; i < 3; i++) open();
  expect(connection.openCalls).toBe(3);
  expect(await written(frameType.header)).toHaveLength(1);
  connection.receive(settings);
  expect((await written(frameType.header)).map(({ stream }) => stream)).toEqual([1, 3, 5]);
  connection.linkClosed();
});

test('a connection that breaks ends the calls that wait as ones that were never sent', async () => {
  const { connection, open } = setUp();
  const [sent, waiting] = [open(), open()];
  connection.linkClosed(new RpcError('unavailable', 'the cable is out'));
  const [first, second] = await Promise.all([sent.sink.end, waiting.sink.end]);
  expect([first.error, second.error].map((error) => error && isRefused(error))).toEqual([
    false,
    true,
  ]);
});

test('who closes says so to the peer when nobody waits any more', async () => {
  const { connection, open, written } = setUp();
  const [first, second, third] = [open(), open(), open()];
  void connection.close();
  expect(connection.acceptsCalls).toBe(false);
  second.call.cancel(new RpcError('canceled', 'enough'));
  expect(await written(frameType.goaway)).toHaveLength(0);
  third.call.cancel(new RpcError('canceled', 'enough'));
  expect(await written(frameType.goaway)).toHaveLength(1);
  first.call.cancel(new RpcError('canceled', 'enough'));
  connection.linkClosed();
});

test('when no number is left the connection takes no further call', async () => {
  const { connection, outgoing, open } = setUp();
  outgoing.nextStream = firstLane - 3;
  open(outgoing);
  const [last, waiting] = [open(outgoing), open(outgoing)];
  outgoing.limitTo(10);
  expect([...outgoing.open.keys()]).toEqual([firstLane - 3, firstLane - 1]);
  expect(connection.acceptsCalls).toBe(false);
  expect(last.sink.trailer).toBeUndefined();
  const error = waiting.sink.trailer?.error;
  expect(error && isRefused(error)).toBe(true);
  connection.linkClosed();
});
