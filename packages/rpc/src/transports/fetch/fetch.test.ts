import { test } from 'bun:test';
import { compressor } from '../../compression/compressors.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { Notes } from '../../testing/note-service.ts';
import type { FetchProtocol } from './client/client-settings.ts';
import { connectFetch } from './client/connect-fetch.ts';
import { serveFetch } from './server/serve-fetch.ts';

const methods = new Map(Object.values(Notes.methods).map((method) => [method.path, method]));

for (const protocol of ['connect', 'grpc-web', 'grpc-web-text'] satisfies FetchProtocol[]) {
  contractTests(
    {
      name: protocol,
      lacks: ['callback', 'repeated-metadata'],
      async connect({ handler, limits = {} }) {
        const listener = await serveFetch({
          handler,
          methods: (path) => methods.get(path),
          limits,
        });
        const transport = connectFetch({
          baseUrl: listener.address,
          protocol,
          limits,
          compressor,
        });
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
}
