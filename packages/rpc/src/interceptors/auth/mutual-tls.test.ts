import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { connectHttp2 } from '../../transports/http2/connect-http2.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { certificateServer } from './certificate.ts';
import { identityKey } from './identity.ts';

test('the certificate of a TLS connection names its caller', async () => {
  const { authority, client, server: identity } = await testCertificates();
  const server = createServer({ interceptors: [certificateServer()] }).add(Notes, {
    echo: (_note, context) => ({ text: context.value(identityKey)?.id ?? 'nobody' }),
  });
  const tls = { cert: identity.certificate, key: identity.key, ca: authority };
  const { handler } = server;
  const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler, tls });
  const transport = connectHttp2({
    url: listener.address.replace('127.0.0.1', 'localhost'),
    tls: { ca: authority, cert: client.certificate, key: client.key },
  });
  const { text } = await createClient(Notes, transport).echo({});
  expect(text).toBe('spiffe://test/client');
  await transport.close();
  await listener.close();
});
