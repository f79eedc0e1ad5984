import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { Metadata } from '../../core/metadata.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { UdpRelay } from '../../testing/udp-relay.ts';
import { connectHttp3, listenHttp3 } from './http3.ts';

test('a call that is cancelled while its header is under way breaks no other', async () => {
  const { authority, server } = await testCertificates();
  const { handler } = createServer().add(Notes, {
    echo: (note) => note,
    async *chat(notes) {
      yield* notes;
    },
  });
  const tls = { cert: server.certificate, key: server.key };
  await using listener = await listenHttp3({ host: '127.0.0.1', port: 0, tls, handler });
  const relay = await UdpRelay.before(Number(new URL(listener.address).port));
  const trust = { ca: authority };
  await using transport = connectHttp3({ host: '127.0.0.1', port: relay.port, tls: trust });
  const client = createClient(Notes, transport);
  const goesOn = Promise.withResolvers<void>();
  async function* requests(): AsyncGenerator<{ text: string }> {
    yield { text: 'before' };
    await goesOn.promise;
    yield { text: 'after' };
  }
  const other = client.chat(requests())[Symbol.asyncIterator]();
  expect((await other.next()).value?.text).toBe('before');

  // The header takes several packets, of which the second comes when it is sent again.
  const isSent = Promise.withResolvers<void>();
  let long = 0;
  relay.fromClient = (datagram) => {
    if (datagram.length < 1_000 || ++long !== 2) return 'pass';
    isSent.resolve();
    return 'drop';
  };
  const controller = new AbortController();
  const metadata = Metadata.from({ 'x-long': '~'.repeat(3_000) });
  const cancelled = client
    .echo({ text: 'x' }, { metadata, signal: controller.signal })
    .catch((error: RpcError) => error.code);
  await isSent.promise;
  controller.abort(new RpcError('canceled', 'no longer wanted'));
  expect(await cancelled).toBe('canceled');

  for (let i = 0; i < 20; i++) await client.echo({ text: 'some time' });
  goesOn.resolve();
  expect((await other.next()).value?.text).toBe('after');
  expect((await other.next()).done).toBe(true);
  await transport.close();
  await listener.close();
  relay.close();
});
