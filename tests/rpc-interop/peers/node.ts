import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Transport } from '@zeke/rpc';
import { compressor } from '@zeke/rpc/compression';
import { type ConnectFetchOptions, connectFetch } from '@zeke/rpc/fetch';
import { dialHttp2 } from '@zeke/rpc/http2';
import { connectUnix } from '@zeke/rpc/unix';
import { connectWebSocket } from '@zeke/rpc/websocket';
import type { CaseName } from '../cases/case-names.ts';
import type { ServerAbilities } from '../cases/run-case.ts';
import { mustRun, startProgram } from '../support/program.ts';
import { allBut, runJsonLines } from './json-lines.ts';
import type { Bench, Peer, PeerClient, PeerServer } from './peer.ts';

/** Installed by scripts/test-rpc-interop.sh. */
const node = join(import.meta.dirname, '../../rpc-node/node_modules/.bin/node');
const clientProgram = join(import.meta.dirname, 'node/client-program.ts');
const serverProgram = join(import.meta.dirname, 'node/server-program.ts');

const seesNoCompression: readonly CaseName[] = [
  'server_compressed_unary',
  'client_compressed_streaming',
  'server_compressed_streaming',
];
const noDuplex: readonly CaseName[] = [
  'ping_pong',
  'empty_stream',
  'cancel_after_first_response',
  'timeout_on_sleeping_server',
];
const noClientStreams: readonly CaseName[] = [
  ...noDuplex,
  'client_streaming',
  'cancel_after_begin',
  'client_compressed_unary',
];

const anyStream: ServerAbilities = { clientStreams: true, fullDuplex: true, compression: 'reads' };
const halfDuplex: ServerAbilities = { ...anyStream, fullDuplex: false };
const checking: ServerAbilities = { ...anyStream, compression: 'checks' };
const halfChecking: ServerAbilities = { ...checking, fullDuplex: false };

/** `@grpc/grpc-js` on Node. */
export const grpcJsPeer: Peer = {
  name: 'grpc-js',
  install: () => versionOf('@grpc/grpc-js'),
  clients: [
    client('gRPC', 'grpc-js', ({ grpcPort }) => `http://127.0.0.1:${grpcPort}`),
    client('gRPC, TLS', 'grpc-js', ({ grpcTlsPort }) => `https://localhost:${grpcTlsPort}`),
  ],
  servers: [server('gRPC', 'grpc-js', false, grpc), server('gRPC, TLS', 'grpc-js', true, grpc)],
};

/** `@connectrpc/connect-node` on Node. */
export const connectNodePeer: Peer = {
  name: 'connect-node',
  install: () => versionOf('@connectrpc/connect-node'),
  clients: [
    client('gRPC', 'grpc', ({ grpcPort }) => `http://127.0.0.1:${grpcPort}`),
    client('gRPC, TLS', 'grpc', ({ grpcTlsPort }) => `https://localhost:${grpcTlsPort}`),
    client('gRPC-Web', 'grpc-web', web, noDuplex),
    client('gRPC-Web, HTTP/2', 'grpc-web-http2', web),
    client('gRPC-Web, HTTP/2, TLS', 'grpc-web-http2', webTls),
    client('Connect', 'connect', web, noDuplex),
    client('Connect, JSON', 'connect-json', web, noDuplex),
    client('Connect, HTTP/2', 'connect-http2', web),
    client('Connect, HTTP/2, TLS', 'connect-http2', webTls),
  ],
  servers: [
    server('gRPC', 'connect-http2', false, grpc),
    server('gRPC, TLS', 'connect-http2', true, grpc),
    server('gRPC-Web', 'connect-http1', false, fetching({ protocol: 'grpc-web' }), halfDuplex),
    server('Connect', 'connect-http1', false, fetching({}), halfDuplex),
    server('Connect, JSON', 'connect-http1', false, fetching({ format: 'json' }), halfDuplex),
    server('Connect, TLS', 'connect-http2', true, fetching({}), halfDuplex),
  ],
};

/** `@connectrpc/connect-web` by Node's `fetch`. */
export const connectWebPeer: Peer = {
  name: 'connect-web',
  install: () => versionOf('@connectrpc/connect-web'),
  clients: [
    client('Connect', 'fetch-connect', web, noClientStreams),
    client('Connect, JSON', 'fetch-connect-json', web, noClientStreams),
    client('gRPC-Web', 'fetch-grpc-web', web, noClientStreams),
  ],
};

