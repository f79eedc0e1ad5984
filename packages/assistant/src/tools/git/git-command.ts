import { RpcError } from '@zeke/rpc';
import type { ToolContext, ToolOutput } from '../tool.ts';

/** The variables that commands are given; `PATH` leads to git. */
export type GitEnvironment = Readonly<Record<string, string | undefined>>;

export interface GitCommand {
  readonly args: readonly string[];
  readonly environment: GitEnvironment;
  /** True where it only reads: no program that the repository names is started then, no lock taken. */
  readonly isReading: boolean;
}

export interface GitPrinted {
  /** Of its output, and what it said beside it where it changed something. */
  readonly text: string;
  /** False where there was more. */
  readonly isWhole: boolean;
}

/** What one command may print; beyond, it is ended where it only reads. */
const maxOutputBytes = 48 * 1024;
/** A command that reads may take so long, and one that changes something with its hooks. */
const readLimitMs = 30_000;
const changeLimitMs = 300_000;

/**
 * Runs git in the session's folder, with arguments and never through a shell, without a pager, an
 * editor or a terminal to ask at. Hooks run where something is changed, as they do for the user.
 * Throws `failed_precondition` with git's words where it fails, `deadline_exceeded` and `canceled`.
 */
export async function runGitCommand(
  { args, environment, isReading }: GitCommand,
  { cwd, signal }: Pick<ToolContext, 'cwd' | 'signal'>,
): Promise<GitPrinted> {
  if (signal.aborted) throw canceled();
  const limitMs = isReading ? readLimitMs : changeLimitMs;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const child = start([...common, ...(isReading ? readingOnly : []), ...args], cwd, environment);
  const end = () => endGroup(child.pid);
  limit.addEventListener('abort', end, { once: true });
  try {
    const [out, said] = await Promise.all([
      readUpTo(child.stdout, isReading ? end : undefined),
      readUpTo(child.stderr, undefined),
    ]);
    const code = await child.exited;
    if (signal.aborted) throw canceled();
    if (limit.aborted) throw tookTooLong(args, limitMs);
    if (code !== 0 && out.isWhole) throw failed(args, said.text || out.text, code);
    const texts = isReading ? [out.text] : [out.text, said.text];
    return {
      text: texts
        .map((text) => text.trimEnd())
        .filter(Boolean)
        .join('\n'),
      isWhole: out.isWhole,
    };
  } finally {
    limit.removeEventListener('abort', end);
  }
}

/** What a reading command printed, for the model; `none` stands for nothing, `more` says how to get the rest. */
export function toldGit(
  { isWhole, text }: GitPrinted,
  { more, none }: { readonly none: string; readonly more: string },
): ToolOutput {
  if (text === '') return { text: none, summary: none };
  const count = text.split('\n').length;
  const rest = isWhole ? '' : `\n(It is cut here: ${more}.)`;
  return { text: text + rest, summary: `${isWhole ? '' : 'over '}${count} lines` };
}

/** Values of options stand behind them with "=", so that none of them is taken for another option. */
const common = [
  '--no-pager',
  '--literal-pathspecs',
  '-c',
  'core.pager=cat',
  '-c',
  'core.quotePath=false',
  '-c',
  'color.ui=false',
  '-c',
  'core.editor=true',
  '-c',
  'advice.detachedHead=false',
];

/** What a repository may name to be started while it is only read. */
const readingOnly = [
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'log.showSignature=false',
];

const fixed = {
  LC_ALL: 'C.UTF-8',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'true',
  GIT_SEQUENCE_EDITOR: 'true',
  GIT_ASKPASS: 'true',
  SSH_ASKPASS: 'true',
  GIT_MERGE_AUTOEDIT: 'no',
} as const;

/** Those that point git to another repository than the folder's. */
const pointers =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|NAMESPACE|CONFIG.*|EXTERNAL_DIFF)$/;

function start(args: readonly string[], cwd: string, environment: GitEnvironment) {
  const kept = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && !pointers.test(name),
  );
  try {
    return Bun.spawn(['git', ...args], {
      cwd,
      env: { ...Object.fromEntries(kept), ...fixed },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      // A group of its own: hooks and what they start end with it.
      detached: true,
    });
  } catch (cause) {
    throw new RpcError('failed_precondition', 'git cannot be started: install git first', {
      cause,
    });
  }
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

async function readUpTo(
  stream: ReadableStream<Uint8Array>,
  stop: (() => void) | undefined,
): Promise<GitPrinted> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    if (length <= maxOutputBytes) chunks.push(chunk);
    length += chunk.length;
    if (length > maxOutputBytes) stop?.();
  }
  const text = Buffer.concat(chunks).toString('utf8', 0, maxOutputBytes);
  if (length <= maxOutputBytes) return { text, isWhole: true };
  return { text: text.slice(0, text.lastIndexOf('\n') + 1) || text, isWhole: false };
}

function canceled(): RpcError {
  return new RpcError('canceled', 'the call was canceled');
}

function tookTooLong([name]: readonly string[], limitMs: number): RpcError {
  return new RpcError(
    'deadline_exceeded',
    `git ${name} took over ${limitMs / 1_000} seconds and was ended: a hook, or a question nobody can answer here?`,
  );
}

function failed([name]: readonly string[], said: string, code: number): RpcError {
  const reason = said.trim() || `it ended with ${code}`;
  return new RpcError('failed_precondition', `git ${name} failed: ${reason}`);
}
