import { test } from 'bun:test';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { connectHttp2 } from './connect-http2.ts';
import { listenHttp2 } from './listen-http2.ts';

contractTests(
  {
    name: 'http2',
    lacks: ['callback'],
    async connect({ handler, limits = {} }) {
      const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler, limits });
      const transport = connectHttp2({ url: listener.address, limits });
      return {
        transport,
        async close() {
          await transport.close();
          await listener.close({ graceMs: 0 });
        },
      };
    },
  },
  test,
);
