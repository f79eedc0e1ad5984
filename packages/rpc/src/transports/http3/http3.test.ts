import { test } from 'bun:test';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { connectHttp3, listenHttp3 } from './http3.ts';

const certificates = await testCertificates();
const serverTls = { cert: certificates.server.certificate, key: certificates.server.key };
const clientTls = { ca: certificates.authority };

contractTests(
  {
    name: 'http3',
    // After the client has ended its half, the runtime tells of a STOP_SENDING with the next write only.
    lacks: ['callback', 'back-pressure', 'quiet-cancel'],
    async connect({ handler, limits = {} }) {
      const listener = await listenHttp3({
        host: '127.0.0.1',
        port: 0,
        tls: serverTls,
        handler,
        limits,
      });
      const port = Number(new URL(listener.address).port);
      const transport = connectHttp3({ host: '127.0.0.1', port, tls: clientTls, limits });
      return {
        transport,
        listener,
        async close() {
          await transport.close();
          await listener.close();
        },
      };
    },
  },
  test,
);
