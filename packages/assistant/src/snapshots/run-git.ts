import { RpcError } from '@zeke/rpc';

/** What one git command may print, in bytes. */
const maxOutputBytes = 256 * 1024 * 1024;
/** What one may take, in milliseconds: to keep a large project for the first time takes minutes. */
const defaultLimitMs = 300_000;
/** Of what git says when it fails, in characters. */
const maxReasonLength = 300;

export interface GitOptions {
  /** Where it runs: absolute. */
  readonly cwd: string;
  /** All of its environment; `PATH` leads to git. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  readonly signal: AbortSignal;
  /** Milliseconds; five minutes unless told otherwise. */
  readonly limitMs?: number;
}

/**
 * What a git command prints. Nothing of the user's configuration, hooks or terminal takes part. Throws
 * `failed_precondition` where there is no git, `internal` with its words where it fails, `canceled`,
 * `deadline_exceeded`, and `resource_exhausted` for over 256 MiB and for a full disk.
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { cwd, environment, limitMs = defaultLimitMs, signal, stdin } = options;
  if (signal.aborted) throw canceled();
  const timer = AbortSignal.timeout(limitMs);
  let child: Bun.Subprocess<Uint8Array | 'ignore', 'pipe', 'pipe'>;
  try {
    child = Bun.spawn(['git', ...quiet, ...args], {
      cwd,
      env: { ...environment, ...isolated },
      stdin: stdin ?? 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      signal: AbortSignal.any([signal, timer]),
      maxBuffer: maxOutputBytes,
    });
  } catch (cause) {
    throw new RpcError(
      'failed_precondition',
      'git cannot be started: install git 2.30 or newer, which snapshots of files are kept with',
      { cause },
    );
  }
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).arrayBuffer(),
    new Response(child.stderr).text(),
  ]);
  const exitCode = await child.exited;
  if (signal.aborted) throw canceled();
  if (timer.aborted) throw tookTooLong(args, limitMs);
  if (exitCode === 0) return Buffer.from(stdout);
  if (stdout.byteLength >= maxOutputBytes) {
    const message = `git ${args[0]} prints over ${maxOutputBytes / 1024 ** 2} MiB`;
    throw new RpcError('resource_exhausted', message);
  }
  const reason = stderr.trim().slice(0, maxReasonLength) || `it ended with ${exitCode}`;
  // What lacks room is sound: who takes it for damaged would throw it away.
  const hasRoom = !/no space left on device|disk quota exceeded/i.test(stderr);
  throw new RpcError(
    hasRoom ? 'internal' : 'resource_exhausted',
    `git ${args[0]} failed: ${reason}`,
  );
}

/** Bytes go in and come out as they are, and git starts nothing by itself. */
const quiet = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.quotePath=false',
  '-c',
  'core.autocrlf=false',
  '-c',
  'gc.auto=0',
  '-c',
  'commit.gpgSign=false',
];

const isolated = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  // What a partial clone has not fetched stays where it is: by either, as git is older or newer.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
} as const;

function tookTooLong([name]: readonly string[], limitMs: number): RpcError {
  return new RpcError(
    'deadline_exceeded',
    `git ${name} took over ${limitMs / 1_000} seconds and was ended: look whether the disk hangs, or a pipe is named .gitignore or .gitattributes`,
  );
}

function canceled(): RpcError {
  return new RpcError('canceled', 'git was canceled');
}
