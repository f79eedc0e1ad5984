import { chownSync } from 'node:fs';

const startTimeoutMs = 20_000;
const retryMs = 10;

/** The user that Debian's PostgreSQL package makes; PostgreSQL refuses to run as root. */
const postgresUser = 'postgres';

/**
 * The command as it must be run: another user's, where we are root, and ended when its parent dies.
 * setpriv becomes the command, so that a signal to its process id reaches the server itself.
 */
export function asPostgresUser(command: string[]): string[] {
  const identity = [`--reuid=${postgresUser}`, `--regid=${postgresUser}`, '--init-groups'];
  return ['setpriv', ...(isRoot() ? identity : []), '--pdeathsig=QUIT', '--', ...command];
}

/** The command as it must be run, to be ended when its parent dies. */
export function withParent(command: string[]): string[] {
  return ['setpriv', '--pdeathsig=TERM', '--', ...command];
}

/** Gives a folder to the user that `asPostgresUser` runs as. */
export async function ownByPostgresUser(path: string): Promise<void> {
  if (!isRoot()) return;
  chownSync(path, await idOf('-u'), await idOf('-g'));
}

/** Runs a program to its end; throws with what it said when it fails. */
export async function run(command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', cwd: '/' });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
}

/** A server that runs for tests. */
export interface ServerProcess {
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * The shell that watches over a server: its input ends when the tests say so or when they die,
 * however they die, and then it ends the server and removes its folder.
 */
const watch = `
folder="$1" signal="$2"; shift 2
"$@" </dev/null & server=$!
cat
kill -s $signal $server; wait $server
rm -rf "$folder"
`;

/**
 * Starts a server whose files are all in `folder` and waits until it answers. Throws with the last
 * reason when it is too slow.
 */
export async function startServer(options: {
  readonly command: readonly string[];
  readonly folder: string;
  /** Rejects for as long as the server does not answer. */
  readonly ping: () => Promise<unknown>;
  /** What makes it end at once. */
  readonly signal: 'TERM' | 'QUIT';
}): Promise<ServerProcess> {
  const { command, folder, ping, signal } = options;
  const child = Bun.spawn(['sh', '-c', watch, 'sh', folder, signal, ...command], {
    cwd: '/',
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  child.unref();
  const server: ServerProcess = {
    async stop() {
      await child.stdin.end();
      await child.exited;
    },
  };
  try {
    await untilAnswering(ping);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Resolves when the server answers; throws its last reason when it is too slow. */
export async function untilAnswering(ping: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    try {
      await ping();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await Bun.sleep(retryMs);
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function idOf(flag: '-u' | '-g'): Promise<number> {
  const child = Bun.spawn(['id', flag, postgresUser], { stdout: 'pipe' });
  return Number(await new Response(child.stdout).text());
}
