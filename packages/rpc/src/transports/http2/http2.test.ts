import { test } from 'bun:test';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { http2Harness, http2UnixHarness } from '../../testing/contract/harnesses.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { connectHttp2 } from './connect-http2.ts';
import { listenHttp2 } from './listen-http2.ts';

const { authority, server } = await testCertificates();

contractTests(http2Harness, test);
contractTests(http2UnixHarness, test);
contractTests(
  {
    name: 'http2 with TLS',
    lacks: ['callback'],
    async connect({ handler, limits = {} }) {
      const tls = { cert: server.certificate, key: server.key };
      const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler, limits, tls });
      const transport = connectHttp2({ url: listener.address, limits, tls: { ca: authority } });
      return {
        transport,
        listener,
        async close() {
          await transport.close();
          await listener.close({ graceMs: 0 });
        },
      };
    },
  },
  test,
);
