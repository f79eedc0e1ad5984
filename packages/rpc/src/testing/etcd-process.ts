import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = 'etcd';

/** An etcd server of one member; ends with its owner, or with this process. */
export interface EtcdProcess extends AsyncDisposable {
  /** `http://127.0.0.1:…` */
  readonly url: string;
}

/** Starts `etcd` on loopback, with its data in a temporary folder. */
export async function etcdProcess(): Promise<EtcdProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'zrpc-etcd-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    name: 'test',
    'data-dir': join(folder, 'data'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `test=${peer}`,
    'heartbeat-interval': '10',
    'election-timeout': '100',
  };
  const command = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(program, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/ready to serve client requests|serving .*client requests/i.test(said)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`etcd ended: ${said}`)));
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      process.removeListener('exit', killed);
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
