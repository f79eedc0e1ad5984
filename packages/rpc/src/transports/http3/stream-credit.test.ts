import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { connectHttp3, listenHttp3 } from './http3.ts';

const maxStreams = 20;

test('calls that are cancelled give the places back that they had on their connection', async () => {
  const { authority, server } = await testCertificates();
  const { handler } = createServer().add(Notes, {
    echo: (note) => note,
    async *list(_, { signal }) {
      for (let number = 0; !signal.aborted; number++) {
        yield { number };
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  });
  const tls = { cert: server.certificate, key: server.key };
  const limits = { maxStreams };
  await using listener = await listenHttp3({ host: '127.0.0.1', port: 0, tls, handler, limits });
  const port = Number(new URL(listener.address).port);
  await using transport = connectHttp3({ host: '127.0.0.1', port, tls: { ca: authority }, limits });
  const client = createClient(Notes, transport);
  for (let round = 0; round < 8; round++) {
    const calls = Array.from({ length: maxStreams }, async (_, turns) => {
      const controller = new AbortController();
      const call = client.echo({ text: 'x' }, { signal: controller.signal });
      const stream = client.list({}, { signal: controller.signal })[Symbol.asyncIterator]();
      const read = stream.next().then(() => stream.next());
      for (let i = 0; i < turns % 5; i++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await Promise.allSettled([call, read]);
    });
    await Promise.all(calls);
  }
  const after = Array.from({ length: 2 * maxStreams }, (_, number) => client.echo({ number }));
  expect((await Promise.all(after)).map(({ number }) => number)).toEqual(after.map((_, i) => i));
});
