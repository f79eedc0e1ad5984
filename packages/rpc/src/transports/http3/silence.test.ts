import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { UdpRelay } from '../../testing/udp-relay.ts';
import { connectHttp3, listenHttp3 } from './http3.ts';

const certificates = await testCertificates();
const limits = { keepaliveIntervalMs: 300, keepaliveTimeoutMs: 300 };

test('a stream of requests that a silent network cuts off has ended well for neither side', async () => {
  const begun = Promise.withResolvers<void>();
  const read = Promise.withResolvers<string>();
  const server = createServer().add(Notes, {
    async collect(notes) {
      try {
        for await (const _ of notes) begun.resolve();
        read.resolve('to its end');
      } catch (error) {
        read.resolve(RpcError.from(error).code);
      }
      return {};
    },
  });
  const listener = await listenHttp3({
    host: '127.0.0.1',
    port: 0,
    tls: { cert: certificates.server.certificate, key: certificates.server.key },
    handler: server.handler,
    limits,
  });
  const relay = await UdpRelay.before(Number(new URL(listener.address).port));
  const tls = { ca: certificates.authority };
  const transport = connectHttp3({ host: '127.0.0.1', port: relay.port, tls, limits });
  async function* unfinished() {
    yield {};
    await new Promise<never>(() => {});
  }
  const call = createClient(Notes, transport).collect(unfinished());
  const failed = call.then(
    () => 'ok',
    (error: RpcError) => error.code,
  );
  await begun.promise;
  relay.fromClient = () => 'drop';
  relay.fromServer = () => 'drop';
  expect(await failed).toBe('unavailable');
  expect(await read.promise).toBe('canceled');
  await transport.close();
  await listener.close({ graceMs: 0 });
  relay.close();
});
