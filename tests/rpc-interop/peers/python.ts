import { join } from 'node:path';
import { dialHttp2 } from '@zeke/rpc/http2';
import { mustRun, startProgram } from '../support/program.ts';
import { allBut, runJsonLines } from './json-lines.ts';
import type { Peer, PeerClient, PeerServer } from './peer.ts';

/** Debian's, which has its packages; another one may come first in the path. */
const python = '/usr/bin/python3';
const home = join(import.meta.dirname, 'python');

/** grpcio on gRPC's C core, from Debian's python3-grpcio. */
export const pythonPeer: Peer = {
  name: 'grpc-python',
  async install() {
    const version = await mustRun([python, '-c', 'import grpc; print(grpc.__version__)']);
    return `${version.trim()} (C core)`;
  },
  clients: [client('gRPC', false), client('gRPC, TLS', true)],
  servers: [server('gRPC', false), server('gRPC, TLS', true)],
};

function client(way: string, isTls: boolean): PeerClient {
  return {
    way,
    cases: allBut('client_compressed_streaming', 'random_metadata'),
    async run({ servers, folder }, cases, tell) {
      const target = `localhost:${isTls ? servers.grpcTlsPort : servers.grpcPort}`;
      const command = [python, join(home, 'interop_client.py'), join(folder, 'testing.binpb')];
      command.push(target, `${cases}`);
      if (isTls) command.push(join(folder, 'authority.pem'));
      await runJsonLines(command, tell);
    },
  };
}

function server(way: string, isTls: boolean): PeerServer {
  return {
    way,
    abilities: { clientStreams: true, fullDuplex: true, compression: 'answers' },
    async start({ folder, certificates }) {
      const command = [python, join(home, 'interop_server.py'), join(folder, 'testing.binpb')];
      if (isTls) command.push(join(folder, 'server.pem'), join(folder, 'server.key'));
      const program = await startProgram(command, /listening on (\d+)/);
      const transport = await dialHttp2({
        url: `${isTls ? 'https' : 'http'}://127.0.0.1:${program.match[1]}`,
        ...(isTls ? { tls: { ca: certificates.authority } } : {}),
      });
      return { transport, stop: program.stop };
    },
  };
}
