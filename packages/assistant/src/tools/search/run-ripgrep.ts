import { RpcError } from '@zeke/rpc';

/** How long one search may take, in milliseconds. */
const limitMs = 30_000;
/** What one search may print; beyond, it is ended and what came so far counts. */
const maxOutputBytes = 4 * 1024 * 1024;
/** Of what ripgrep says of a faulty pattern, in characters. */
const maxReasonLength = 1_000;

export interface RipgrepOptions {
  /** Absolute: what paths in the output are relative to. */
  readonly cwd: string;
  readonly signal: AbortSignal;
}

export interface RipgrepResult {
  /** Whole lines. */
  readonly lines: readonly string[];
  /** False where there is more than is kept, or the time was over. */
  readonly isWhole: boolean;
  /** Files that could not be read, in ripgrep's words. */
  readonly complaints: string;
}

/**
 * Runs ripgrep, without a configuration of the user's, and never through a shell. Throws
 * `invalid_argument` with its words for a pattern that is none, and `canceled`.
 */
export async function runRipgrep(
  args: readonly string[],
  { cwd, signal }: RipgrepOptions,
): Promise<RipgrepResult> {
  if (signal.aborted) throw canceled();
  const { rgPath } = await import('@vscode/ripgrep');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const child = Bun.spawn([rgPath, '--no-config', '--color=never', ...args], {
    cwd,
    env: { LC_ALL: 'C.UTF-8' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    signal: limit,
  });
  const [output, complaints] = await Promise.all([
    readUpTo(child.stdout, () => child.kill()),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  if (signal.aborted) throw canceled();
  const lines = output.text.split('\n');
  // What was cut off stands in the last one.
  lines.pop();
  // A folder with nothing to search in it is no fault.
  const reason = complaints.startsWith('rg: No files were searched') ? '' : complaints.trim();
  if (code === 2 && lines.length === 0 && reason !== '') {
    throw new RpcError('invalid_argument', reason.slice(0, maxReasonLength));
  }
  return { lines, isWhole: output.isWhole && !limit.aborted, complaints: reason };
}

async function readUpTo(
  stream: ReadableStream<Uint8Array>,
  stop: () => void,
): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= maxOutputBytes) continue;
    stop();
    return { text: Buffer.concat(chunks).toString('utf8'), isWhole: false };
  }
  return { text: Buffer.concat(chunks).toString('utf8'), isWhole: true };
}

function canceled(): RpcError {
  return new RpcError('canceled', 'the call was canceled');
}
