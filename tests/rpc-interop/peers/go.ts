import { join } from 'node:path';
import { dialHttp2 } from '@zeke/rpc/http2';
import type { CaseName } from '../cases/case-names.ts';
import { mustRun, runProgram, startProgram } from '../support/program.ts';
import { allBut, runJsonLines } from './json-lines.ts';
import type { Bench, Peer, PeerClient, PeerServer } from './peer.ts';

export const goHome: string = join(import.meta.dirname, 'go');
export const goBinaries: string = join(goHome, 'bin');

/** google.golang.org/grpc, by its own test programs. */
export const goPeer: Peer = {
  name: 'grpc-go',
  async install() {
    await mustRun(['go', 'build', '-o', `${goBinaries}/`, 'tool', './...'], {
      directory: goHome,
      timeoutMs: 15 * 60_000,
    });
    const version = await mustRun(['go', 'list', '-m', 'google.golang.org/grpc'], {
      directory: goHome,
    });
    return version.trim().split(' ').at(-1) ?? '';
  },
  clients: [client('gRPC', false), client('gRPC, TLS', true)],
  servers: [server('gRPC', false), server('gRPC, TLS', true)],
};

/** Those of our own program; grpc-go compresses call by call, and not message by message. */
const extraCases: readonly CaseName[] = [
  'client_compressed_unary',
  'server_compressed_unary',
  'server_compressed_streaming',
  'random_metadata',
];

function client(way: string, isTls: boolean): PeerClient {
  return {
    way,
    cases: allBut('client_compressed_streaming'),
    async run({ servers, folder }, cases, tell) {
      const port = isTls ? servers.grpcTlsPort : servers.grpcPort;
      const authority = join(folder, 'authority.pem');
      const tls = isTls ? ['-use_tls', '-use_test_ca', `-ca_file=${authority}`] : [];
      const common = ['-server_host=127.0.0.1', `-server_port=${port}`, ...tls];
      for (const name of cases.filter((one) => !extraCases.includes(one))) {
        const command = [join(goBinaries, 'client'), ...common, `-test_case=${name}`];
        const { exitCode, errors } = await runProgram(command);
        tell(name, exitCode === 0 ? undefined : errors.trim().slice(-500));
      }
      const extra = cases.filter((one) => extraCases.includes(one));
      if (extra.length === 0) return;
      const flags = [`-target=127.0.0.1:${port}`, `-cases=${extra}`];
      if (isTls) flags.push(`-ca_file=${authority}`);
      await runJsonLines([join(goBinaries, 'extra-client'), ...flags], tell);
    },
  };
}

function server(way: string, isTls: boolean): PeerServer {
  return {
    way,
    abilities: {
      clientStreams: true,
      fullDuplex: true,
      compression: 'checks',
      lacks: ['server_compressed_streaming'],
    },
    async start({ folder, certificates }: Bench) {
      const command = [join(goBinaries, 'gzip-server')];
      if (isTls) {
        const [certificate, key] = ['server.pem', 'server.key'].map((name) => join(folder, name));
        command.push(`-tls_cert_file=${certificate}`, `-tls_key_file=${key}`);
      }
      const program = await startProgram(command, /listening on .*:(\d+)/);
      const address = `127.0.0.1:${program.match[1]}`;
      const transport = await dialHttp2({
        url: `${isTls ? 'https' : 'http'}://${address}`,
        ...(isTls ? { tls: { ca: certificates.authority } } : {}),
      });
      return { transport, stop: program.stop };
    },
  };
}
