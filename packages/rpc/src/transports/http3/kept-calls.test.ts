import { heapStats } from 'bun:jsc';
import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { connectHttp3, listenHttp3 } from './http3.ts';

const calls = 300;

test('a connection that lives on keeps nothing of calls that have ended', async () => {
  const { authority, server } = await testCertificates();
  const listener = await listenHttp3({
    host: '127.0.0.1',
    port: 0,
    tls: { cert: server.certificate, key: server.key },
    handler: createServer().add(Notes, { echo: (note) => note }).handler,
  });
  const port = Number(new URL(listener.address).port);
  const transport = connectHttp3({ host: '127.0.0.1', port, tls: { ca: authority } });
  const client = createClient(Notes, transport);
  const some = async (): Promise<void> => {
    for (let i = 0; i < calls; i += 30) {
      await Promise.all(Array.from({ length: 30 }, () => client.echo({ text: 'x' })));
    }
  };
  await some();
  const before = promises();
  await some();
  // What waits for the end of the connection gives up a moment later.
  while (promises() - before >= calls) await new Promise((resolve) => setImmediate(resolve));
  expect(promises() - before).toBeLessThan(calls);
  await transport.close();
  await listener.close({ graceMs: 0 });
});

function promises(): number {
  Bun.gc(true);
  return heapStats().objectTypeCounts.Promise ?? 0;
}
