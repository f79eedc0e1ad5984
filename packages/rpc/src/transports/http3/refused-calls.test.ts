import { expect, test } from 'bun:test';
import type { ServerCall } from '../../core/call.ts';
import { isRefused } from '../../core/refused.ts';
import { RpcError } from '../../rpc-error.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { testMethod, testOpenOptions } from '../../testing/test-method.ts';
import { connectHttp3, listenHttp3 } from './http3.ts';

const unary = testMethod();

test('of calls that a connection takes with it, those that had no stream yet are marked as refused', async () => {
  const { authority, server } = await testCertificates();
  const maxStreams = 3;
  const held = Promise.withResolvers<void>();
  let begun = 0;
  const listener = await listenHttp3({
    host: '127.0.0.1',
    port: 0,
    tls: { cert: server.certificate, key: server.key },
    limits: { maxStreams },
    handler(call: ServerCall) {
      call.sink = { onMessage() {}, onHalfClose() {}, onCancel() {}, onWritable() {} };
      if (++begun === maxStreams) held.resolve();
    },
  });
  const port = Number(new URL(listener.address).port);
  const transport = connectHttp3({ host: '127.0.0.1', port, tls: { ca: authority } });
  const sinks = Array.from({ length: 8 }, () => {
    const sink = new RecordingSink();
    const call = transport.open(unary, testOpenOptions(), sink);
    call.sendMessage(new Uint8Array(10));
    call.sendEnd();
    return sink;
  });
  await held.promise;
  await listener.close({ graceMs: 0 });
  const errors = (await Promise.all(sinks.map(({ end }) => end))).map(({ error }) => error);
  expect(errors.map((error) => error?.code)).toEqual(sinks.map(() => 'unavailable'));
  const refused = errors.filter((error) => error instanceof RpcError && isRefused(error));
  expect(refused).toHaveLength(sinks.length - maxStreams);
  await transport.close();
});