/** Our own library on Node, where other code than on Bun stands below it. */
export const zrpcOnNodePeer: Peer = {
  name: 'zrpc-on-node',
  install: () => versionOf('@zeke/rpc'),
  clients: [
    client('gRPC', 'zrpc:http2', ({ grpcPort }) => `http://127.0.0.1:${grpcPort}`, [], []),
    client(
      'gRPC, TLS',
      'zrpc:http2',
      ({ grpcTlsPort }) => `https://localhost:${grpcTlsPort}`,
      [],
      [],
    ),
    client('unix', 'zrpc:unix', ({ unixPath }) => `unix:${unixPath}`, [], []),
    client('websocket', 'zrpc:websocket', ({ webSocketUrl }) => webSocketUrl, [], []),
    client('Connect', 'zrpc:connect', web, noDuplex, []),
    client('gRPC-Web', 'zrpc:grpc-web', web, noDuplex, []),
  ],
  servers: [
    server('gRPC', 'zrpc:http2', false, grpc, checking),
    server('gRPC, TLS', 'zrpc:http2', true, grpc, checking),
    server('unix', 'zrpc:unix', false, overUnix, checking),
    server('websocket', 'zrpc:websocket', false, overWebSocket, checking),
    server('Connect', 'zrpc:web', false, fetching({}), halfChecking),
    server('Connect, TLS', 'zrpc:web', true, fetching({}), halfChecking),
    server('gRPC-Web', 'zrpc:web', false, fetching({ protocol: 'grpc-web' }), halfChecking),
  ],
};

function web({ webPort }: Bench['servers']): string {
  return `http://127.0.0.1:${webPort}`;
}

function webTls({ webTlsPort }: Bench['servers']): string {
  return `https://localhost:${webTlsPort}`;
}

function client(
  way: string,
  kind: string,
  urlOf: (servers: Bench['servers']) => string,
  lacks: readonly CaseName[] = [],
  unseen: readonly CaseName[] = seesNoCompression,
): PeerClient {
  return {
    way,
    cases: allBut(...unseen, ...lacks),
    async run({ servers, folder }, cases, tell) {
      const url = urlOf(servers);
      const duplex = lacks.includes('ping_pong') ? 'half' : 'full';
      const flags = ['--kind', kind, '--url', url, '--cases', `${cases}`, '--duplex', duplex];
      if (url.startsWith('https:')) flags.push('--authority', join(folder, 'authority.pem'));
      await runJsonLines([node, clientProgram, ...flags], tell);
    },
  };
}

type Connect = (url: string, authority: string | undefined) => Promise<Transport> | Transport;

function grpc(url: string, authority: string | undefined): Promise<Transport> {
  return dialHttp2({ url, ...(authority === undefined ? {} : { tls: { ca: authority } }) });
}

function overUnix(url: string): Transport {
  return connectUnix({ path: new URL(url).pathname });
}

function overWebSocket(url: string): Transport {
  return connectWebSocket({ url, compressor });
}

function fetching(options: Partial<ConnectFetchOptions>): Connect {
  return (baseUrl, authority) => {
    const init = authority === undefined ? {} : { tls: { ca: authority } };
    return connectFetch({ baseUrl, compressor, init, ...options });
  };
}

function server(
  way: string,
  kind: string,
  isTls: boolean,
  connect: Connect,
  abilities: ServerAbilities = anyStream,
): PeerServer {
  return {
    way,
    abilities,
    async start({ folder, certificates }) {
      const command = [node, serverProgram, '--kind', kind];
      if (isTls) {
        command.push('--certificate', join(folder, 'server.pem'));
        command.push('--key', join(folder, 'server.key'));
      }
      command.push('--path', join(folder, 'node.sock'));
      const program = await startProgram(command, /listening at (\S+)/);
      const url = program.match[1] ?? '';
      const authority = isTls ? certificates.authority : undefined;
      return { transport: await connect(url, authority), stop: program.stop };
    },
  };
}

/** Of the package, and of Node. @throws Error when Node is not there. */
async function versionOf(packageName: string): Promise<string> {
  const nodeVersion = (await mustRun([node, '--version'])).trim().slice(1);
  let folder = dirname(createRequire(import.meta.url).resolve(packageName));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === packageName) return `${manifest.version} (Node ${nodeVersion})`;
    } catch {
      // No manifest in this folder: it is further up.
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`${packageName} has no package.json`);
    folder = parent;
  }
}
