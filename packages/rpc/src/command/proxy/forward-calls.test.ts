import { test } from 'bun:test';
import { compressor } from '../../compression/compressors.ts';
import type { MethodInfo } from '../../core/method.ts';
import type { ContractHarness } from '../../testing/contract/contract-bench.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import {
  fetchHarness,
  http2Harness,
  memoryHarness,
  newSocketPath,
  unixHarness,
  webSocketHarness,
} from '../../testing/contract/harnesses.ts';
import { connectFetch } from '../../transports/fetch/client/connect-fetch.ts';
import { serveFetch } from '../../transports/fetch/server/serve-fetch.ts';
import { notes, proxied } from './testing/proxied-harness.ts';

/**
 * Connect over Unix sockets. What a slow reader leaves in the kernel is hundreds of kilobytes there;
 * over TCP it grows to what `tcp_rmem` allows, tens of megabytes a connection, which would hide
 * whether the proxy itself holds back.
 */
const connectHarness: ContractHarness = {
  ...fetchHarness('connect'),
  async connect({ handler, limits = {} }) {
    const path = newSocketPath();
    const methods = (name: string): MethodInfo | undefined => notes.get(name);
    const listener = await serveFetch({ path, handler, methods, limits });
    const init = { unix: path };
    const transport = connectFetch({ baseUrl: 'http://localhost', init, limits, compressor });
    return {
      transport,
      async close() {
        await transport.close();
        await listener.close({ graceMs: 0 });
      },
    };
  },
};

/** Twice the work of a contract in one process, on a machine that may be busy with other suites. */
const patient = (name: string, run: () => Promise<void>): void => test(name, run, 30_000);

contractTests(proxied(memoryHarness, memoryHarness), patient);
contractTests(proxied(http2Harness, unixHarness), patient);
contractTests(proxied(webSocketHarness, fetchHarness('grpc-web')), patient);
contractTests(proxied(connectHarness, connectHarness), patient);
