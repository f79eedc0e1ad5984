import { test } from 'bun:test';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { connectQuic, listenQuic } from './quic.ts';

const certificates = await testCertificates();
const serverTls = { cert: certificates.server.certificate, key: certificates.server.key };
const clientTls = { ca: certificates.authority };

contractTests(
  {
    name: 'quic',
    async connect({ handler, limits = {}, clientHandler }) {
      const listener = await listenQuic({
        host: '127.0.0.1',
        port: 0,
        tls: serverTls,
        handler,
        limits,
      });
      const transport = connectQuic({
        host: '127.0.0.1',
        port: Number(new URL(listener.address).port),
        tls: clientTls,
        limits,
        ...(clientHandler === undefined ? {} : { handler: clientHandler }),
      });
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
