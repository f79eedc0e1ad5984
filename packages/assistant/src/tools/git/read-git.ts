import { dirname } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { commandEnvironment, type Environment } from '../../sandbox/command-environment.ts';
import type { ShellHost } from '../shell/shell-host.ts';
import type { ToolPlace } from '../tool.ts';

export interface GitReaderOptions {
  /** Of this process: git gets it without secrets, and without what points it to another repository. */
  readonly environment: Environment;
  /** Git runs in its sandbox: a repository can name filters, and commands can make one. */
  readonly shell: Pick<ShellHost, 'confine'>;
}

interface GitQuestion {
  readonly args: readonly string[];
  /** Lines of the output to leave out first. */
  readonly offset?: number;
  /** Kept of the output, in bytes; 48 KiB unless told otherwise. */
  readonly maxBytes?: number;
}

interface GitPrinted {
  /** Whole lines, where there is more. */
  readonly text: string;
  /** False where there was more. */
  readonly isWhole: boolean;
}

/** What one command may print for a model; beyond, it is ended. */
const maxShownBytes = 48 * 1024;
/** Of what git says when it fails. */
const maxSaidBytes = 4 * 1024;
const limitMs = 30_000;

/** Asks git in a folder of a project. */
export type ReadGit = (
  question: GitQuestion,
  place: ToolPlace & { readonly signal: AbortSignal },
) => Promise<GitPrinted>;

/**
 * The way git is asked what it knows: with arguments and never through a shell. It finds no repository around
 * the project, takes no lock, asks no host, and starts nothing that the repository names: no pager, hook,
 * monitor, diff or signature program. Filters run, in the sandbox where there is one. Throws
 * `failed_precondition` with git's words where it fails, `deadline_exceeded` after 30 s, and `canceled`.
 */
export function gitReader(options: GitReaderOptions): ReadGit {
  return (question, place) => readGit(question, place, options);
}

async function readGit(
  { args, maxBytes = maxShownBytes, offset = 0 }: GitQuestion,
  place: Parameters<ReadGit>[1],
  { environment, shell }: GitReaderOptions,
): Promise<GitPrinted> {
  const { cwd, project, signal } = place;
  if (signal.aborted) throw canceled();
  const timer = AbortSignal.timeout(limitMs);
  const env = {
    ...commandEnvironment({ environment: withoutPointers(environment) }),
    ...fixed,
    GIT_CEILING_DIRECTORIES: dirname(project.root),
  };
  const argv = await shell.confine(place, ['git', ...quiet, ...args]);
  const child = start(argv, cwd, env, AbortSignal.any([signal, timer]));
  const end = () => child.kill('SIGKILL');
  const [out, said] = await Promise.all([
    readLines(child.stdout, { maxBytes, offset, end }),
    readLines(child.stderr, { maxBytes: maxSaidBytes, offset: 0, end: () => {} }),
  ]);
  const code = await child.exited;
  if (signal.aborted) throw canceled();
  if (timer.aborted) {
    throw new RpcError(
      'deadline_exceeded',
      `git ${args[0]} took over ${limitMs / 1_000} seconds and was ended: ask for less`,
    );
  }
  if (code === 0 || !out.isWhole) return out;
  const reason = said.text.trim() || `it ended with ${code}`;
  throw new RpcError('failed_precondition', `git ${args[0]} failed: ${reason}`);
}

function start(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
) {
  try {
    return Bun.spawn([...argv], {
      cwd,
      env: { ...env },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      signal,
      killSignal: 'SIGKILL',
    });
  } catch (cause) {
    throw new RpcError('failed_precondition', 'git cannot be started: install git first', {
      cause,
    });
  }
}

/** Over the configuration of user and repository. */
const quiet = [
  '--no-pager',
  ...[
    'core.quotePath=false',
    'core.fsmonitor=false',
    'core.hooksPath=/dev/null',
    'log.showSignature=false',
    'diff.relative=false',
    'diff.noprefix=false',
    'diff.mnemonicPrefix=false',
  ].flatMap((setting) => ['-c', setting]),
];

const fixed = {
  LC_ALL: 'C.UTF-8',
  GIT_OPTIONAL_LOCKS: '0',
  // What a partial clone has not fetched stays where it is: by either, as git is older or newer.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
} as const;

/** A hook of git that started this process has set them for its own repository. */
function withoutPointers(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !pointers.test(name)));
}

const pointers =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|CONFIG.*|EXTERNAL_DIFF|LITERAL_PATHSPECS|TRACE.*)$/;

async function readLines(
  stream: ReadableStream<Uint8Array>,
  { end, maxBytes, offset }: { maxBytes: number; offset: number; end: () => void },
): Promise<GitPrinted> {
  const chunks: Uint8Array[] = [];
  let room = maxBytes;
  let ahead = offset;
  for await (const chunk of stream) {
    if (room < 0) continue;
    let from = 0;
    for (; ahead > 0 && from < chunk.length; ahead--) {
      const at = chunk.indexOf(lineEnd, from);
      if (at < 0) break;
      from = at + 1;
    }
    if (ahead > 0) continue;
    chunks.push(chunk.subarray(from, from + room));
    room -= chunk.length - from;
    if (room < 0) end();
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (room >= 0) return { text, isWhole: true };
  return { text: text.slice(0, text.lastIndexOf('\n') + 1) || text, isWhole: false };
}

const lineEnd = 10;

function canceled(): RpcError {
  return new RpcError('canceled', 'the call was canceled');
}
