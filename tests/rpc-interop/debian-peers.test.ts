import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type OpenBench, openBench } from './bench.ts';
import { pythonPeer } from './peers/python.ts';
import { runClient, runServer } from './run-pair.ts';

/*
 * The peers that Debian's packages bring, which need no download of their own: gRPC's C core. The
 * others are in `npm run test:rpc-interop`.
 */

const version = await pythonPeer.install().catch(() => undefined);

describe.if(version !== undefined)('grpc-python', () => {
  let bench: OpenBench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const none = new Map();
  const faultsIn = (faults: ReadonlyMap<string, string | undefined>) =>
    new Map([...faults].filter(([, fault]) => fault !== undefined));

  test.each([...(pythonPeer.clients ?? [])])('calls our server: $way', async (client) => {
    const { faults } = await runClient('grpc-python', client, bench);
    expect(faultsIn(faults)).toEqual(none);
  });

  test.each([...(pythonPeer.servers ?? [])])('is called by our client: $way', async (server) => {
    const { faults } = await runServer('grpc-python', server, bench);
    expect(faultsIn(faults)).toEqual(none);
  });
});
