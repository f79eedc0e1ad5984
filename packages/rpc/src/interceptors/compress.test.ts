import { expect, test } from 'bun:test';
import { Metadata } from '../core/metadata.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions } from '../testing/test-method.ts';
import { compress } from './compress.ts';

test('a call gets the compression of its method, unless its caller has chosen', async () => {
  const peer = new ScriptedTransport();
  const transport = compress({
    compression: 'zstd',
    compressionOf: (method) => (method.name === 'Photo' ? 'identity' : undefined),
  })(peer);
  const options = testOpenOptions({ metadata: Metadata.from({ a: 'b' }), deadlineAt: 5 });
  transport.open(testMethod(), options, new RecordingSink());
  transport.open(testMethod({ name: 'Photo' }), options, new RecordingSink());
  transport.open(testMethod(), { ...options, compression: 'gzip' }, new RecordingSink());
  transport.open(testMethod(), { ...options, compression: 'identity' }, new RecordingSink());
  expect(peer.calls.map((call) => call.options.compression)).toEqual([
    'zstd',
    'identity',
    'gzip',
    'identity',
  ]);
  expect(peer.call(0).options).toMatchObject(options);
  await transport.close();
  expect(peer.closed).toBe(true);
});

test('gzip is the default', () => {
  const peer = new ScriptedTransport();
  compress()(peer).open(testMethod(), testOpenOptions(), new RecordingSink());
  expect(peer.call(0).options.compression).toBe('gzip');
});
