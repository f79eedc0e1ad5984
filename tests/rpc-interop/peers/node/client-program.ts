/**
 * Clients that run on Node, a line of JSON for each case:
 * `node client-program.ts --kind grpc-js --url http://127.0.0.1:1 --cases a,b [--authority FILE]`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Transport } from '@connectrpc/connect';
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import {
  createConnectTransport as createConnectFetch,
  createGrpcWebTransport as createGrpcWebFetch,
} from '@connectrpc/connect-web';
import type { CaseName } from '../../cases/case-names.ts';
import { type Caller, callerOf, runCase, type ServerAbilities } from '../../cases/run-case.ts';
import { connectCaller } from './connect-client.ts';
import { grpcJsCaller } from './grpc-js-client.ts';
import { connectZrpc } from './zrpc-client.ts';

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: '' },
    url: { type: 'string', default: '' },
    cases: { type: 'string', default: '' },
    authority: { type: 'string' },
    duplex: { type: 'string', default: 'full' },
  },
});
const authority = values.authority === undefined ? undefined : readFileSync(values.authority);
/** Our server checks the compression of gRPC's messages. */
const checks = /^(grpc|grpc-js|zrpc:http2)$/.test(values.kind);
const abilities: ServerAbilities = {
  clientStreams: true,
  fullDuplex: values.duplex === 'full',
  compression: checks ? 'checks' : 'reads',
};

const caller = await callerFor(values.kind, values.url);
for (const name of values.cases.split(',')) {
  const result: { case: string; fault?: string } = { case: name };
  try {
    await runCase(name as CaseName, caller, abilities);
  } catch (error) {
    result.fault = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
process.exit();

async function callerFor(kind: string, baseUrl: string): Promise<Caller> {
  const [library, way = ''] = kind.split(':');
  if (library === 'zrpc') return callerOf(await connectZrpc(way, baseUrl, authority));
  if (kind === 'grpc-js') return grpcJsCaller(new URL(baseUrl).host, authority);
  const both = (make: (gzip: object) => Transport) =>
    connectCaller(make({}), make({ sendCompression: compressionGzip, compressMinBytes: 0 }));
  const nodeOptions = authority === undefined ? {} : { ca: authority };
  const http1 = { baseUrl, httpVersion: '1.1', nodeOptions } as const;
  const http2 = { baseUrl, httpVersion: '2', nodeOptions } as const;
  switch (kind) {
    case 'grpc':
      return both((more) => createGrpcTransport({ baseUrl, nodeOptions, ...more }));
    case 'grpc-web':
      return both((more) => createGrpcWebTransport({ ...http1, ...more }));
    case 'grpc-web-http2':
      return both((more) => createGrpcWebTransport({ ...http2, ...more }));
    case 'connect':
      return both((more) => createConnectTransport({ ...http1, ...more }));
    case 'connect-json':
      return both((more) => createConnectTransport({ ...http1, useBinaryFormat: false, ...more }));
    case 'connect-http2':
      return both((more) => createConnectTransport({ ...http2, ...more }));
    case 'fetch-connect':
      return both(() => createConnectFetch({ baseUrl, useBinaryFormat: true }));
    case 'fetch-connect-json':
      return both(() => createConnectFetch({ baseUrl }));
    case 'fetch-grpc-web':
      return both(() => createGrpcWebFetch({ baseUrl }));
    default:
      throw new Error(`there is no client ${JSON.stringify(kind)}`);
  }
}
