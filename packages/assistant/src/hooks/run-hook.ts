import type { GroupGuard } from '@zeke/foundation';
import { commandEnvironment, type Environment } from '../sandbox/command-environment.ts';
import { killTree, markVariable } from '../tools/shell/process-tree.ts';
import type { Hook, HookEnd } from './hook.ts';

export interface RunHookOptions {
  /** Of this process: hooks get it without secrets, as commands do. */
  readonly environment: Environment;
  /** Ends them when this process is killed. */
  readonly guard: GroupGuard;
}

/** Kept of what a hook says, of each stream, in bytes. */
const maxOutputBytes = 64 * 1024;
/** A hook that says more is ended. */
const maxFloodBytes = 64 * 1024 * 1024;

/**
 * Runs a hook to its end: by bash, in the project's folder, `root`, in a process group of its own, with `input`
 * as JSON on its standard input. Its time limit and the signal end it with all that it started. Never throws.
 */
export async function runHook(
  { command, timeoutMs }: Pick<Hook, 'command' | 'timeoutMs'>,
  input: Readonly<Record<string, unknown>>,
  root: string,
  { environment, guard }: RunHookOptions,
  signal: AbortSignal,
): Promise<HookEnd> {
  const startedAt = performance.now();
  const mark = `hook-${crypto.randomUUID()}`;
  const extra = { ZEKE_PROJECT_DIR: root, CLAUDE_PROJECT_DIR: root, [markVariable]: mark };
  const child = spawn(command, root, commandEnvironment({ environment, extra }), input);
  if (child instanceof Error)
    return { ...nothing, fault: `it cannot be started: ${child.message}` };
  guard.add(child.pid);
  const tree = { pid: child.pid, mark };
  let fault = '';
  const end = (why: string): void => {
    if (fault === '') fault = why;
    void killTree(tree);
  };
  const timer = setTimeout(() => end(`it did not end within ${timeoutMs / 1_000} s`), timeoutMs);
  const onAbort = (): void => end('it was canceled');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const onFlood = (): void => end(`it said over ${maxFloodBytes} bytes`);
  const reading = Promise.all([read(child.stdout, onFlood), read(child.stderr, onFlood)]);
  await child.exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
  // What it left behind holds its output open, and must not outlive it.
  await killTree(tree);
  guard.drop(child.pid);
  const [stdout, stderr] = await reading;
  const exitCode = fault === '' ? (child.exitCode ?? undefined) : undefined;
  if (fault === '' && child.exitCode === null) fault = `it was ended by ${child.signalCode}`;
  return { exitCode, stdout, stderr, fault, durationMs: performance.now() - startedAt };
}

const nothing = { exitCode: undefined, stdout: '', stderr: '', durationMs: 0 } as const;

function spawn(
  command: string,
  cwd: string,
  env: Record<string, string>,
  input: Readonly<Record<string, unknown>>,
) {
  try {
    return Bun.spawn(['bash', '-c', command], {
      cwd,
      env,
      stdin: new TextEncoder().encode(JSON.stringify(input)),
      stdout: 'pipe',
      stderr: 'pipe',
      detached: true,
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function read(stream: ReadableStream<Uint8Array>, onFlood: () => void): Promise<string> {
  const chunks: Uint8Array[] = [];
  let kept = 0;
  let total = 0;
  try {
    for await (const chunk of stream) {
      total += chunk.length;
      if (total > maxFloodBytes) onFlood();
      if (kept >= maxOutputBytes) continue;
      chunks.push(chunk);
      kept += chunk.length;
    }
  } catch {
    // The pipe broke: what came until then is what there is.
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxOutputBytes));
}
