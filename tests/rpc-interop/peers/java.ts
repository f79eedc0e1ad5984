import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dialHttp2 } from '@zeke/rpc/http2';
import { freePort, mustRun, startProgram } from '../support/program.ts';
import { allBut, runJsonLines } from './json-lines.ts';
import type { Bench, Peer, PeerClient, PeerServer } from './peer.ts';

const home = join(import.meta.dirname, 'java');
const binaries = join(home, 'bin');
const libraries = join(binaries, 'lib');
/** It is the start of the machine that takes most of the time. */
const java = ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m'];

/** io.grpc, by its own test programs: Netty and OkHttp as clients, Netty as the server. */
export const javaPeer: Peer = {
  name: 'grpc-java',
  async install() {
    const version = /<version>([\d.]+)<\/version>\s*<\/dependency>/.exec(
      readFileSync(join(home, 'pom.xml'), 'utf8'),
    )?.[1];
    if (!existsSync(join(libraries, `grpc-interop-testing-${version}.jar`))) {
      const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${libraries}`];
      await mustRun(['mvn', '--batch-mode', '--quiet', '-f', join(home, 'pom.xml'), ...copy], {
        timeoutMs: 15 * 60_000,
      });
    }
    const source = join(home, 'InteropCases.java');
    await mustRun(['javac', '-cp', `${libraries}/*`, '-d', binaries, source]);
    return version ?? '';
  },
  clients: [
    client('gRPC, Netty', false, false),
    client('gRPC, Netty, TLS', true, false),
    client('gRPC, OkHttp', false, true),
    client('gRPC, OkHttp, TLS', true, true),
  ],
  servers: [server('gRPC', false), server('gRPC, TLS', true)],
};

function client(way: string, isTls: boolean, isOkHttp: boolean): PeerClient {
  return {
    way,
    cases: allBut('random_metadata'),
    async run(bench, cases, tell) {
      const { servers } = bench;
      const flags = [
        '--server_host=127.0.0.1',
        `--server_port=${isTls ? servers.grpcTlsPort : servers.grpcPort}`,
        `--use_tls=${isTls}`,
        `--use_test_ca=${isTls}`,
        `--use_okhttp=${isOkHttp}`,
      ];
      const command = [...java, '-cp', await classPath(bench), 'InteropCases', `${cases}`];
      await runJsonLines([...command, ...flags], tell, { timeoutMs: 180_000 });
    },
  };
}

function server(way: string, isTls: boolean): PeerServer {
  return {
    way,
    abilities: { clientStreams: true, fullDuplex: true, compression: 'reads' },
    async start(bench) {
      const port = await freePort();
      const main = 'io.grpc.testing.integration.TestServiceServer';
      const flags = [`--port=${port}`, `--use_tls=${isTls}`];
      const command = [...java, '-cp', await classPath(bench), main, ...flags];
      const program = await startProgram(command, /Server started on port/);
      const transport = await dialHttp2({
        url: `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`,
        ...(isTls ? { tls: { ca: bench.certificates.authority } } : {}),
      });
      return { transport, stop: program.stop };
    },
  };
}

/** With our certificates before those of the library, which both programs take from here. */
async function classPath({ folder }: Bench): Promise<string> {
  const certificates = join(folder, 'java', 'certs');
  await mkdir(certificates, { recursive: true });
  await cp(join(folder, 'authority.pem'), join(certificates, 'ca.pem'));
  await cp(join(folder, 'server.pem'), join(certificates, 'server1.pem'));
  await cp(join(folder, 'server.key'), join(certificates, 'server1.key'));
  return [join(folder, 'java'), binaries, `${libraries}/*`].join(':');
}
