import { mkdtemp, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, withParent } from './server-process.ts';
import { redisProgram } from './system-packages.ts';

/** A real Redis server that keeps nothing; it ends when its owner is done. */
export interface TestRedis extends AsyncDisposable {
  /** `redis+unix://…`, as Bun's Redis client takes it. */
  readonly url: string;
  /** The path of its Unix socket. */
  readonly socket: string;
  /** `SIGSTOP` makes it deaf, `SIGCONT` wakes it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Ends it at once, with all it holds. */
  kill(): Promise<void>;
  /** Starts it again at the same place, after `kill`. */
  restart(): Promise<void>;
}

export interface RedisServerOptions {
  /** Beside those that keep it apart, `['--requirepass', 'x']`. */
  readonly flags?: readonly string[];
}

/**
 * Starts a Redis server on a temporary Unix socket. Throws when Redis is not installed: guard the
 * suite with `describe.skipIf(skipsWithout('redis-server'))`.
 */
export async function redisServer(options: RedisServerOptions = {}): Promise<TestRedis> {
  const program = redisProgram();
  if (program === undefined) throw new Error('Redis is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'zeke-redis-'));
  const socket = join(folder, 'redis.sock');
  const pidFile = join(folder, 'redis.pid');
  const flags = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
  const command = [program, ...flags, '--dir', folder, '--pidfile', pidFile];
  const start = () =>
    startServer({
      command: withParent([...command, ...(options.flags ?? [])]),
      folder,
      ping: () => takeConnection(socket),
      signal: 'TERM',
    });
  const pid = async () => Number(await readFile(pidFile, 'utf8'));
  const servers = [await start()];
  return {
    url: `redis+unix://${socket}`,
    socket,
    signal: async (signal) => void process.kill(await pid(), signal),
    async kill() {
      process.kill(await pid(), 'SIGKILL');
      while (await takesConnection(socket)) await Bun.sleep(1);
    },
    restart: async () => void servers.push(await start()),
    async [Symbol.asyncDispose]() {
      // A server that was stopped hears no other signal.
      await pid()
        .then((id) => process.kill(id, 'SIGCONT'))
        .catch(() => undefined);
      for (const server of servers) await server.stop();
    },
  };
}

async function takesConnection(path: string): Promise<boolean> {
  return takeConnection(path).then(
    () => true,
    () => false,
  );
}

function takeConnection(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
