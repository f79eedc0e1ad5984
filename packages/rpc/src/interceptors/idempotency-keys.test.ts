import { expect, test } from 'bun:test';
import { Metadata } from '../core/metadata.ts';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions } from '../testing/test-method.ts';
import { idempotencyKey, idempotencyKeys } from './idempotency-keys.ts';
import { retry } from './retry.ts';

test('a unary call that may not be sent twice gets a key, others and their metadata stay as they are', async () => {
  const peer = new ScriptedTransport();
  let keys = 0;
  const transport = idempotencyKeys({ newKey: () => `key-${++keys}` })(peer);
  const options = testOpenOptions({ metadata: Metadata.from({ tenant: 'a' }), deadlineAt: 7 });
  const own = testOpenOptions({ metadata: Metadata.from({ [idempotencyKey]: 'mine' }) });
  transport.open(testMethod(), options, new RecordingSink());
  transport.open(testMethod(), own, new RecordingSink());
  transport.open(testMethod({ idempotency: 'idempotent' }), options, new RecordingSink());
  transport.open(testMethod({ kind: 'bidi-stream' }), options, new RecordingSink());
  const sent = peer.calls.map((call) => call.options.metadata.getAll(idempotencyKey));
  expect(sent).toEqual([['key-1'], ['mine'], [], []]);
  expect(peer.call(0).options.metadata.get('tenant')).toBe('a');
  expect(peer.call(0).options.deadlineAt).toBe(7);
  expect(options.metadata.size).toBe(1);
  await transport.close();
  expect(peer.closed).toBe(true);
});

test('keys are random by default', () => {
  const peer = new ScriptedTransport();
  const transport = idempotencyKeys()(peer);
  for (let i = 0; i < 2; i++) transport.open(testMethod(), testOpenOptions(), new RecordingSink());
  const keys = peer.calls.map((call) => call.options.metadata.get(idempotencyKey) ?? '');
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[0]).not.toBe(keys[1]);
});

test('before retry, all attempts of a call have the same key', () => {
  const clock = new ManualClock();
  const peer = new ScriptedTransport();
  const isIdempotent = (_: unknown, metadata: Metadata) => metadata.has(idempotencyKey);
  const transport = idempotencyKeys()(retry({ clock, isIdempotent })(peer));
  transport.open(testMethod(), testOpenOptions(), new RecordingSink());
  peer.call(0).end(new RpcError('unavailable', 'the connection broke'));
  clock.advance(1_000);
  expect(peer.calls).toHaveLength(2);
  expect(peer.call(1).options.metadata.get(idempotencyKey)).toBe(
    peer.call(0).options.metadata.get(idempotencyKey) as string,
  );
});
