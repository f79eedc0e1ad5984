import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CaseName, caseNames } from '../cases/case-names.ts';
import { Curl, curlCases } from './buf-cases.ts';
import type { Bench, Peer, PeerClient } from './peer.ts';

const manifest = fileURLToPath(import.meta.resolve('@bufbuild/buf/package.json'));
const program = join(dirname(manifest), 'bin/buf');

const grpc: readonly string[] = ['--protocol', 'grpc'];
const grpcWeb: readonly string[] = ['--protocol', 'grpcweb'];
/** It takes HTTP/2 for bidirectional streams by itself, which plain HTTP/1.1 has not. */
const httpOne: readonly CaseName[] = ['ping_pong', 'empty_stream'];

/** `buf curl` (connect-go, quic-go): a process for each call. */
export const bufPeer: Peer = {
  name: 'buf-curl',
  async install() {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  },
  clients: [
    client('gRPC, schema by reflection', ({ servers }) => ({
      url: `http://127.0.0.1:${servers.grpcPort}`,
      flags: [...grpc, '--reflect'],
    })),
    client('gRPC, TLS', ({ servers }) => ({
      url: `https://localhost:${servers.grpcTlsPort}`,
      flags: grpc,
    })),
    client('gRPC, Unix socket', ({ servers }) => ({
      url: 'http://localhost',
      flags: [...grpc, '--unix-socket', servers.grpcPath],
    })),
    client('gRPC, HTTP/3', ({ servers }) => ({
      url: `https://localhost:${servers.http3Port}`,
      flags: [...grpc, '--http3'],
    })),
    client('gRPC-Web', web([...grpcWeb]), httpOne),
    client('gRPC-Web, HTTP/2', web([...grpcWeb, '--http2-prior-knowledge'])),
    client('gRPC-Web, HTTP/3', webTls([...grpcWeb, '--http3'])),
    client('Connect', web([]), httpOne),
    client('Connect, HTTP/2', web(['--http2-prior-knowledge'])),
    client('Connect, TLS', webTls([])),
    client('Connect, HTTP/3', webTls(['--http3'])),
    client(
      'Connect, Unix socket',
      ({ servers }) => ({
        url: 'http://localhost',
        flags: ['--unix-socket', servers.webPath],
      }),
      httpOne,
    ),
  ],
};

interface Place {
  readonly url: string;
  readonly flags: readonly string[];
}

function web(flags: readonly string[]): (bench: Bench) => Place {
  return ({ servers }) => ({ url: `http://127.0.0.1:${servers.webPort}`, flags });
}

function webTls(flags: readonly string[]): (bench: Bench) => Place {
  return ({ servers }) => ({ url: `https://localhost:${servers.webTlsPort}`, flags });
}

function client(
  way: string,
  placeOf: (bench: Bench) => Place,
  lacks: readonly CaseName[] = [],
): PeerClient {
  return {
    way,
    cases: caseNames.filter((name) => name in curlCases && !lacks.includes(name)),
    async run(bench, cases, tell) {
      const { url, flags } = placeOf(bench);
      const command = [program, 'curl', ...flags];
      if (!flags.includes('--reflect'))
        command.push('--schema', join(bench.folder, 'testing.binpb'));
      if (url.startsWith('https:')) command.push('--cacert', join(bench.folder, 'authority.pem'));
      const curl = new Curl(command, url);
      for (const name of cases) {
        try {
          await curlCases[name]?.(curl);
          tell(name);
        } catch (error) {
          tell(name, error instanceof Error ? error.message : String(error));
        }
      }
    },
  };
}
