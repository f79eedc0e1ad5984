import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { asPostgresUser, ownByPostgresUser, run, untilAnswering } from './server-process.ts';
import { postgresPrograms } from './system-packages.ts';

/** A real PostgreSQL server of a test's own, to be ended and started again on the same data. */
export interface StoppablePostgres extends AsyncDisposable {
  /** A `postgres://` address over a Unix socket. */
  readonly url: string;
  /**
   * Ends it: at once, without a word to its clients (`immediate`), or as an operator would, who cuts
   * clients off (`fast`).
   */
  stop(how: 'immediate' | 'fast'): Promise<void>;
  /** Starts it again; resolves when it answers. */
  start(): Promise<void>;
}

const settings = ['listen_addresses=', 'shared_buffers=32MB', 'max_connections=30'];

/**
 * Starts a server whose data survives its end, as `fsync` has it. Throws when PostgreSQL is not
 * installed: guard the suite with `describe.skipIf(skipsWithout('postgresql'))`.
 */
export async function stoppablePostgres(): Promise<StoppablePostgres> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'zeke-postgres-'));
  await ownByPostgresUser(folder);
  const data = join(folder, 'data');
  const initdb = [join(programs, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust'];
  await run(asPostgresUser([...initdb, '-E', 'UTF8', '--no-locale', '--no-sync']));
  const flags = settings.flatMap((setting) => ['-c', setting]);
  const command = [join(programs, 'postgres'), '-D', data, '-k', folder, ...flags];
  const url = `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`;
  let server: Bun.Subprocess | undefined;
  const start = async () => {
    const io = { cwd: '/', stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const;
    server = Bun.spawn(asPostgresUser(command), io);
    await untilAnswering(() => ping(url));
  };
  const stop = async (how: 'immediate' | 'fast') => {
    server?.kill(how === 'immediate' ? 'SIGQUIT' : 'SIGINT');
    await server?.exited;
  };
  await start();
  return {
    url,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop('immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ping(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
}
