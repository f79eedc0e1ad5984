import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = 'redis-server';

/** A Redis server that keeps nothing; ends with its owner, or with this process. */
export interface RedisProcess extends AsyncDisposable {
  /** The path of its Unix socket. */
  readonly socket: string;
}

/**
 * Whether suites that need this program are to be skipped. Where `ci` is `true`, as CI sets the
 * variable of this name, a skip would hide a hole, so a missing program throws instead.
 */
export function skipsWithoutProgram(name: string, ci: string | undefined): boolean {
  if (spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined) return false;
  if (ci === 'true') throw new Error(`${name} is not installed`);
  return true;
}

/** Starts `redis-server` on a Unix socket in a temporary folder. */
export async function redisProcess(): Promise<RedisProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'zrpc-redis-'));
  const socket = join(folder, 'redis.sock');
  const flags = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder];
  const child = spawn(program, [...flags, '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/ready to accept connections/i.test(said)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
  });
  await answers(socket);
  return {
    socket,
    async [Symbol.asyncDispose]() {
      process.removeListener('exit', killed);
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
