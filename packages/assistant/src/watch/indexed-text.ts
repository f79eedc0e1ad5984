import { dirname } from 'node:path';
import { RpcError } from '@zeke/rpc';

export interface IndexedTextPlace {
  /** Of the project: absolute. */
  readonly root: string;
  /** Has the `PATH` that leads to git. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Of a file as a merge has it that is not decided: ours and theirs stand for it. */
const stages = [0, 2, 3] as const;
/** Of what git prints: files that are watched are smaller. */
const maxIndexedCharacters = 4 * 1024 * 1024;
/** Given to git. */
const limitMs = 10_000;

/**
 * A file as git's index has it: as it was committed, or put there since. Undefined where it has none, or
 * where there is no git. Nothing that the project configures is run. Throws `canceled`.
 */
export async function indexedText(
  path: string,
  { environment, root }: IndexedTextPlace,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (path.includes('\n')) return undefined;
  const names = stages.map((stage) => `:${stage}:./${path}\n`).join('');
  try {
    const git = Bun.spawn(['git', '-c', 'core.fsmonitor=false', 'cat-file', '--batch'], {
      cwd: root,
      env: { ...environment, ...quiet, GIT_CEILING_DIRECTORIES: dirname(root) },
      stdin: new TextEncoder().encode(names),
      stdout: 'pipe',
      stderr: 'ignore',
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      killSignal: 'SIGKILL',
    });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of git.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > maxIndexedCharacters) git.kill('SIGKILL');
    }
    await git.exited;
    if (!signal.aborted) return textIn(text);
  } catch {
    if (!signal.aborted) return undefined;
  }
  throw new RpcError('canceled', 'watching was canceled');
}

/** Nothing is fetched, locked or asked for. */
const quiet = {
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_TERMINAL_PROMPT: '0',
} as const;

/** What stands below the heads of those that are there, `HASH blob SIZE`; others are `NAME missing`. */
function textIn(printed: string): string | undefined {
  const parts = printed.split(/^[\da-f]{40,64} blob \d+$/m).slice(1);
  return parts.length === 0 ? undefined : parts.join('\n');
}
