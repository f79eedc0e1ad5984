import { type ChildProcess, spawn } from 'node:child_process';
import type { GroupGuard, Logger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';

/** How much may wait to be read by a server before it counts as hung. */
const maxPendingBytes = 64 * 1024 * 1024;
/** How much of a server's standard error goes to the log. */
const maxLoggedBytes = 64 * 1024;
/** How long a server has to end by itself, and again after it was asked by a signal. */
const endMs = 1_000;

export interface ServerProcessOptions {
  readonly command: readonly [program: string, ...string[]];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly guard: GroupGuard;
  /** Is told the server's standard error, line by line, up to 64 KiB of it. */
  readonly log: Logger;
}

/** A server's process, the leader of a group of its own, which dies with this process. */
export interface ServerProcess {
  readonly pid: number | undefined;
  /** How it ended, in words; resolves after all that it wrote was read. */
  readonly ended: Promise<string>;
  /** Called with what it writes to standard output. To be set at once. */
  onOutput: (chunk: Uint8Array) => void;
  /** False when it does not read what it is sent: it is killed then. */
  write(bytes: Uint8Array): boolean;
  /** Closes its standard input, waits, and then ends it and its group by signals. */
  end(): Promise<void>;
  /** Ends it and its group at once. */
  kill(): void;
}

/** Starts a server. Throws `unavailable` where it cannot be started, or `ended` says so. */
export function startServerProcess(options: ServerProcessOptions): ServerProcess {
  const { command, cwd, environment, guard, log } = options;
  const child = spawned(command, cwd, environment);
  const { pid } = child;
  if (pid !== undefined) guard.add(pid);
  child.stdin.on('error', () => {});
  logErrors(child, log);
  const ended = endOf(child);
  const kill = () => killGroup(child, 'SIGKILL');
  // What it started may outlive it: the group goes with its leader.
  child.once('exit', kill);
  void ended.then(() => {
    if (pid !== undefined) guard.drop(pid);
  });
  const process: ServerProcess = {
    pid,
    ended,
    onOutput: () => {},
    write: (bytes) => {
      if (child.stdin.destroyed) return true;
      if (child.stdin.writableLength + bytes.byteLength > maxPendingBytes) {
        kill();
        return false;
      }
      child.stdin.write(bytes);
      return true;
    },
    end: async () => {
      child.stdin.end();
      if (await isOver(ended, endMs)) return;
      killGroup(child, 'SIGTERM');
      if (await isOver(ended, endMs)) return;
      kill();
      await ended;
    },
    kill,
  };
  child.stdout.on('data', (chunk: Buffer) => process.onOutput(chunk));
  return process;
}

function spawned(
  [program, ...parameters]: readonly [string, ...string[]],
  cwd: string,
  env: Readonly<Record<string, string>>,
) {
  try {
    return spawn(program, parameters, {
      cwd,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RpcError('unavailable', `${program} cannot be started (${code})`, { cause });
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('close', (code, signal) => {
      resolve(signal === null ? `ended with status ${code}` : `was ended by ${signal}`);
    });
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

async function isOver(ended: Promise<string>, withinMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), withinMs);
  void ended.then(() => resolve(true));
  const over = await promise;
  clearTimeout(timer);
  return over;
}

function logErrors(child: ChildProcess, log: Logger): void {
  let left = maxLoggedBytes;
  child.stderr?.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    const text = chunk.subarray(0, left).toString('utf8').trimEnd();
    left -= chunk.length;
    if (text !== '') log.debug('a language server wrote to standard error', { text });
    if (left <= 0) log.debug('what this language server writes further is not logged');
  });
}

/** Of the daemon's environment, what servers need; nothing that may hold a secret. */
export function serverEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (passedOn.has(name) || name.startsWith('LC_'))) kept[name] = value;
  }
  return kept;
}

const passedOn: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TMPDIR'],
  ...['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR'],
  ...['GOPATH', 'GOROOT', 'GOFLAGS', 'GOCACHE', 'GOMODCACHE', 'GOTOOLCHAIN', 'GOWORK'],
  ...['CARGO_HOME', 'RUSTUP_HOME', 'RUSTUP_TOOLCHAIN', 'JAVA_HOME', 'VIRTUAL_ENV', 'CONDA_PREFIX'],
  ...['GEM_HOME', 'GEM_PATH', 'NVM_DIR', 'NVM_BIN', 'VOLTA_HOME', 'SDKROOT', 'DEVELOPER_DIR'],
]);
