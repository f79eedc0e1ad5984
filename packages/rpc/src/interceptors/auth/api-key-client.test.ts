import { expect, test } from 'bun:test';
import { Metadata } from '../../core/metadata.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { ScriptedTransport } from '../../testing/scripted-transport.ts';
import { testMethod, testOpenOptions } from '../../testing/test-method.ts';
import { apiKeyClient } from './api-key-client.ts';

const key = 'zrpc_key';

test('a client sends its key, in the place of another', () => {
  const transport = new ScriptedTransport();
  const client = apiKeyClient({ key, header: 'authorization' })(transport);
  const metadata = Metadata.from({ a: '1', authorization: 'Bearer old' });
  client.open(testMethod(), testOpenOptions({ metadata }), new RecordingSink());
  const sent = transport.call(0).options.metadata;
  expect([...sent]).toEqual([
    ['a', '1'],
    ['authorization', `Bearer ${key}`],
  ]);
  expect(metadata.get('authorization')).toBe('Bearer old');
});

test('a key that cannot be sent is refused at the start', () => {
  expect(() => apiKeyClient({ key: 'line\nbreak' })).toThrow('printable ASCII');
});
