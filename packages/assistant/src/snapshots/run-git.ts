import { RpcError } from '@zeke/rpc';

/** What one git command may print, in bytes. */
const maxOutputBytes = 256 * 1024 * 1024;
/** Of what git says when it fails, in characters. */
const maxReasonLength = 300;

export interface GitOptions {
  /** Where it runs: absolute. */
  readonly cwd: string;
  /** All of its environment; `PATH` leads to git. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  readonly signal: AbortSignal;
}

/**
 * What a git command prints. Nothing of the user's configuration, hooks or terminal takes part. Throws
 * `failed_precondition` where there is no git, `internal` with its words where it fails, `canceled`.
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { cwd, environment, stdin, signal } = options;
  if (signal.aborted) throw canceled();
  let child: Bun.Subprocess<Uint8Array | 'ignore', 'pipe', 'pipe'>;
  try {
    child = Bun.spawn(['git', ...quiet, ...args], {
      cwd,
      env: { ...environment, ...isolated },
      stdin: stdin ?? 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      signal,
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
  if (exitCode === 0) return Buffer.from(stdout);
  const reason = stderr.trim().slice(0, maxReasonLength) || `it ended with ${exitCode}`;
  throw new RpcError('internal', `git ${args[0]} failed: ${reason}`);
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
} as const;

function canceled(): RpcError {
  return new RpcError('canceled', 'git was canceled');
}
